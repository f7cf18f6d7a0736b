#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/progress.h"
#include "base/io/driver.h"
#include "partition/store.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  varve verify --data ./data

Reads every file of a store that no process has open and checks it: superblock, manifest, every table's
checksums, key order and filters, every log frame. Changes nothing. Exit code 0: whole; 1: what is wrong is listed.
)";

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
  std::printf(
      "%s: %s trees, %s files, %s blocks, %s entries, %s: %s\n", directory.c_str(),
      with_thousands(report->trees).c_str(), with_thousands(report->files).c_str(),
      with_thousands(report->blocks).c_str(), with_thousands(report->entries).c_str(),
      human_bytes(report->bytes).c_str(),
      report->problems.empty() ? "clean" : (with_thousands(report->problems.size()) + " problems").c_str());
  return report->problems.empty() ? 0 : 1;
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
