#include "api/dynamo/throughput_changes.h"

#include <gtest/gtest.h>

namespace varve::api::dynamo {
namespace {

constexpr uint64_t kSecondUs = 1'000'000;
constexpr uint64_t kEvening = 1'532'551'694 * kSecondUs;      // Wednesday, July 25, 2018, 20:48:14
constexpr uint64_t kLateEvening = 1'532'561'400 * kSecondUs;  // the same day, 23:30

struct Provisioned {
  Throughput units{100, 100};
  ThroughputChanges changes;

  Failure decrease(uint64_t now_us, bool limited) {
    return change_throughput({units.read_units - 1, 100}, {now_us, limited}, &units, &changes);
  }
};

TEST(ThroughputChanges, OneDecreaseTooManyIsToldWhenTheNextCanBeMade) {
  Provisioned table;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(table.decrease(kEvening, true));
  const Failure refused = table.decrease(kEvening + 60 * kSecondUs, true);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, ErrorType::kLimitExceeded);
  EXPECT_EQ(refused->message,
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
            "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at "
            "most once every 3600 seconds. Number of decreases today: 4. Last decrease at Wednesday, July "
            "25, 2018 8:48:14 PM UTC. Next decrease can be made at Wednesday, July 25, 2018 9:48:14 PM UTC");
  EXPECT_EQ(table.units.read_units, 96);
  EXPECT_FALSE(table.decrease(kEvening + 3600 * kSecondUs, true));
  EXPECT_EQ(table.changes.decreases, 5u);
}

TEST(ThroughputChanges, ADayEndsAtMidnight) {
  Provisioned table;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(table.decrease(kLateEvening, true));
  const Failure refused = table.decrease(kLateEvening, true);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(
      refused->message.ends_with("Next decrease can be made at Thursday, July 26, 2018 12:00:00 AM UTC"))
      << refused->message;
  EXPECT_FALSE(table.decrease(kLateEvening + 1800 * kSecondUs, true));
  EXPECT_EQ(table.changes.decreases, 1u);
}

TEST(ThroughputChanges, WithoutLimitsTheyAreOnlyCounted) {
  Provisioned table;
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(table.decrease(kEvening, false));
  EXPECT_EQ(table.changes.decreases, 9u);
  EXPECT_FALSE(change_throughput({500, 99}, {kEvening, false}, &table.units, &table.changes));
  EXPECT_EQ(table.changes.decreases, 10u) << "an increase and a decrease at once";
  EXPECT_EQ(table.changes.last_increase_us, kEvening);
}

}  // namespace
}  // namespace varve::api::dynamo
