#include "api/dynamo/throughput_changes.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "api/dynamo/civil_time.h"

namespace varve::api::dynamo {
namespace {

constexpr uint64_t kDecreasesAtWill = 4;
constexpr uint64_t kHourUs = 3600ull * 1'000'000;
constexpr uint64_t kDayUs = 24 * kHourUs;

uint64_t day(uint64_t wall_us) { return wall_us / kDayUs; }

uint64_t decreases_today(const ThroughputChanges& changes, uint64_t now_us) {
  return changes.last_decrease_us && day(*changes.last_decrease_us) == day(now_us) ? changes.decreases : 0;
}

// "Wednesday, July 25, 2018 8:48:14 PM UTC".
std::string long_date(uint64_t wall_us) {
  constexpr std::array<const char*, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
  constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
  const CivilTime time = civil_time(wall_us);
  std::array<char, 128> text;
  std::snprintf(text.data(), text.size(), "%s, %s %u, %u %u:%02u:%02u %s UTC", kDays[time.weekday],
                kMonths[time.month - 1], time.day, time.year, (time.hour + 11) % 12 + 1, time.minute,
                time.second, time.hour < 12 ? "AM" : "PM");
  return text.data();
}

Failure check_decrease(const ThroughputChanges& changes, uint64_t now_us) {
  const uint64_t decreases = decreases_today(changes, now_us);
  if (decreases < kDecreasesAtWill || now_us >= *changes.last_decrease_us + kHourUs) return std::nullopt;
  const uint64_t next_us = std::min(*changes.last_decrease_us + kHourUs, (day(now_us) + 1) * kDayUs);
  return Error{
      ErrorType::kLimitExceeded,
      "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
      "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most "
      "once every 3600 seconds. Number of decreases today: " +
          std::to_string(decreases) + ". Last decrease at " + long_date(*changes.last_decrease_us) +
          ". Next decrease can be made at " + long_date(next_us),
      {}};
}

}  // namespace

Failure change_throughput(const Throughput& wanted, const ChangeTime& time, Throughput* current,
                          ThroughputChanges* changes) {
  const bool increases = wanted.read_units > current->read_units || wanted.write_units > current->write_units;
  const bool decreases = wanted.read_units < current->read_units || wanted.write_units < current->write_units;
  if (decreases && time.limits_decreases) VARVE_RETURN_IF_FAILED(check_decrease(*changes, time.now_us));
  if (increases) changes->last_increase_us = time.now_us;
  if (decreases) {
    changes->decreases = decreases_today(*changes, time.now_us) + 1;
    changes->last_decrease_us = time.now_us;
  }
  *current = wanted;
  return std::nullopt;
}

void forget_past_days(uint64_t now_us, TableDescription* table) {
  const auto forget = [&](ThroughputChanges* changes) {
    changes->decreases = decreases_today(*changes, now_us);
  };
  forget(&table->throughput_changes);
  for (IndexDescription& index : table->indexes) forget(&index.throughput_changes);
}

}  // namespace varve::api::dynamo
