#include "api/cli/stream_tail.h"

#include <algorithm>

#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr uint64_t kIdlePauseNs = 100'000'000;

}  // namespace

Status StreamTail::begin() {
  if (options_.after_sequence) return stream_.begin_after(*options_.after_sequence);
  return options_.from_start ? stream_.begin_with_oldest() : stream_.begin_with_latest();
}

Status StreamTail::run(const OnRecord& on_record, const std::function<bool()>& keep_going) {
  VARVE_RETURN_IF_ERROR(begin());
  uint64_t records = 0;
  while (keep_going() && records < options_.records) {
    VARVE_ASSIGN_OR_RETURN(const StreamFollower::Page page, stream_.read(options_.records - records));
    if (page.missed) return Status::not_found("records of the stream were trimmed before they were read");
    if (page.ended) return {};
    if (page.idle) {
      if (options_.until_now) return {};
      io::sleep_ns(kIdlePauseNs);
      continue;
    }
    for (const json::Value& record : page.records) {
      VARVE_RETURN_IF_ERROR(on_record(std::string(simdjson::minify(record))));
      ++records;
    }
  }
  return {};
}

}  // namespace varve::api
