#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/local_database.h"
#include "api/cli/stream_exec.h"
#include "base/io/process.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve stream exec Orders -- cat
  varve stream exec Orders --filter '{"eventName":["INSERT"]}' --batch-window 5 -- ./send_mails.py
  varve stream exec Orders --retries 3 --bisect-on-error --dead-letter failed.jsonl -- ./update_view.py

COMMAND is run once a batch, with {"Records":[...]} on its standard input, as Lambda gives it to a function. Exit status 0: the batch
is done, and the position is kept; anything else: it is tried again. A batch comes again when the machine stops between the
two, so COMMAND must bear that (at least once). Batches come one after the other, in the order of the changes.

--filter takes an event pattern: a member's array names the values that it may have, or
  {"prefix":"x"} {"suffix":"x"} {"anything-but":["x"]} {"equals-ignore-case":"x"} {"numeric":[">",1,"<=",5]} {"exists":false}
  '{"dynamodb":{"NewImage":{"state":{"S":["paid"]},"total":{"N":[{"numeric":[">=",100]}]}}}}'
  '{"$or":[{"eventName":["REMOVE"]},{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"user#"}]}}}}]}'

With --report-item-failures COMMAND's standard output says what failed: {"batchItemFailures":[{"itemIdentifier":"<SequenceNumber>"}]};
what is before the first of these is done. A line of the dead-letter file is what Lambda sends to an on-failure destination, with
the records as "payload". SIGINT or SIGTERM ends after the batch under way; a second one at once.
)";

struct Arguments {
  std::string endpoint = "http://127.0.0.1:8000";
  std::string from = "trim-horizon";
  std::vector<std::string> filters;
  int64_t retries = -1;
  double batch_window_s = 0;
  double max_record_age_s = -1;
  double timeout_s = 900;
  StreamExecOptions exec;
};

uint64_t microseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e6); }

Status run(Arguments arguments) {
  StreamExecOptions& options = arguments.exec;
  for (const std::string& text : arguments.filters) {
    VARVE_ASSIGN_OR_RETURN(EventPattern filter, EventPattern::parse(text));
    options.filters.push_back(std::move(filter));
  }
  options.from_latest = arguments.from == "latest";
  options.batch_window_us = microseconds(arguments.batch_window_s);
  options.delivery.timeout_ns = microseconds(arguments.timeout_s) * 1000;
  if (arguments.retries >= 0) options.delivery.retries = static_cast<uint64_t>(arguments.retries);
  if (arguments.max_record_age_s >= 0) {
    options.delivery.max_record_age_us = microseconds(arguments.max_record_age_s);
  }
  if (options.position_path.empty()) {
    if (options.table.find('/') != std::string::npos)
      return Status::invalid_argument("--position is needed with an ARN");
    options.position_path = options.table + ".stream-position";
  }
  std::unique_ptr<LocalDatabase> none;
  VARVE_ASSIGN_OR_RETURN(const Transport transport, open_transport(arguments.endpoint, "", &none));
  io::note_interrupts();
  StreamExec exec(
      transport, std::move(options), [] { return !io::interrupted(); },
      [](const std::string& line) { std::fprintf(stderr, "varve: %s\n", line.c_str()); });
  return exec.run();
}

}  // namespace

void add_stream_exec_command(CLI::App* streams, int* exit_code) {
  auto* command = streams->add_subcommand("exec", "Run a command on a table's changes, batch by batch");
  auto arguments = std::make_shared<Arguments>();
  StreamExecOptions& exec = arguments->exec;
  command->add_option("--endpoint", arguments->endpoint, "URL of a running server")->capture_default_str();
  command->add_option("--from", arguments->from, "Where to begin when no position is kept yet")
      ->check(CLI::IsMember({"trim-horizon", "latest"}))
      ->capture_default_str();
  command->add_option("--position", exec.position_path,
                      "File that keeps how far this has come; TABLE.stream-position when not given");
  command->add_option("--batch-size", exec.batch_size, "Records a batch, at most")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--batch-window", arguments->batch_window_s, "Seconds to wait for a batch to fill")
      ->check(CLI::Range(0.0, 300.0))
      ->capture_default_str();
  command
      ->add_option("--filter", arguments->filters,
                   "Event pattern (JSON) of the records that are wanted; given again: those of any")
      ->allow_extra_args(false);
  command->add_option("--retries", arguments->retries, "Attempts after the first; -1: without end")
      ->check(CLI::Range(int64_t{-1}, int64_t{10000}))
      ->capture_default_str();
  command
      ->add_option("--max-record-age", arguments->max_record_age_s,
                   "Seconds after which a record is passed over, or one more; -1: never")
      ->check(CLI::Range(-1.0, 604800.0))
      ->capture_default_str();
  command->add_option("--timeout", arguments->timeout_s, "Seconds that a run may take before it is killed")
      ->check(CLI::Range(0.001, 1e9))
      ->capture_default_str();
  command->add_flag("--bisect-on-error", exec.delivery.bisect_on_error,
                    "Split a batch that fails in two halves");
  command->add_flag("--report-item-failures", exec.delivery.report_item_failures,
                    "COMMAND says on standard output which records failed");
  command->add_option("--dead-letter", exec.dead_letter_path,
                      "File to which batches are appended (JSON lines) that were tried in vain");
  command->add_flag("--until-now", exec.until_now, "Stop where there is nothing more yet");
  command->add_option("table", exec.table, "Table to follow")->required();
  command->add_option("command", exec.delivery.command, "COMMAND and its arguments, after --")->required();
  command->footer(kExamples);
  command->callback([arguments, exit_code] {
    const Status status = run(std::move(*arguments));
    *exit_code = status.ok() ? (io::interrupted() ? 130 : 0) : report_failure(status);
  });
}

}  // namespace varve::api
