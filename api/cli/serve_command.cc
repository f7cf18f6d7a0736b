#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "api/cli/commands.h"
#include "api/cli/http_client.h"
#include "api/cli/local_database.h"
#include "api/dynamo/dispatcher.h"
#include "api/server/offload.h"
#include "api/server/server_threads.h"
#include "base/io/process.h"
#include "base/io/reactor.h"
#include "base/io/thread.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve serve --data ./data
  varve serve --data /var/lib/varve --listen 0.0.0.0:8000 --memory 4096
  varve serve --data ./data --durability interval --sync-interval 5

Then, with any AWS SDK or CLI (credentials are accepted, not checked):
  aws --endpoint-url http://localhost:8000 dynamodb list-tables

Durability: "sync" answers a write once it survives a power cut. "interval" answers at once and syncs every
--sync-interval milliseconds, which is the most that a power cut or a kill -9 takes.
SIGTERM and SIGINT stop in order: requests under way are answered, the store is closed. A second one ends at once.
)";

constexpr size_t kRequestThreads = 4;
constexpr uint64_t kHealthIntervalNs = 500'000'000;

// Connections are bound to a thread; the log, flushes and compactions have threads of their own.
uint64_t default_threads() { return std::clamp<uint64_t>(io::processor_count(), 1, kMaxServerThreads); }

struct Arguments {
  std::string data, listen = "localhost:8000", durability = "sync";
  uint64_t sync_interval_ms = 10, memory_mb = 512, log_limit_mb = 512, table_delay_ms = 0,
           stream_shard_s = 4 * 3600, threads = default_threads();
  bool verbose = false;
};

LocalDatabaseOptions database_options(const Arguments& arguments, const LoneClient* lone_client,
                                      const std::shared_ptr<spdlog::logger>& log) {
  LocalDatabaseOptions options;
  options.durability =
      arguments.durability == "sync" ? partition::Durability::kSync : partition::Durability::kInterval;
  options.sync_interval_ns = arguments.sync_interval_ms * 1'000'000;
  options.memory_bytes = arguments.memory_mb << 20;
  options.log_limit_bytes = arguments.log_limit_mb << 20;
  options.caller_may_write_log = [lone_client] { return lone_client->alone(); };
  options.table_delay_us = arguments.table_delay_ms * 1'000;
  options.streams.shard_us = arguments.stream_shard_s * 1'000'000;
  options.log_line = [log](const std::string& line) { log->info("{}", line); };
  return options;
}

// Watches the store and opens it again after its log has failed, on a thread of its own, so that the loop goes on
// serving.
class Healer {
 public:
  Healer(io::Reactor* reactor, LocalDatabase* database, std::shared_ptr<spdlog::logger> log)
      : reactor_(reactor), database_(database), log_(std::move(log)) {
    schedule();
  }
  ~Healer() = default;  // joins an attempt under way

 private:
  void schedule() {
    reactor_->add_timer(kHealthIntervalNs, [this] { check(); });
  }

  void check() {
    const Status health = database_->health();
    if (health.ok()) {
      told_ = false;
      return schedule();
    }
    if (!told_) log_->error("{}", health.to_string());
    told_ = true;
    attempt_ =
        io::Thread("heal", [this, reads_go_on = health.code() != ErrorCode::kClosed] { heal(reads_go_on); });
  }

  void heal(bool reads_go_on) {
    Status status = reads_go_on ? database_->probe_space() : Status();
    if (status.ok()) status = database_->reopen();
    if (status.ok()) {
      const partition::RecoveryInfo info = database_->recovery();
      log_->info("reopened: recovered {} records, {} bytes of log", info.records_replayed,
                 info.bytes_replayed);
    } else if (status.message() != last_failure_) {
      last_failure_ = status.message();
      log_->error("not reopened yet: {}", status.to_string());
    }
    reactor_->post([this] { schedule(); });
  }

  io::Reactor* const reactor_;
  LocalDatabase* const database_;
  const std::shared_ptr<spdlog::logger> log_;  // shared: spdlog hands loggers out so
  bool told_ = false;
  std::string last_failure_;  // of attempts, of which there is one at a time
  io::Thread attempt_;
};

void log_request(spdlog::logger* log, const RequestEvent& event) {
  const auto level = event.status >= 500 ? spdlog::level::err : spdlog::level::debug;
  log->log(level, "{} {} {} {} {} bytes in, {} out, {} us", event.peer, event.target, event.status,
           event.error_type, event.request_bytes, event.response_bytes, event.duration_ns / 1000);
}

