// LocalDatabase: a database in this process behind the protocol's Dispatcher, for `varve serve` and `varve load
// --data`, with what a long-lived process needs on top: when the log has failed (a full disk), it can close the
// store and open it again under running traffic.
//
// Threads: handle, call and health from any; reopen and close one at a time, not from a Done. handle never waits for
// a reopening: meanwhile requests are answered with 503, which clients retry.
// Errors: kBusy (another process has the directory), kCorruption (file and offset), kIoError and kNoSpace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "api/cli/http_client.h"
#include "api/dynamo/stream_requests.h"
#include "api/server/server.h"
#include "base/io/mutex.h"
#include "base/result.h"
#include "partition/store.h"

namespace varve::api {

struct LocalDatabaseOptions {
  partition::Durability durability = partition::Durability::kSync;
  uint64_t sync_interval_ns = 10'000'000;
  uint64_t memory_bytes = 512u << 20;
  uint64_t log_limit_bytes = 512u << 20;
  std::function<bool()> caller_may_write_log;  // StoreOptions
  uint64_t table_delay_us = 0;                 // DatabaseOptions
  StreamOptions streams;
  std::function<void(const std::string&)> log_line;
};

class LocalDatabase {
 public:
  static Result<std::unique_ptr<LocalDatabase>> open(const std::string& directory,
                                                     const LocalDatabaseOptions& options);
  ~LocalDatabase();
  LocalDatabase(const LocalDatabase&) = delete;
  LocalDatabase& operator=(const LocalDatabase&) = delete;

  // What DescribeEndpoints answers: HOST:PORT under which clients reach this database. Before the first handle.
  void set_endpoint(std::string endpoint) { endpoint_ = std::move(endpoint); }
  // See Dispatcher::handle.
  void handle(Slice target, Slice body, Server::Done done);
  // handle, and waits for the answer. Not from a thread that a Done needs.
  Result<HttpAnswer> call(Slice target, Slice body);

  // kStoreFailed once the log has failed; kClosed while there is no store.
  Status health();
  // What recovery did at the latest open.
  partition::RecoveryInfo recovery();
  // Waits for requests under way, closes the store, opens it anew. On error there is no store, and reopen may be
  // tried again.
  Status reopen();
  // Whether a file of a few segments' size can be written, so that a reopening is worth giving up the old store's
  // reads for.
  Status probe_space();
  // Idempotent.
  Status close();

 private:
  struct Engine;
  LocalDatabase(std::string directory, LocalDatabaseOptions options);
  Result<std::unique_ptr<Engine>> open_engine();
  void finished();
  std::unique_ptr<Engine> detach();

  const std::string directory_;
  const LocalDatabaseOptions options_;
  std::string endpoint_ = "localhost:8000";
  io::Mutex mutex_;
  io::CondVar idle_;
  std::unique_ptr<Engine> engine_ VARVE_GUARDED_BY(mutex_);
  size_t in_flight_ VARVE_GUARDED_BY(mutex_) = 0;
};

}  // namespace varve::api
