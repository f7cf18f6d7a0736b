#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/local_database.h"
#include "api/cli/stream_tail.h"
#include "base/io/process.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve stream tail --endpoint http://localhost:8000 Users
  varve stream tail --data ./data --from-start --until-now Users > changes.jsonl
  varve stream tail --endpoint http://localhost:8000 --after 10000000000000000004200000 Users

One line of JSON a change, in the order of commits, as GetRecords shows it. The table needs a stream (StreamSpecification); what
there is of it is the last 24 hours. SIGINT ends it.
)";

struct Arguments {
  std::string endpoint, data, after;
  StreamTailOptions tail;
};

Status tail(Arguments arguments) {
  std::unique_ptr<LocalDatabase> database;
  VARVE_ASSIGN_OR_RETURN(Transport transport, open_transport(arguments.endpoint, arguments.data, &database));
  if (!arguments.after.empty()) arguments.tail.after_sequence = arguments.after;
  io::note_interrupts();
  StreamTail stream(std::move(transport), arguments.tail);
  const auto print = [](Slice record) -> Status {
    const bool written = std::fwrite(record.data(), 1, record.size(), stdout) == record.size() &&
                         std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
    return written ? Status() : Status::from_errno(errno, "write", "output");
  };
  Status ended = stream.run(print, [] { return !io::interrupted(); });
  if (database != nullptr) {
    const Status closed = database->close();
    if (ended.ok()) return closed;
  }
  return ended;
}

}  // namespace

void add_stream_command(CLI::App* app, int* exit_code) {
  auto* streams = app->add_subcommand("stream", "Read the change streams of tables");
  streams->require_subcommand(1);
  add_stream_exec_command(streams, exit_code);
  auto* command = streams->add_subcommand("tail", "Print a table's changes as they come");
  auto arguments = std::make_shared<Arguments>();
  auto* endpoint = command->add_option("--endpoint", arguments->endpoint, "URL of a running server");
  auto* data = command->add_option("--data", arguments->data, "Directory to open instead of a server");
  endpoint->excludes(data);
  auto* from_start =
      command->add_flag("--from-start", arguments->tail.from_start, "Begin with the oldest record there is");
  command->add_option("--after", arguments->after, "Begin after the record with this sequence number")
      ->excludes(from_start);
  command->add_option("--records", arguments->tail.records, "Stop after so many");
  command->add_flag("--until-now", arguments->tail.until_now, "Stop where there is nothing more yet");
  command->add_option("table", arguments->tail.table, "Table to follow")->required();
  command->footer(kExamples);
  command->callback([arguments, exit_code] {
    if (arguments->endpoint.empty() == arguments->data.empty()) {
      throw CLI::ValidationError("stream tail", "give one of --endpoint and --data");
    }
    const Status status = tail(*arguments);
    *exit_code = status.ok() ? (io::interrupted() ? 130 : 0) : report_failure(status);
  });
}

}  // namespace varve::api
