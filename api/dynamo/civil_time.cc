#include "api/dynamo/civil_time.h"

namespace varve::api::dynamo {

CivilTime civil_time(uint64_t wall_us) {
  const uint64_t milliseconds = wall_us / 1000;
  const uint64_t seconds = milliseconds / 1000;
  const uint64_t days = seconds / 86'400;
  // Days to a date of the Gregorian calendar: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
  const uint64_t shifted = days + 719'468;
  const uint64_t era = shifted / 146'097;
  const uint64_t day_of_era = shifted % 146'097;
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilTime time;
  time.day = static_cast<unsigned>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  time.month = static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  time.year = static_cast<unsigned>(year_of_era + era * 400 + (time.month <= 2 ? 1 : 0));
  time.weekday = static_cast<unsigned>((days + 4) % 7);  // the first day was a Thursday
  time.hour = static_cast<unsigned>(seconds / 3600 % 24);
  time.minute = static_cast<unsigned>(seconds / 60 % 60);
  time.second = static_cast<unsigned>(seconds % 60);
  time.millisecond = static_cast<unsigned>(milliseconds % 1000);
  return time;
}

}  // namespace varve::api::dynamo
