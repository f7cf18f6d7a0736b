#include <utility>

#include "base/io/posix_driver.h"
#include "base/io/synchronous_ring.h"
#include "base/io/uring_ring.h"

namespace varve::io {

namespace {

// Blocking calls stay pread and pwritev2, which beat a ring of one; make_ring is where io_uring pays.
class UringDriver final : public PosixDriver {
 public:
  const char* name() const override { return "io_uring"; }

  Result<std::unique_ptr<Ring>> make_ring(size_t depth) override {
    auto ring = UringRing::create(depth, &counters_);
    if (ring.ok()) return std::unique_ptr<Ring>(std::move(ring).value());
    // A sandbox that closed, or a limit that was met, after the driver was chosen.
    if (ring.code() == ErrorCode::kUnsupported) return PosixDriver::make_ring(depth);
    return ring.status();
  }
};

}  // namespace

Result<std::unique_ptr<Driver>> make_uring_driver() {
  VARVE_RETURN_IF_ERROR(UringRing::probe());
  return std::unique_ptr<Driver>(std::make_unique<UringDriver>());
}

}  // namespace varve::io
