#include "base/statistics.h"

#include <algorithm>
#include <cmath>

namespace varve {

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) {
    clear();
    merge(other);
  }
  return *this;
}

void Histogram::record_many(uint64_t value, uint64_t count) {
  if (count == 0) return;
  buckets_[bucket_of(value)].fetch_add(count, std::memory_order_relaxed);
  sum_.fetch_add(value * count, std::memory_order_relaxed);
  uint64_t before = max_.load(std::memory_order_relaxed);
  while (before < value && !max_.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) {
    if (const uint64_t n = other.bucket_count(i); n != 0) buckets_[i].fetch_add(n, std::memory_order_relaxed);
  }
  sum_.fetch_add(other.sum(), std::memory_order_relaxed);
  uint64_t before = max_.load(std::memory_order_relaxed);
  const uint64_t value = other.max();
  while (before < value && !max_.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
}

void Histogram::clear() {
  for (auto& bucket : buckets_) bucket.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
  max_.store(0, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

double Histogram::mean() const {
  const uint64_t n = count();
  return n == 0 ? 0 : static_cast<double>(sum()) / static_cast<double>(n);
}

uint64_t Histogram::percentile(double percent) const {
  const uint64_t n = count();
  if (n == 0) return 0;
  const double wanted = std::ceil(static_cast<double>(n) * std::clamp(percent, 0.0, 100.0) / 100);
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, n);
  if (rank == n) return max();
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += bucket_count(i);
    if (seen >= rank) return std::min(bucket_low(i) + (bucket_high(i) - bucket_low(i)) / 2, max());
  }
  return max();
}

}  // namespace varve
