// CivilTime: a moment of the wall clock as a date and a time of day, in UTC, for the texts that tell one.
//
// Threads: any (a pure function).
#pragma once

#include <cstdint>

namespace varve::api::dynamo {

struct CivilTime {
  unsigned year = 1970;
  unsigned month = 1;    // 1 to 12
  unsigned day = 1;      // 1 to 31
  unsigned weekday = 4;  // 0: Sunday
  unsigned hour = 0, minute = 0, second = 0, millisecond = 0;
};

CivilTime civil_time(uint64_t wall_us);

}  // namespace varve::api::dynamo
