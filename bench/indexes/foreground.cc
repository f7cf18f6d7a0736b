#include "bench/indexes/foreground.h"

#include <algorithm>

#include "base/io/clock.h"
#include "base/io/thread.h"

namespace varve::bench {
namespace {

constexpr uint64_t kAskNs = 20'000'000;
// A sleep shorter than this ends late; what is left is waited for awake.
constexpr uint64_t kShortestSleepNs = 150'000;

void wait_until(uint64_t due_ns) {
  for (uint64_t now_ns = io::monotonic_ns(); now_ns < due_ns; now_ns = io::monotonic_ns()) {
    if (due_ns - now_ns > kShortestSleepNs) {
      io::sleep_ns(due_ns - now_ns - kShortestSleepNs);
    } else {
      io::spin_pause();
    }
  }
}

}  // namespace

Foreground::Foreground(api::Database* database, const Arrangement& arrangement, uint64_t items,
                       uint64_t per_second, uint64_t seed)
    : database_(database),
      source_(arrangement, items, seed),
      items_(items),
      interval_ns_(1'000'000'000 / per_second) {
  request_.table = kBenchTable;
}

Status Foreground::run(const std::function<Result<bool>()>& ended, Histogram* latency_ns) {
  uint64_t due_ns = io::monotonic_ns();
  uint64_t ask_ns = due_ns + kAskNs;
  while (true) {
    request_.item = source_.make(source_.random().below(items_), DerivedKeys::kMoved);
    wait_until(due_ns);
    const auto done = database_->put_item(request_);
    if (!done.ok()) return as_status(done.error());
    const uint64_t now_ns = io::monotonic_ns();
    latency_ns->record(now_ns - due_ns);
    due_ns += interval_ns_;
    if (now_ns < ask_ns) continue;
    VARVE_ASSIGN_OR_RETURN(const bool over, ended());
    if (over) return {};
    due_ns = std::max(due_ns, io::monotonic_ns());
    ask_ns = io::monotonic_ns() + kAskNs;
  }
}

}  // namespace varve::bench
