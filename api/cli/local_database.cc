#include "api/cli/local_database.h"

#include <optional>
#include <utility>

#include "api/dynamo/dispatcher.h"
#include "api/server/http_response.h"
#include "api/varve.h"
#include "base/io/driver.h"

namespace varve::api {
namespace {

// A store begins its log anew with segments of a few MiB; less than this is not worth the attempt.
constexpr size_t kProbeBytes = 8u << 20;

dynamo::Response unavailable() {
  return {503, service_error_body("ServiceUnavailable", "The store is being opened again; try again"),
          "ServiceUnavailable"};
}

}  // namespace

struct LocalDatabase::Engine {
  explicit Engine(std::unique_ptr<Database> opened)
      : database(std::move(opened)), dispatcher(database.get()) {}
  std::unique_ptr<Database> database;
  dynamo::Dispatcher dispatcher;
};

LocalDatabase::LocalDatabase(std::string directory, LocalDatabaseOptions options)
    : directory_(std::move(directory)), options_(std::move(options)) {}

LocalDatabase::~LocalDatabase() { (void)close(); }

Result<std::unique_ptr<LocalDatabase::Engine>> LocalDatabase::open_engine() {
  DatabaseOptions options;
  options.store.durability = options_.durability;
  options.store.sync_interval_ns = options_.sync_interval_ns;
  options.store.memory_bytes = options_.memory_bytes;
  options.store.log_limit_bytes = options_.log_limit_bytes;
  options.store.log_line = options_.log_line;
  options.store.caller_may_write_log = options_.caller_may_write_log;
  options.table_delay_us = options_.table_delay_us;
  options.streams = options_.streams;
  VARVE_ASSIGN_OR_RETURN(auto database, Database::open(directory_, options));
  return std::make_unique<Engine>(std::move(database));
}

Result<std::unique_ptr<LocalDatabase>> LocalDatabase::open(const std::string& directory,
                                                           const LocalDatabaseOptions& options) {
  std::unique_ptr<LocalDatabase> local(new LocalDatabase(directory, options));
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, local->open_engine());
  {
    const io::MutexLock lock(&local->mutex_);
    local->engine_ = std::move(engine);
  }
  return local;
}

void LocalDatabase::handle(Slice target, Slice body, Server::Done done) {
  Engine* engine = nullptr;
  {
    const io::MutexLock lock(&mutex_);
    engine = engine_.get();
    if (engine != nullptr) ++in_flight_;
  }
  if (engine == nullptr) return done(unavailable());
  const auto answer = [this, done = std::move(done)](dynamo::Response response) {
    done(std::move(response));
    finished();
  };
  engine->dispatcher.handle(target, body, answer, endpoint_);
}

void LocalDatabase::finished() {
  const io::MutexLock lock(&mutex_);
  if (--in_flight_ == 0) idle_.notify_all();
}

Result<HttpAnswer> LocalDatabase::call(Slice target, Slice body) {
  io::Mutex mutex;
  io::CondVar arrived;
  std::optional<HttpAnswer> answer;
  handle(target, body, [&](dynamo::Response response) {
    const io::MutexLock lock(&mutex);
    answer = HttpAnswer{response.status, std::move(response.body)};
    arrived.notify_all();
  });
  const io::MutexLock lock(&mutex);
  while (!answer) arrived.wait(&mutex);
  return *std::move(answer);
}

Status LocalDatabase::health() {
  const io::MutexLock lock(&mutex_);
  return engine_ == nullptr ? Status(ErrorCode::kClosed, "there is no open store")
                            : engine_->database->store().health();
}

partition::RecoveryInfo LocalDatabase::recovery() {
  const io::MutexLock lock(&mutex_);
  return engine_ == nullptr ? partition::RecoveryInfo() : engine_->database->store().recovery();
}

// Takes the engine away from new requests and waits for those that have it.
std::unique_ptr<LocalDatabase::Engine> LocalDatabase::detach() {
  const io::MutexLock lock(&mutex_);
  std::unique_ptr<Engine> engine = std::move(engine_);
  while (in_flight_ > 0) idle_.wait(&mutex_);
  return engine;
}

Status LocalDatabase::reopen() {
  if (const std::unique_ptr<Engine> old = detach(); old != nullptr) {
    // The store has failed: that closing it says so again is no news.
    (void)old->database->close();
  }
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, open_engine());
  const io::MutexLock lock(&mutex_);
  engine_ = std::move(engine);
  return {};
}

Status LocalDatabase::probe_space() {
  io::Driver* const driver = io::default_driver();
  const std::string path = io::join_path(directory_, "SPACE-PROBE");
  Status status;
  {
    const auto file = driver->open(path, io::OpenMode::kCreateOrTruncate, io::Caching::kBuffered);
    if (!file.ok()) return file.status();
    status = (*file)->write_at(0, std::string(kProbeBytes, '\0'));
    if (status.ok()) status = (*file)->sync();
  }
  const Status removed = driver->remove(path);
  return status.ok() ? removed : status;
}

Status LocalDatabase::close() {
  const std::unique_ptr<Engine> engine = detach();
  return engine == nullptr ? Status() : engine->database->close();
}

}  // namespace varve::api
