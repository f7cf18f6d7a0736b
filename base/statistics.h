// Counter and Histogram: what statistics are made of. Both are cheap enough to stay on in production.
//
// Histogram is log-linear, as HdrHistogram (Gil Tene, 2012): each power of two is cut into 32 buckets of one width,
// so a bucket is at most 1/32 of its values wide, and the middle it is reported by at most 1.6 % away. Values below
// 64 are exact. Every uint64_t has a bucket: 1920 of them, 15 KiB, allocated with the object, none later.
//
// I1 Recording is two relaxed atomic additions (and one exchange when a new maximum is met); it never blocks or
//    allocates.
// I2 Merging histograms gives exactly the histogram of all their values together.
//
// Units are the caller's; name them (latency_us). Threads: any may record, read and merge at once; a reader may see a
// value that is not yet in the mean, never a torn one.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace varve {

// A number that only rises.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram& other) { merge(other); }
  Histogram& operator=(const Histogram& other);

  void record(uint64_t value) { record_many(value, 1); }
  // The same value `count` times.
  void record_many(uint64_t value, uint64_t count);
  void merge(const Histogram& other);
  void clear();

  uint64_t count() const;
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }  // modulo 2^64
  uint64_t max() const { return max_.load(std::memory_order_relaxed); }  // exact; 0 when empty
  double mean() const;                                                   // 0 when empty
  // The smallest recorded value, up to the width of its bucket, that `percent` (0 to 100) of all values do not
  // exceed; 0 when empty. percentile(100) is max().
  uint64_t percentile(double percent) const;

  // The buckets, for exports: bucket i holds the values from bucket_low(i) to bucket_high(i).
  static constexpr unsigned kSubBucketBits = 5;
  static constexpr size_t kBuckets = (64 - kSubBucketBits + 1) << kSubBucketBits;
  static constexpr size_t bucket_of(uint64_t value);
  static constexpr uint64_t bucket_low(size_t bucket);
  static constexpr uint64_t bucket_high(size_t bucket);
  uint64_t bucket_count(size_t bucket) const { return buckets_[bucket].load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned shift_of(size_t bucket) {
    return bucket < (size_t{2} << kSubBucketBits) ? 0 : static_cast<unsigned>((bucket >> kSubBucketBits) - 1);
  }

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> sum_{0};
  std::atomic<uint64_t> max_{0};
};

// A value with its highest bit at e keeps that bit and the kSubBucketBits below it: (value >> shift) is in [32, 64),
// and the buckets of successive shifts follow one another.
constexpr size_t Histogram::bucket_of(uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > kSubBucketBits + 1 ? width - kSubBucketBits - 1 : 0;
  return (size_t{shift} << kSubBucketBits) + static_cast<size_t>(value >> shift);
}

constexpr uint64_t Histogram::bucket_low(size_t bucket) {
  const unsigned shift = shift_of(bucket);
  return static_cast<uint64_t>(bucket - (size_t{shift} << kSubBucketBits)) << shift;
}

constexpr uint64_t Histogram::bucket_high(size_t bucket) {
  return bucket_low(bucket) + ((uint64_t{1} << shift_of(bucket)) - 1);
}

static_assert(Histogram::bucket_of(UINT64_MAX) == Histogram::kBuckets - 1);
static_assert(Histogram::bucket_high(Histogram::kBuckets - 1) == UINT64_MAX);

}  // namespace varve
