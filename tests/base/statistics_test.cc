#include "base/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/io/thread.h"
#include "base/random.h"

namespace varve {
namespace {

TEST(Histogram, BucketsCoverEveryValueOnceAndAreNarrow) {
  EXPECT_EQ(Histogram::bucket_low(0), 0u);
  for (size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    ASSERT_EQ(Histogram::bucket_high(i) + 1, Histogram::bucket_low(i + 1)) << i;
    ASSERT_EQ(Histogram::bucket_of(Histogram::bucket_low(i)), i);
    ASSERT_EQ(Histogram::bucket_of(Histogram::bucket_high(i)), i);
    const uint64_t half = (Histogram::bucket_high(i) - Histogram::bucket_low(i) + 1) / 2;
    ASSERT_LE(static_cast<double>(half),
              0.02 * static_cast<double>(std::max<uint64_t>(Histogram::bucket_low(i), 1)))
        << i;
  }
}

TEST(Histogram, PercentilesAreWithinTwoPercentOfTheTrueOnes) {
  constexpr uint64_t kSeed = 42;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  Histogram histogram;
  std::vector<uint64_t> values;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(random.next() >> random.between(1, 60));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(20000 * percent / 100)));
    const auto truth = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), truth, 0.02 * truth) << percent;
  }
  EXPECT_EQ(histogram.percentile(100), values.back());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.count(), 20000u);
}

TEST(Histogram, SmallValuesAreExactAndTheMeanIsTrue) {
  Histogram histogram;
  for (uint64_t v = 1; v <= 63; ++v) histogram.record(v);
  for (uint64_t v = 1; v <= 63; ++v) {
    EXPECT_EQ(histogram.percentile(static_cast<double>(v) * 100 / 63 - 0.01), v);
  }
  EXPECT_DOUBLE_EQ(histogram.mean(), 32.0);
  EXPECT_EQ(histogram.sum(), 63u * 32u);
}

TEST(Histogram, AnEmptyOneAnswersZero) {
  Histogram histogram;
  histogram.record_many(7, 0);
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.percentile(99), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, MergingEqualsRecordingTogether) {
  Random random(3);
  Histogram one, two, both;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t value = random.below(1'000'000);
    (i % 3 == 0 ? one : two).record(value);
    both.record(value);
  }
  Histogram merged = one;
  merged.merge(two);
  for (size_t i = 0; i < Histogram::kBuckets; ++i) ASSERT_EQ(merged.bucket_count(i), both.bucket_count(i));
  EXPECT_EQ(merged.max(), both.max());
  EXPECT_EQ(merged.sum(), both.sum());
  merged.clear();
  EXPECT_EQ(merged.count(), 0u);
  merged = both;
  EXPECT_EQ(merged.count(), 1000u);
}

TEST(Histogram, ThreadsLoseNoRecord) {
  Histogram histogram;
  Counter counter;
  {
    std::vector<io::Thread> threads;
    for (uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back("recorder", [&, t] {
        for (uint64_t i = 0; i < 5000; ++i) {
          histogram.record(t * 1000 + i % 100);
          counter.add();
        }
      });
    }
  }
  EXPECT_EQ(histogram.count(), 20000u);
  EXPECT_EQ(counter.value(), 20000u);
  EXPECT_EQ(histogram.max(), 3099u);
}

}  // namespace
}  // namespace varve
