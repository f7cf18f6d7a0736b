// Housekeeping: the thread that does what time brings about: shards of streams end, segments past the retention go, expired items are
// removed; and what brings changes into the files of Kinesis destinations.
//
// Nothing here is needed for correct answers: readers of streams skip what is too old by themselves, and expired items may be read until
// they are removed.
// While the clocks disagree (ClockWatch) nothing is removed.
//
// Threads: stop from any. Ownership: borrows what the context names, which must outlive stop().
#pragma once

#include <functional>
#include <string>

#include "api/dynamo/clock_watch.h"
#include "api/dynamo/context.h"
#include "api/dynamo/expiry.h"
#include "api/dynamo/streams.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"

namespace varve::api::dynamo {

class Housekeeping {
 public:
  // log_line: a line for people about what failed; null: none.
  Housekeeping(const Context& context, const StreamOptions& options,
               std::function<void(const std::string&)> log_line);
  ~Housekeeping() { stop(); }
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  // Finishes the round that runs. Idempotent.
  void stop();

 private:
  void loop();
  Status round();
  bool keep_going();

  const Context context_;
  const uint64_t pause_ns_;  // between rounds
  const std::function<void(const std::string&)> log_line_;
  ClockWatch clocks_;
  Expiry expiry_;
  io::Mutex mutex_;
  io::CondVar wake_;
  bool stopping_ VARVE_GUARDED_BY(mutex_) = false;
  io::Thread thread_;  // last: it uses the rest
};

}  // namespace varve::api::dynamo
