#include "partition/visibility.h"

#include <algorithm>
#include <utility>

namespace varve::partition {

namespace {

// Raises an atomic to at least `value`; true when it moved.
bool raise(std::atomic<uint64_t>* atomic, uint64_t value) {
  uint64_t current = atomic->load(std::memory_order_seq_cst);
  while (current < value) {
    if (atomic->compare_exchange_weak(current, value, std::memory_order_seq_cst)) return true;
  }
  return false;
}

}  // namespace

Visibility::Visibility(lsm::TreeSet* trees, bool sync_mode, SequenceNumber start)
    : trees_(trees), sync_mode_(sync_mode), applied_(start), durable_(start.value), visible_(start.value) {
  trees_->publish_visible(start);
}

void Visibility::mark_durable(SequenceNumber durable) {
  if (raise(&durable_, durable.value)) advance();
}

void Visibility::advance() {
  uint64_t target = applied_.get().value;
  if (sync_mode_) target = std::min(target, durable_.load(std::memory_order_seq_cst));
  if (target <= visible_.load(std::memory_order_relaxed)) return;
  trees_->publish_visible(SequenceNumber(target));
  if (raise(&visible_, target) && waiting_.load(std::memory_order_seq_cst) != 0) tell_waiters();
}

void Visibility::tell_waiters() {
  std::vector<std::pair<Callback, Status>> ready;
  {
    io::MutexLock lock(&mutex_);
    const SequenceNumber now(visible_.load(std::memory_order_seq_cst));
    size_t kept = 0;
    for (Waiter& waiter : waiters_) {
      if (waiter.sequence <= now) {
        ready.emplace_back(std::move(waiter.done), Status());
      } else if (doomed(waiter.sequence)) {
        ready.emplace_back(std::move(waiter.done), failure_);
      } else {
        if (&waiters_[kept] != &waiter) waiters_[kept] = std::move(waiter);
        ++kept;
      }
    }
    waiters_.resize(kept);
    changed_.notify_all();
  }
  waiting_.fetch_sub(ready.size(), std::memory_order_seq_cst);
  for (auto& [done, status] : ready) done(std::move(status));
}

void Visibility::mark_failed(const Status& status) {
  {
    io::MutexLock lock(&mutex_);
    if (!failure_.ok()) return;
    failure_ = status;
  }
  tell_waiters();
}

bool Visibility::doomed(SequenceNumber sequence) const {
  if (failure_.ok()) return false;
  // In sync mode what was durable before the failure still becomes visible, once it is applied.
  return !sync_mode_ || sequence.value > durable_.load(std::memory_order_seq_cst);
}

Status Visibility::wait(SequenceNumber sequence) {
  if (visible() >= sequence) return {};
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  Status status;
  {
    io::MutexLock lock(&mutex_);
    while (visible_.load(std::memory_order_seq_cst) < sequence.value) {
      if (doomed(sequence)) {
        status = failure_;
        break;
      }
      changed_.wait(&mutex_);
    }
  }
  waiting_.fetch_sub(1, std::memory_order_seq_cst);
  return status;
}

void Visibility::when_visible(SequenceNumber sequence, Callback done) {
  if (visible() >= sequence) {
    done({});
    return;
  }
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  bool already = false;
  {
    io::MutexLock lock(&mutex_);
    waiters_.push_back({sequence, std::move(done)});
    // It may have become visible, or doomed, between the look and the push.
    already = visible_.load(std::memory_order_seq_cst) >= sequence.value || doomed(sequence);
  }
  if (already) tell_waiters();
}

Status Visibility::failure() const {
  io::MutexLock lock(&mutex_);
  return failure_;
}

}  // namespace varve::partition
