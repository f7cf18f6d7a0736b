// SynchronousRing: the contract of Ring kept by blocking calls, for drivers without an asynchronous kernel interface.
// Requests run, in order, at flush(). Works with the File of any driver. It leaves the ring counters alone: they tell
// whether a kernel ring was used. Private to base/io.
#pragma once

#include <vector>

#include "base/io/driver.h"

namespace varve::io {

class SynchronousRing final : public Ring {
 public:
  explicit SynchronousRing(size_t depth) : depth_(depth) {}

  Status submit(const Request& request) override;
  Status flush() override;
  Status wait(size_t min_completions, std::vector<Completion>* out) override;
  size_t outstanding() const override { return queued_.size() + done_.size(); }

 private:
  const size_t depth_;
  std::vector<Request> queued_;
  std::vector<Completion> done_;
};

}  // namespace varve::io
