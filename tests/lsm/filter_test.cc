#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "lsm/filter/blocked_bloom.h"
#include "lsm/filter/filter_partitions.h"

namespace varve::lsm {
namespace {

std::vector<uint64_t> key_hashes(uint64_t first, size_t count) {
  std::vector<uint64_t> hashes;
  for (uint64_t i = first; i < first + count; ++i) hashes.push_back(hash64("key" + std::to_string(i)));
  return hashes;
}

std::string build(const FilterPolicy& policy, const std::vector<uint64_t>& hashes) {
  std::string filter(policy.size_bytes(hashes.size()), 'x');
  policy.build(hashes, filter);
  return filter;
}

double false_positive_rate(const FilterPolicy& policy, Slice filter, uint64_t first, size_t probes) {
  size_t passed = 0;
  for (uint64_t hash : key_hashes(first, probes)) passed += policy.may_contain(filter, hash) ? 1 : 0;
  return static_cast<double>(passed) / static_cast<double>(probes);
}

// Putze et al., section 3: the load of a line is Poisson with mean 512 / bits, and a line of i keys has a
// Bloom filter's rate in 512 bits.
double theoretical_rate(double bits_per_key, int probes) {
  const double mean = 512 / bits_per_key;
  double probability = std::exp(-mean);
  double rate = 0;
  for (int keys = 0; keys < 1000; ++keys) {
    rate += probability * std::pow(1 - std::pow(1 - 1.0 / 512, probes * keys), probes);
    probability *= mean / (keys + 1);
  }
  return rate;
}

TEST(BlockedBloom, NoFalseNegatives) {
  for (const double bits : {1.0, 3.0, 10.0, 20.0, 100.0}) {
    const BlockedBloomPolicy policy(bits);
    for (const size_t count : {0, 1, 2, 50, 51, 1000, 20000}) {
      const auto hashes = key_hashes(0, count);
      const std::string filter = build(policy, hashes);
      for (uint64_t hash : hashes) ASSERT_TRUE(policy.may_contain(filter, hash)) << bits << " " << count;
    }
  }
}

TEST(BlockedBloom, FalsePositivesFollowTheory) {
  for (const double bits : {4.0, 6.0, 8.0, 10.0, 12.0, 16.0}) {
    const BlockedBloomPolicy policy(bits);
    const std::string filter = build(policy, key_hashes(0, 200000));
    const double measured = false_positive_rate(policy, filter, 1000000, 500000);
    const double theory = theoretical_rate(bits, policy.probes());
    EXPECT_LT(measured, theory * 1.15 + 0.0001) << bits << " bits";
    EXPECT_GT(measured, theory * 0.85 - 0.0001) << bits << " bits";
  }
}

TEST(BlockedBloom, TenBitsCostAboutOnePercent) {
  const BlockedBloomPolicy policy(10);
  const std::string filter = build(policy, key_hashes(0, 200000));
  EXPECT_LT(false_positive_rate(policy, filter, 1000000, 500000), 0.0105);
  EXPECT_LE(static_cast<double>(filter.size()) * 8, 200000 * 10.1);
}

TEST(BlockedBloom, PartitionsByHashKeepTheRate) {
  const BlockedBloomPolicy policy(10);
  constexpr uint32_t kPartitions = 16;
  std::vector<std::vector<uint64_t>> parts(kPartitions);
  for (uint64_t hash : key_hashes(0, 200000)) parts[filter_partition_of(hash, kPartitions)].push_back(hash);
  std::vector<std::string> filters;
  for (const auto& part : parts) {
    // Uniform to a few standard deviations.
    EXPECT_NEAR(static_cast<double>(part.size()), 12500, 600);
    filters.emplace_back(policy.size_bytes(12500), '\0');
    policy.build(part, filters.back());
  }
  size_t passed = 0;
  for (uint64_t hash : key_hashes(1000000, 200000)) {
    passed += policy.may_contain(filters[filter_partition_of(hash, kPartitions)], hash) ? 1 : 0;
  }
  EXPECT_LT(passed, 200000 * 0.0108);
}

TEST(BlockedBloom, UnreadableFiltersAnswerMaybe) {
  const BlockedBloomPolicy policy(10);
  const std::string filter = build(policy, {});
  const uint64_t absent = hash64("absent");
  ASSERT_FALSE(policy.may_contain(filter, absent));
  EXPECT_TRUE(policy.may_contain("", absent));
  EXPECT_TRUE(policy.may_contain(Slice(filter).substr(1), absent));
  EXPECT_TRUE(policy.may_contain(std::string(64, '\0'), absent));
  for (const int probes : {0, 31, 255}) {
    std::string odd = filter;
    odd.back() = static_cast<char>(probes);
    EXPECT_TRUE(policy.may_contain(odd, absent)) << probes;
  }
}

TEST(FilterPolicy, IdsOnDiskKeepTheirMeaning) {
  ASSERT_NE(filter_policy_for_id(1), nullptr);
  EXPECT_EQ(filter_policy_for_id(1)->name(), "blocked_bloom");
  EXPECT_EQ(filter_policy_for_id(0), nullptr);
  EXPECT_EQ(filter_policy_for_id(200), nullptr);
  // A filter is read without knowing its bits per key.
  const auto hashes = key_hashes(0, 100);
  const std::string filter = build(BlockedBloomPolicy(20), hashes);
  for (uint64_t hash : hashes) EXPECT_TRUE(filter_policy_for_id(1)->may_contain(filter, hash));
}

TEST(FilterPolicy, AKeyAndAPrefixOfTheSameBytesHaveOtherHashes) {
  EXPECT_NE(hash64("partition"), prefix_filter_hash("partition"));
}

}  // namespace
}  // namespace varve::lsm
