// varve-bench: Varve beside RocksDB and LevelDB, the same loops on the same machine in one run, in rounds whose order of
// engines rotates. Prints a table with ratios, and one JSON line a cell to --json.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "bench/engine.h"
#include "bench/machine.h"
#include "bench/workload.h"

namespace varve::bench {
namespace {

struct Settings {
  std::vector<std::string> workloads;
  std::vector<std::string> engines = engine_names();
  std::string directory = "build/bench-data";
  std::string json;
  int rounds = 1;
  WorkloadOptions workload;
};

const std::vector<std::string> kWorkloads = {"fillseq",    "fillsync1",  "fillsync8",   "fillsync32",
                                             "fillrandom", "readrandom", "readmissing", "seekrandom"};

class Run {
 public:
  explicit Run(Settings settings) : settings_(std::move(settings)) {}

  Status all() {
    std::filesystem::create_directories(settings_.directory);
    for (int round = 0; round < settings_.rounds; ++round) {
      std::vector<std::string> order = settings_.engines;
      std::rotate(order.begin(), order.begin() + round % static_cast<int>(order.size()), order.end());
      VARVE_RETURN_IF_ERROR(one_round(round, order));
    }
    print_table();
    return {};
  }

 private:
  bool wanted(const std::string& workload) const {
    return std::find(settings_.workloads.begin(), settings_.workloads.end(), workload) !=
           settings_.workloads.end();
  }

  Status one_round(int round, const std::vector<std::string>& order) {
    for (const char* workload : {"fillseq", "fillsync1", "fillsync8", "fillsync32"}) {
      if (!wanted(workload)) continue;
      for (const std::string& name : order) VARVE_RETURN_IF_ERROR(on_fresh_store(round, name, workload));
    }
    // Reads share one filled store per engine, flushed and quiet; cell by cell the engines take turns.
    if (!wanted("fillrandom") && !wanted("readrandom") && !wanted("readmissing") && !wanted("seekrandom"))
      return {};
    std::map<std::string, std::unique_ptr<Engine>> stores;
    for (const std::string& name : order) {
      VARVE_ASSIGN_OR_RETURN(stores[name], fresh(name, false));
      VARVE_RETURN_IF_ERROR(cell(round, stores[name].get(), "fillrandom",
                                 [&](Engine* engine) { return fill(engine, settings_.workload, true); }));
      VARVE_RETURN_IF_ERROR(stores[name]->flush_and_quiesce());
    }
    for (const char* workload : {"readrandom", "readmissing", "seekrandom"}) {
      if (!wanted(workload)) continue;
      for (const std::string& name : order) {
        VARVE_RETURN_IF_ERROR(cell(round, stores[name].get(), workload, [&](Engine* engine) {
          if (std::string(workload) == "seekrandom") return seek_random(engine, settings_.workload);
          return read_random(engine, settings_.workload, std::string(workload) == "readmissing");
        }));
      }
    }
    for (auto& [name, engine] : stores) VARVE_RETURN_IF_ERROR(remove(std::move(engine)));
    return {};
  }

  Status on_fresh_store(int round, const std::string& name, const std::string& workload) {
    const bool sync = workload.starts_with("fillsync");
    VARVE_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, fresh(name, sync));
    VARVE_RETURN_IF_ERROR(cell(round, engine.get(), workload, [&](Engine* e) {
      if (!sync) return fill(e, settings_.workload, false);
      return fill_sync(e, settings_.workload, std::stoi(workload.substr(8)));
    }));
    return remove(std::move(engine));
  }

  std::string directory_of(const std::string& name) const { return settings_.directory + "/" + name; }

  Result<std::unique_ptr<Engine>> fresh(const std::string& name, bool sync) {
    std::filesystem::remove_all(directory_of(name));
    std::unique_ptr<Engine> engine = make_engine(name);
    if (engine == nullptr) return Status::invalid_argument("--engines: unknown engine '" + name + "'");
    EngineOptions options;
    options.directory = directory_of(name);
    options.sync = sync;
    VARVE_RETURN_IF_ERROR(engine->open(options));
    if (options_printed_.insert({name + (sync ? "/sync" : ""), true}).second) {
      std::printf("%s: %s\n", name.c_str(), engine->options().c_str());
    }
    return engine;
  }

  Status remove(std::unique_ptr<Engine> engine) {
    const std::string directory = directory_of(engine->name());
    VARVE_RETURN_IF_ERROR(engine->close());
    std::filesystem::remove_all(directory);
    return {};
  }

