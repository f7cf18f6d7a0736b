#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/progress.h"
#include "api/dynamo/table_check.h"
#include "base/io/driver.h"
#include "partition/store.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve verify --data ./data

Reads every file of a store that no process has open and checks it: superblock, manifest, every table's
checksums, key order and filters, every log frame. When they are whole, holds every index, the entries of expiring
items and the streams against the items of their tables. Changes nothing. Exit code 0: whole; 1: what is wrong is
listed.
)";

std::string problems_text(uint64_t count) {
  return count == 0 ? "clean" : with_thousands(count) + (count == 1 ? " problem" : " problems");
}

int verify_tables(const std::string& directory) {
  ProgressLine line;
  const auto progress = [&line](uint64_t done, uint64_t total) {
    line.update([&] {
      return "checked " + with_thousands(done) + " of about " + with_thousands(total) + " entries";
    });
  };
  const auto report = dynamo::check_tables(io::default_driver(), directory, progress);
  line.finish();
  if (!report.ok()) return report_failure(report.status());
  for (const std::string& problem : report->problems) std::printf("%s\n", problem.c_str());
  if (report->problem_count > report->problems.size()) std::printf("...\n");
  std::printf("%s: %s tables, %s items, %s index entries, %s expiry entries, %s stream records: %s\n",
              directory.c_str(), with_thousands(report->tables).c_str(),
              with_thousands(report->items).c_str(), with_thousands(report->index_entries).c_str(),
              with_thousands(report->expiry_entries).c_str(), with_thousands(report->stream_records).c_str(),
              problems_text(report->problem_count).c_str());
  return report->problem_count == 0 ? 0 : 1;
}

int verify(const std::string& directory) {
  ProgressLine line;
  const auto progress = [&line](uint64_t done, uint64_t total) {
    line.update([&] { return "verified " + human_bytes(done) + " of " + human_bytes(total); });
  };
  const auto report = partition::verify_store(io::default_driver(), directory, progress);
  line.finish();
  if (!report.ok()) return report_failure(report.status());
  for (const Status& problem : report->problems) std::printf("%s\n", problem.to_string().c_str());
  for (const std::string& stray : report->stray_files)
    std::printf("stray file (harmless): %s\n", stray.c_str());
  std::printf("%s: %s trees, %s files, %s blocks, %s entries, %s: %s\n", directory.c_str(),
              with_thousands(report->trees).c_str(), with_thousands(report->files).c_str(),
              with_thousands(report->blocks).c_str(), with_thousands(report->entries).c_str(),
              human_bytes(report->bytes).c_str(), problems_text(report->problems.size()).c_str());
  return report->problems.empty() ? verify_tables(directory) : 1;
}

}  // namespace

void add_verify_command(CLI::App* app, int* exit_code) {
  auto* command = app->add_subcommand("verify", "Check every file of a store that is not open");
  auto data = std::make_shared<std::string>();
  command->add_option("--data", *data, "Directory of the store")->required();
  command->footer(kExamples);
  command->callback([data, exit_code] { *exit_code = verify(*data); });
}

}  // namespace varve::api
