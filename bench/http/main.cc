// varve-bench-http: `varve serve` beside dynalite and moto, the same client on the same machine in one run, cell by cell
// in rounds whose order of systems rotates, with the three controls that bound a durable answer. bench/README.md explains
// each cell.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "bench/http/closed_loop.h"
#include "bench/http/durable_echo.h"
#include "bench/http/durable_write.h"
#include "bench/http/report.h"
#include "bench/http/systems.h"

namespace varve::bench {
namespace {

struct Settings {
  SystemPaths paths;
  std::vector<std::string> operations;
  std::vector<int> connections = {1, 16};
  std::string json;
  RunDescription run;
};

class Run {
 public:
  explicit Run(Settings settings)
      : settings_(std::move(settings)), requests_(settings_.run.items, settings_.run.seed) {}

  Status all() {
    std::printf("seed %llu, %llu items, %.1f s a cell, %d rounds\n",
                static_cast<unsigned long long>(settings_.run.seed),
                static_cast<unsigned long long>(settings_.run.items), settings_.run.seconds,
                settings_.run.rounds);
    VARVE_ASSIGN_OR_RETURN(std::vector<System> systems,
                           start_systems(settings_.paths, settings_.run.items, settings_.run.seed));
    VARVE_ASSIGN_OR_RETURN(echo_, DurableEcho::start(settings_.paths.directory));
    for (int round = 0; round < settings_.run.rounds; ++round) {
      VARVE_RETURN_IF_ERROR(one_round(systems));
      std::rotate(systems.begin(), systems.begin() + 1, systems.end());
    }
    report_.print_table();
    report_.print_bars();
    if (!settings_.json.empty())
      std::ofstream(settings_.json, std::ios::app) << report_.json(settings_.run) << '\n';
    return {};
  }

 private:
  bool wanted(Operation operation) const {
    const std::vector<std::string>& names = settings_.operations;
    return names.empty() || std::find(names.begin(), names.end(), name_of(operation)) != names.end();
  }

  Status one_round(const std::vector<System>& systems) {
    VARVE_ASSIGN_OR_RETURN(const Measurement disk,
                           measure_durable_write(settings_.paths.directory, settings_.run.seconds));
    report_.add_durable_write(disk);
    VARVE_RETURN_IF_ERROR(durable_echo());
    for (const int connections : settings_.connections) {
      for (const Operation operation : all_operations()) {
        if (!wanted(operation)) continue;
        for (const System& system : systems) {
          // The empty reply is a control of our own server; others answer `GET /` as they please.
          if (operation == Operation::kEmptyReply && system.name != "varve") continue;
          VARVE_RETURN_IF_ERROR(one_cell(system, operation, connections));
        }
      }
    }
    return {};
  }

  // One connection, because that is what it is a bound of.
  Status durable_echo() {
    VARVE_ASSIGN_OR_RETURN(const Measurement measured,
                           run_closed_loop(load(echo_->endpoint(), Operation::kEmptyReply, 1), &requests_));
    report_.add_durable_echo(measured);
    return {};
  }

  LoadOptions load(const api::Endpoint& endpoint, Operation operation, int connections) const {
    return {endpoint, operation, connections, settings_.run.seconds / 5, settings_.run.seconds};
  }

  Status one_cell(const System& system, Operation operation, int connections) {
    const LoadOptions options = load(system.server->endpoint(), operation, connections);
    const double cpu_before = system.server->cpu_seconds();
    auto measured = run_closed_loop(options, &requests_);
    if (!measured.ok()) return {measured.code(), system.name + ": " + measured.status().message()};
    // The warm-up's operations are not counted, so neither is its share of the processor time.
    const double cpu = (system.server->cpu_seconds() - cpu_before) * options.seconds /
                       (options.seconds + options.warmup_seconds);
    report_.add({connections, operation, system.name}, *measured, cpu);
    std::printf("%2d x %-15s %-9s %9.0f op/s  p50 %8.1f us\n", connections, name_of(operation),
                system.name.c_str(), measured->per_second(), measured->percentile_us(50));
    std::fflush(stdout);
    return {};
  }

  const Settings settings_;
  Requests requests_;
  Report report_;
  std::unique_ptr<DurableEcho> echo_;
};

void add_options(CLI::App* app, Settings* settings) {
  app->add_option("operations", settings->operations,
                  "'GET /' PutItem GetItem UpdateItem Query BatchWriteItem; none: all")
      ->check(CLI::IsMember({"GET /", "PutItem", "GetItem", "UpdateItem", "Query", "BatchWriteItem"}));
  app->add_option("--varve", settings->paths.varve, "the binary to measure")->required()->take_last();
  app->add_option("--dynalite", settings->paths.dynalite, "cli.js of dynalite; none: left out")->take_last();
  app->add_option("--moto", settings->paths.moto, "moto_server; none: left out")->take_last();
  app->add_option("--durability", settings->paths.durability, "of varve: sync or interval")
      ->check(CLI::IsMember({"sync", "interval"}))
      ->capture_default_str();
  app->add_option("--connections", settings->connections)->delimiter(',')->capture_default_str();
  app->add_option("--dir", settings->paths.directory,
                  "of data and logs: emptied; not on a file system in memory")
      ->capture_default_str();
  app->add_option("--json", settings->json, "append one JSON line to this file");
  app->add_option("--rounds", settings->run.rounds)->check(CLI::Range(1, 100))->capture_default_str();
  app->add_option("--seconds", settings->run.seconds, "of one cell of one round")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app->add_option("--items", settings->run.items, "in the table; a multiple of 100")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  app->add_option("--seed", settings->run.seed)->capture_default_str();
}

}  // namespace
}  // namespace varve::bench

int main(int argc, char** argv) {
  using namespace varve::bench;
  CLI::App app("varve-bench-http: varve serve beside dynalite and moto, over HTTP");
  Settings settings;
  settings.paths.directory = "build/bench-http";
  settings.run = {VARVE_COMMIT, "", varve::io::default_driver()->name(), 1, 10'000, 2, 3};
  bool tiny = false;
  add_options(&app, &settings);
  app.add_flag("--tiny", tiny, "100 items and 0.05 s a cell: does it run at all?");
  CLI11_PARSE(app, argc, argv);
  if (tiny) {
    settings.run.items = 100;
    settings.run.seconds = 0.05;
    settings.run.rounds = 1;
  }
  if (settings.run.items % 100 != 0) {
    std::fprintf(stderr, "varve-bench-http: --items must be a multiple of 100\n");
    return 2;
  }
  settings.run.durability = settings.paths.durability;
  const varve::Status status = Run(settings).all();
  if (!status.ok()) std::fprintf(stderr, "varve-bench-http: %s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
