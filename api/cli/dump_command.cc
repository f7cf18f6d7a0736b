#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "api/cli/commands.h"
#include "api/cli/progress.h"
#include "base/io/driver.h"
#include "lsm/dump.h"
#include "wal/dump.h"
#include "wal/format.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve dump ./data                           the manifest's trees and files, the log's segments and frames
  varve dump ./data --records --payload 64    and every record of the log
  varve dump ./data/lsm/000012.sst --records  one table with its entries
  varve dump ./data/log                       the log alone

Reads only. Damage is shown where it is and does not end the dump; a running store may be dumped,
but its end may look torn.
)";

struct Arguments {
  std::string path;
  bool records = false;
  uint64_t payload_bytes = 0;
};

void print_line(Slice line) { std::printf("%.*s\n", static_cast<int>(line.size()), line.data()); }

bool print_and_go_on(const std::string& line) {
  print_line(line);
  return std::ferror(stdout) == 0;
}

void print_counts(const std::string& path, const wal::DumpCounts& counts) {
  std::printf("%s: %s segments, %s frames, %s records, %s damaged or torn\n", path.c_str(),
              with_thousands(counts.segments).c_str(), with_thousands(counts.frames).c_str(),
              with_thousands(counts.records).c_str(), with_thousands(counts.damaged).c_str());
}

wal::DumpOptions log_options(const Arguments& arguments) {
  wal::DumpOptions options;
  options.records = arguments.records;
  options.payload_preview = arguments.payload_bytes;
  return options;
}

Status dump_log(const std::string& directory, const Arguments& arguments) {
  VARVE_ASSIGN_OR_RETURN(const wal::DumpCounts counts,
                         wal::dump_log(io::default_driver(), directory, log_options(arguments), print_line));
  print_counts(directory, counts);
  return {};
}

Status dump_file(const std::string& path, const Arguments& arguments) {
  SegmentNumber number;
  if (wal::parse_segment_file_name(Slice(path).substr(path.rfind('/') + 1), &number)) {
    VARVE_ASSIGN_OR_RETURN(const wal::DumpCounts counts,
                           wal::dump_segment(io::default_driver(), path, log_options(arguments), print_line));
    print_counts(path, counts);
    return {};
  }
  lsm::DumpOptions options;
  options.entries = arguments.records;
  if (arguments.payload_bytes > 0) options.max_value_bytes = arguments.payload_bytes;
  return lsm::dump_file(io::default_driver(), path, options, print_and_go_on);
}

// A store's directory, the log's or the trees' alone, or one file.
Status dump(const Arguments& arguments) {
  io::Driver* const driver = io::default_driver();
  std::string path = arguments.path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver->exists(path));
  if (!exists) return Status::not_found(path + ": no such file or directory");
  if (!driver->list(path).ok()) return dump_file(path, arguments);
  const std::string trees = io::join_path(path, "lsm");
  VARVE_ASSIGN_OR_RETURN(const bool store, driver->exists(trees));
  if (store) {
    // A manifest that cannot be read is no reason to keep the log back.
    Status dumped = lsm::dump_directory(driver, trees, print_and_go_on);
    VARVE_RETURN_IF_ERROR(dump_log(io::join_path(path, "log"), arguments));
    return dumped;
  }
  const bool names_trees = path == "lsm" || path.ends_with("/lsm");
  return names_trees ? lsm::dump_directory(driver, path, print_and_go_on) : dump_log(path, arguments);
}

}  // namespace

void add_dump_command(CLI::App* app, int* exit_code) {
  auto* command = app->add_subcommand("dump", "Print what is in a store's files");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("path", arguments->path, "A store's directory, or one of its directories or files")
      ->required();
  command->add_flag("--records", arguments->records, "Every record of the log, every entry of a table");
  command->add_option("--payload", arguments->payload_bytes,
                      "Bytes of each record's payload or value to show");
  command->footer(kExamples);
  command->callback([arguments, exit_code] {
    const Status status = dump(*arguments);
    *exit_code = status.ok() ? 0 : report_failure(status);
  });
}

}  // namespace varve::api
