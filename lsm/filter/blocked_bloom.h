// BlockedBloomPolicy: a Bloom filter whose probes for one key all fall in one 64-byte cache line, so that a
// question costs one cache miss. F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom
// Filters", JEA 14 (2009); the probing follows RocksDB's FastLocalBloom: the low half of the hash picks the
// line, the high half, multiplied by the golden ratio at each step, gives nine bits a probe.
//
// Cost: 0.95 % false positives at 10 bits per key with 6 probes (a classic Bloom filter has 0.84 %): uneven
// line loads are the price of the single miss. tests/lsm/filter_test.cc holds it to that.
//
// Bytes: n lines of 64 bytes, then one byte: the number of probes, 1..30.
#pragma once

#include "lsm/filter/filter_policy.h"

namespace varve::lsm {

class BlockedBloomPolicy final : public FilterPolicy {
 public:
  static constexpr uint8_t kId = 1;
  static constexpr size_t kLineBytes = 64;

  // 1..100 bits per key; the number of probes follows from it.
  explicit BlockedBloomPolicy(double bits_per_key = 10.0);

  uint8_t id() const override { return kId; }
  std::string_view name() const override { return "blocked_bloom"; }
  size_t size_bytes(size_t count) const override;
  void build(std::span<const uint64_t> hashes, MutableSlice out) const override;
  bool may_contain(Slice filter, uint64_t hash) const override;

  int probes() const { return probes_; }

 private:
  double bits_per_key_;
  int probes_;
};

}  // namespace varve::lsm
