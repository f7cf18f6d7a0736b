// varve-bench-indexes: what secondary indexes, streams and time to live cost a Database in this process, beside the same built by hand on
// RocksDB. Prints tables and bars, and one JSON line to --json. bench/README.md explains each cell.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/indexes/report.h"

namespace varve::bench {
namespace {

struct Settings {
  std::string directory = "build/bench-indexes", json;
  std::vector<std::string> parts, arrangements;
  bool without_rocksdb = false;
  uint64_t seed = 1;
  WritesOptions writes;
  SyncWritesOptions sync;
  QueriesOptions queries;
  StreamLatencyOptions stream;
  BackgroundOptions background;
};

class Run {
 public:
  explicit Run(Settings settings) : settings_(std::move(settings)), line_("indexes") {}

  Status all() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // each table when it is there
    line_.integer("seed", settings_.seed);
    line_.begin_cells("figures");
    if (wanted("writes")) {
      WritesOptions options = in_directory(settings_.writes);
      options.rocksdb = !settings_.without_rocksdb;
      for (Arrangement& arrangement : all_arrangements()) {
        if (is_in(settings_.arrangements, arrangement.name)) options.arrangements.push_back(arrangement);
      }
      VARVE_ASSIGN_OR_RETURN(const auto results, measure_writes(options));
      print_writes(results);
      add_to_line(results, &line_);
    }
    if (wanted("sync")) {
      VARVE_ASSIGN_OR_RETURN(const auto results, measure_sync_writes(in_directory(settings_.sync)));
      print_sync_writes(results);
      add_to_line(results, &line_);
    }
    if (wanted("query")) {
      VARVE_ASSIGN_OR_RETURN(const auto results, measure_queries(in_directory(settings_.queries)));
      print_queries(results);
      add_to_line(results, &line_);
    }
    if (wanted("stream")) {
      VARVE_ASSIGN_OR_RETURN(const auto results, measure_stream_latency(in_directory(settings_.stream)));
      print_stream_latency(results);
      add_to_line(results, &line_);
    }
    if (wanted("backfill")) VARVE_RETURN_IF_ERROR(background(measure_backfill));
    if (wanted("sweep")) VARVE_RETURN_IF_ERROR(background(measure_sweep));
    line_.append_to(settings_.json);
    std::filesystem::remove_all(settings_.directory);
    return {};
  }

 private:
  static bool is_in(const std::vector<std::string>& names, const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
  bool wanted(const std::string& part) const { return is_in(settings_.parts, part); }

  template <typename Options>
  Options in_directory(Options options) const {
    options.directory = settings_.directory;
    options.seed = settings_.seed;
    return options;
  }

  Status background(Result<BackgroundResult> (*measure)(const BackgroundOptions&)) {
    VARVE_ASSIGN_OR_RETURN(const BackgroundResult result, measure(in_directory(settings_.background)));
    print_background(result);
    add_to_line(result, &line_);
    return {};
  }

  const Settings settings_;
  JsonLine line_;
};

// Does it run at all?
void make_tiny(Settings* settings) {
  settings->writes.rounds = 2;
  settings->writes.puts = 100;
  settings->sync.rounds = 1;
  settings->sync.puts = 20;
  settings->queries.items = 400;
  settings->queries.queries = 100;
  settings->stream.puts = 200;
  settings->background.items = 2000;
  settings->background.rounds = 1;
  settings->background.idle_ms = 200;
}

}  // namespace
}  // namespace varve::bench

int main(int argc, char** argv) {
  using namespace varve::bench;
  CLI::App app("varve-bench-indexes: what indexes, streams and time to live cost");
  Settings settings;
  bool tiny = false;
  std::vector<std::string> names;
  for (const Arrangement& arrangement : all_arrangements()) names.push_back(arrangement.name);
  app.add_option("parts", settings.parts, "writes sync query stream backfill sweep; none: all")
      ->check(CLI::IsMember({"writes", "sync", "query", "stream", "backfill", "sweep"}));
  app.add_option("--derived", settings.arrangements, "of writes, comma-separated; none: all")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_flag("--without-rocksdb", settings.without_rocksdb, "writes by Varve alone");
  app.add_option("--dir", settings.directory, "of the stores: emptied, and removed")->capture_default_str();
  app.add_option("--rounds", settings.writes.rounds, "of writes")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--puts", settings.writes.puts, "of a phase of writes in a round; a multiple of 20")
      ->check(CLI::Range(20, 1'000'000))
      ->capture_default_str();
  app.add_option("--threads", settings.sync.threads, "of sync")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--items", settings.background.items, "to be filled and swept")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  app.add_option("--puts-per-second", settings.background.puts_per_second, "in the foreground of those")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", settings.seed)->capture_default_str();
  app.add_option("--json", settings.json, "append one JSON line to this file");
  app.add_flag("--tiny", tiny, "a few of everything: does it run at all?");
  CLI11_PARSE(app, argc, argv);
  if (tiny) make_tiny(&settings);
  const varve::Status status = Run(settings).all();
  if (!status.ok()) std::fprintf(stderr, "varve-bench-indexes: %s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