Status serve(const Arguments& arguments, const Endpoint& address,
             const std::shared_ptr<spdlog::logger>& log) {
  io::raise_open_file_limit();
  LoneClient lone_client;  // what the servers tell the store of their clients
  std::unique_ptr<LocalDatabase> database;
  std::optional<Offload> offload;
  ServerOptions options;
  options.report_all = arguments.verbose;
  options.lone_client = &lone_client;
  options.refuse_unsigned_first = dynamo::Dispatcher::refusal_before_authentication;
  options.on_request = [&log](const RequestEvent& event) { log_request(log.get(), event); };
  VARVE_ASSIGN_OR_RETURN(
      std::unique_ptr<ServerThreads> servers,
      ServerThreads::create(arguments.threads, options, [&](Slice target, Slice body, Server::Done done) {
        offload->handle(target, body, std::move(done));
      }));
  io::Reactor* const reactor = servers->reactor();
  int signals = 0;
  // Before any thread starts, so that all inherit the mask.
  VARVE_RETURN_IF_ERROR(reactor->on_signal({io::kInterruptSignal, io::kTerminateSignal}, [&](int signal) {
    if (signals++ > 0) io::exit_now(128 + signal);
    log->info("signal {}: stopping; once more ends at once", signal);
    servers->stop();
  }));
  VARVE_ASSIGN_OR_RETURN(database,
                         LocalDatabase::open(arguments.data, database_options(arguments, &lone_client, log)));
  const partition::RecoveryInfo recovery = database->recovery();
  log->info("{}: recovered {} records, {} bytes of log from {} segments in {} ms, torn tail of {} bytes",
            arguments.data, recovery.records_replayed, recovery.bytes_replayed, recovery.segments,
            recovery.duration_ns / 1'000'000, recovery.torn_tail_bytes);
  offload.emplace(kRequestThreads, [&](Slice target, Slice body, Server::Done done) {
    database->handle(target, body, std::move(done));
  });
  VARVE_ASSIGN_OR_RETURN(const uint16_t port, servers->listen(address.host, address.port));
  {
    const Healer healer(reactor, database.get(), log);
    const bool bracketed = address.host.find(':') != std::string::npos;
    const std::string host = address.host.empty() ? "0.0.0.0"
                             : bracketed          ? "[" + address.host + "]"
                                                  : address.host;
    // Nobody reaches the wildcard address by its name.
    const bool wildcard = host == "0.0.0.0" || host == "[::]";
    database->set_endpoint((wildcard ? "localhost" : host) + ":" + std::to_string(port));
    log->info("serving {} on {}:{} ({}, {}, {} threads)", arguments.data, host, port, reactor->name(),
              arguments.durability, arguments.threads);
    std::printf("listening on http://%s:%u\n", host.c_str(), port);
    std::fflush(stdout);
    VARVE_RETURN_IF_ERROR(servers->run());
    io::let_signals_end_process();
  }
  const ServerCounters counters = servers->counters();
  log->info("served {} requests on {} connections", counters.requests, counters.accepted);
  servers.reset();  // waits for the last answer
  offload.reset();
  const Status closed = database->close();
  log->info("closed {}", arguments.data);
  return closed;
}

}  // namespace

void add_serve_command(CLI::App* app, int* exit_code) {
  auto* command = app->add_subcommand("serve", "Serve the DynamoDB protocol from a directory");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--data", arguments->data, "Directory of the store; made when there is none")
      ->required();
  command->add_option("--listen", arguments->listen, "Address as HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  command->add_option("--durability", arguments->durability, "sync or interval")
      ->check(CLI::IsMember({"sync", "interval"}))
      ->capture_default_str();
  command->add_option("--sync-interval", arguments->sync_interval_ms, "Milliseconds between syncs (interval)")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--memory", arguments->memory_mb, "MiB for memtables, block cache and buffers together")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--log-limit", arguments->log_limit_mb,
                   "MiB of log kept at most: bounds the time of recovery")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--threads", arguments->threads,
                   "Threads that serve connections; by default one for each processor")
      ->check(CLI::Range(size_t{1}, kMaxServerThreads))
      ->capture_default_str();
  command
      ->add_option(
          "--table-delay-ms", arguments->table_delay_ms,
          "Milliseconds that a table stays CREATING, UPDATING or DELETING, as DynamoDB's do for seconds")
      ->check(CLI::Range(0, 600'000))
      ->capture_default_str();
  command
      ->add_option("--stream-shard-seconds", arguments->stream_shard_s,
                   "Age at which a stream's shard ends and its child begins")
      ->check(CLI::Range(1, 24 * 3600))
      ->capture_default_str();
  command->add_flag("--verbose", arguments->verbose, "Log every request");
  command->footer(kExamples);
  command->callback([arguments, exit_code] {
    const auto address = parse_listen_address(arguments->listen);
    if (!address.ok()) throw CLI::ValidationError("--listen", address.status().message());
    const auto log = spdlog::stderr_logger_mt("varve");
    log->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    log->set_level(arguments->verbose ? spdlog::level::debug : spdlog::level::info);
    log->flush_on(spdlog::level::info);
    const Status status = serve(*arguments, *address, log);
    *exit_code = status.ok() ? 0 : report_failure(status);
  });
}

}  // namespace varve::api
