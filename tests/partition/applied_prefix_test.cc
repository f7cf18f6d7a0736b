#include "partition/applied_prefix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/io/thread.h"
#include "base/random.h"

namespace varve::partition {
namespace {

TEST(AppliedPrefix, StopsBeforeTheFirstGap) {
  AppliedPrefix prefix(SequenceNumber(10));
  prefix.mark(SequenceNumber(12));
  EXPECT_EQ(prefix.get(), SequenceNumber(10));
  prefix.mark(SequenceNumber(11));
  EXPECT_EQ(prefix.get(), SequenceNumber(12));
}

TEST(AppliedPrefix, AnyOrderEndsWhole) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    std::vector<uint64_t> order(500);
    for (size_t i = 0; i < order.size(); ++i) order[i] = i + 1;
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    AppliedPrefix prefix(kNoSequence);
    for (uint64_t sequence : order) prefix.mark(SequenceNumber(sequence));
    ASSERT_EQ(prefix.get(), SequenceNumber(500)) << "seed " << seed;
  }
}

TEST(AppliedPrefix, ThreadsNeverLeaveAHoleBehind) {
  constexpr uint64_t kPerThread = 50'000;
  AppliedPrefix prefix(kNoSequence);
  std::atomic<uint64_t> next{1};
  {
    std::vector<io::Thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("mark", [&] {
        for (uint64_t n = 0; n < kPerThread; ++n) prefix.mark(SequenceNumber(next.fetch_add(1)));
      });
    }
  }
  EXPECT_EQ(prefix.get(), SequenceNumber(4 * kPerThread));
}

}  // namespace
}  // namespace varve::partition