  template <typename Loop>
  Status cell(int round, Engine* engine, const std::string& workload, const Loop& loop) {
    VARVE_ASSIGN_OR_RETURN(const Measurement measured, loop(engine));
    const auto us = [&](double percentile) { return measured.percentile_us(percentile); };
    std::printf("round %d  %-11s %-8s %10.0f op/s   p50 %8.2f  p99 %8.2f  p99.9 %9.2f us\n", round,
                workload.c_str(), engine->name().c_str(), measured.per_second(), us(50), us(99), us(99.9));
    std::fflush(stdout);
    rates_[workload][engine->name()].push_back(measured.per_second());
    if (!settings_.json.empty()) write_json(round, *engine, workload, measured, us(50), us(99), us(99.9));
    return {};
  }

  void write_json(int round, const Engine& engine, const std::string& workload, const Measurement& measured,
                  double p50, double p99, double p999) {
    std::ofstream out(settings_.json, std::ios::app);
    out << "{\"workload\":\"" << workload << "\",\"engine\":\"" << engine.name() << "\",\"round\":" << round
        << ",\"seed\":" << settings_.workload.seed << ",\"keys\":" << settings_.workload.keys
        << ",\"value_bytes\":" << settings_.workload.value_bytes << ",\"operations\":" << measured.operations
        << ",\"seconds\":" << measured.seconds << ",\"per_second\":" << measured.per_second()
        << ",\"p50_us\":" << p50 << ",\"p99_us\":" << p99 << ",\"p999_us\":" << p999 << ",\"machine\":\""
        << machine_description() << "\",\"io\":\"" << io::default_driver()->name() << "\",\"options\":\""
        << engine.options() << "\",\"commit\":\"" << VARVE_COMMIT << "\"}\n";
  }

  void print_table() const {
    std::printf("\n%-12s", "median op/s");
    for (const std::string& engine : settings_.engines) std::printf(" %12s", engine.c_str());
    std::printf("   varve / best rival\n");
    for (const std::string& workload : kWorkloads) {
      const auto row = rates_.find(workload);
      if (row == rates_.end()) continue;
      std::printf("%-12s", workload.c_str());
      double own = 0, best = 0;
      for (const std::string& engine : settings_.engines) {
        std::vector<double> rates = row->second.at(engine);
        std::sort(rates.begin(), rates.end());
        const double median = rates[rates.size() / 2];
        std::printf(" %12.0f", median);
        if (engine == "varve") own = median;
        if (engine != "varve") best = std::max(best, median);
      }
      if (own > 0 && best > 0) std::printf("   %.2f x", own / best);
      std::printf("\n");
    }
  }

  const Settings settings_;
  std::map<std::string, bool> options_printed_;
  std::map<std::string, std::map<std::string, std::vector<double>>> rates_;
};

}  // namespace
}  // namespace varve::bench

int main(int argc, char** argv) {
  using namespace varve::bench;
  CLI::App app("varve-bench: Varve beside RocksDB and LevelDB in one run");
  Settings settings;
  bool tiny = false;
  app.add_option("workloads", settings.workloads,
                 "fillseq fillrandom fillsync[1|8|32] readrandom readmissing seekrandom; none: all");
  app.add_option("--engines", settings.engines, "which engines, comma-separated")->delimiter(',');
  app.add_option("--dir", settings.directory, "where the stores are made, and removed")
      ->capture_default_str();
  app.add_option("--json", settings.json, "append one JSON line a cell to this file");
  app.add_option("--rounds", settings.rounds, "repetitions, with the order of engines rotated")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--keys", settings.workload.keys)
      ->check(CLI::Range(100, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--value-bytes", settings.workload.value_bytes)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--reads", settings.workload.reads, "operations of a read cell")
      ->check(CLI::Range(4, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--fillsync-seconds", settings.workload.fillsync_seconds)
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--seed", settings.workload.seed)->capture_default_str();
  app.add_flag("--tiny", tiny, "2,000 keys and a second of fillsync: does it run at all?");
  CLI11_PARSE(app, argc, argv);
  if (tiny) {
    settings.workload.keys = 2000;
    settings.workload.reads = 2000;
    settings.workload.fillsync_seconds = 1;
  }
  std::vector<std::string> expanded;
  for (const std::string& name : settings.workloads.empty() ? kWorkloads : settings.workloads) {
    if (name == "fillsync") {
      expanded.insert(expanded.end(), {"fillsync1", "fillsync8", "fillsync32"});
    } else if (std::find(kWorkloads.begin(), kWorkloads.end(), name) != kWorkloads.end()) {
      expanded.push_back(name);
    } else {
      std::fprintf(stderr, "varve-bench: unknown workload '%s'\n", name.c_str());
      return 2;
    }
  }
  settings.workloads = expanded;
  const varve::Status status = Run(settings).all();
  if (!status.ok()) std::fprintf(stderr, "varve-bench: %s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
