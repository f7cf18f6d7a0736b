#include "lsm/filter/blocked_bloom.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace varve::lsm {

namespace {

constexpr int kMaxProbes = 30;
constexpr uint32_t kGolden = 0x9e3779b9u;

// The probes that minimize false positives of a 512-bit blocked filter are fewer than the classic bits * ln
// 2, since lines are unevenly loaded. Thresholds in bits per key, from RocksDB's measurements
// (util/bloom_impl.h).
int probes_for(double bits_per_key) {
  static constexpr double kUpTo[] = {2.08,  3.58,   5.10,  6.64, 8.30,   10.07,
                                     11.72, 14.001, 16.05, 18.3, 22.001, 25.501};
  int probes = 1;
  for (double bound : kUpTo) {
    if (bits_per_key <= bound) return probes;
    ++probes;
  }
  return std::min(kMaxProbes, static_cast<int>((bits_per_key - 1) / 2));
}

// The line of a hash among `lines`, from its low half.
size_t line_of(uint64_t hash, size_t lines) {
  return static_cast<size_t>((static_cast<uint64_t>(static_cast<uint32_t>(hash)) * lines) >> 32);
}

}  // namespace

BlockedBloomPolicy::BlockedBloomPolicy(double bits_per_key)
    : bits_per_key_(std::clamp(bits_per_key, 1.0, 100.0)), probes_(probes_for(bits_per_key_)) {}

size_t BlockedBloomPolicy::size_bytes(size_t count) const {
  const auto bits = static_cast<size_t>(std::ceil(static_cast<double>(count) * bits_per_key_));
  const size_t lines = std::max<size_t>(1, (bits + kLineBytes * 8 - 1) / (kLineBytes * 8));
  return lines * kLineBytes + 1;
}

void BlockedBloomPolicy::build(std::span<const uint64_t> hashes, MutableSlice out) const {
  const size_t lines = (out.size() - 1) / kLineBytes;
  std::memset(out.data(), 0, out.size());
  for (const uint64_t hash : hashes) {
    char* line = out.data() + line_of(hash, lines) * kLineBytes;
    auto probe = static_cast<uint32_t>(hash >> 32);
    for (int i = 0; i < probes_; ++i, probe *= kGolden) {
      const uint32_t bit = probe >> (32 - 9);
      line[bit >> 3] = static_cast<char>(line[bit >> 3] | 1 << (bit & 7));
    }
  }
  out[lines * kLineBytes] = static_cast<char>(probes_);
}

bool BlockedBloomPolicy::may_contain(Slice filter, uint64_t hash) const {
  if (filter.size() < kLineBytes + 1 || filter.size() % kLineBytes != 1) return true;
  const int probes = static_cast<uint8_t>(filter.back());
  if (probes < 1 || probes > kMaxProbes) return true;
  const char* line = filter.data() + line_of(hash, filter.size() / kLineBytes) * kLineBytes;
  auto probe = static_cast<uint32_t>(hash >> 32);
  for (int i = 0; i < probes; ++i, probe *= kGolden) {
    const uint32_t bit = probe >> (32 - 9);
    if ((line[bit >> 3] >> (bit & 7) & 1) == 0) return false;
  }
  return true;
}

const FilterPolicy* filter_policy_for_id(uint8_t id) {
  // Reading needs no parameters: they stand in the filter.
  static const BlockedBloomPolicy blocked_bloom;
  return id == BlockedBloomPolicy::kId ? &blocked_bloom : nullptr;
}

}  // namespace varve::lsm
