// SeededRing: the Ring of the simulated driver. Completions come in a seeded order: a quarter of the requests are
// performed at flush(), before anyone waits, and the others at wait(), each through its File and so with scheduling
// points, faults and events of its own. Private to base/io/simulated.
//
// Threads: one at a time, as any Ring. Ownership: borrows the driver's counters, and the requests' files.
#pragma once

#include <vector>

#include "base/io/driver.h"
#include "base/io/synchronous_ring.h"
#include "base/random.h"

namespace varve::io {

class SeededRing final : public Ring {
 public:
  SeededRing(uint64_t seed, size_t depth, DriverCounters* counters)
      : random_(seed), depth_(depth), counters_(counters) {}

  Status submit(const Request& request) override;
  Status flush() override;
  Status wait(size_t min_completions, std::vector<Completion>* out) override;
  size_t outstanding() const override { return queued_.size() + done_.size(); }

 private:
  Status perform_any();

  Random random_;
  const size_t depth_;
  DriverCounters* const counters_;
  SynchronousRing one_{1};  // performs the chosen request
  std::vector<Request> queued_;
  std::vector<Completion> done_;
};

}  // namespace varve::io
