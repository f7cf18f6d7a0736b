#include "base/io/simulated/seeded_ring.h"

#include <iterator>
#include <utility>

namespace varve::io {

Status SeededRing::submit(const Request& request) {
  if (outstanding() >= depth_) {
    return Status::resource_exhausted("ring: " + std::to_string(depth_) + " requests outstanding");
  }
  queued_.push_back(request);
  return {};
}

Status SeededRing::perform_any() {
  const size_t chosen = random_.below(queued_.size());
  const Request request = queued_[chosen];
  queued_.erase(queued_.begin() + static_cast<ptrdiff_t>(chosen));
  counters_->ring_submissions.fetch_add(1, std::memory_order_relaxed);
  VARVE_RETURN_IF_ERROR(one_.submit(request));
  return one_.wait(1, &done_);
}

Status SeededRing::flush() {
  for (size_t requests = queued_.size(); requests > 0; --requests) {
    if (random_.one_in(4)) VARVE_RETURN_IF_ERROR(perform_any());
  }
  return {};
}

Status SeededRing::wait(size_t min_completions, std::vector<Completion>* out) {
  VARVE_RETURN_IF_ERROR(flush());
  while (done_.size() < min_completions && !queued_.empty()) VARVE_RETURN_IF_ERROR(perform_any());
  counters_->ring_completions.fetch_add(done_.size(), std::memory_order_relaxed);
  out->insert(out->end(), std::make_move_iterator(done_.begin()), std::make_move_iterator(done_.end()));
  done_.clear();
  return {};
}

}  // namespace varve::io
