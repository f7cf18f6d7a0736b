// varve-bench-items: a Database in this process, one thread, one call after the other. Prints a table, and one JSON line
// to --json. bench/README.md explains each cell.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "bench/items/json_line.h"
#include "bench/items/workload.h"

namespace varve::bench {
namespace {

struct Settings {
  ItemBenchOptions bench;
  std::vector<std::string> cells;
  std::string durability = "interval", json;
};

struct CellDefinition {
  const char* name;
  Result<ItemMeasurement> (ItemBench::*run)();
};
constexpr CellDefinition kCells[] = {
    {"put-over", &ItemBench::put_over},
    {"get", &ItemBench::get},
    {"get-request", &ItemBench::get_request},
    {"update", &ItemBench::update},
    {"query", &ItemBench::query},
    {"batch", &ItemBench::batch},
};

class Run {
 public:
  explicit Run(Settings settings) : settings_(std::move(settings)), line_("items") {}

  Status all() {
    begin_json();
    VARVE_ASSIGN_OR_RETURN(const auto bench, ItemBench::open(settings_.bench));
    std::printf("%-12s %10s %9s %9s %9s %14s\n", "cell", "op/s", "p50 us", "p99 us", "p99.9 us",
                "allocated B/op");
    VARVE_RETURN_IF_ERROR(report("put", bench->put()));
    VARVE_RETURN_IF_ERROR(bench->settle());
    for (const CellDefinition& cell : kCells) {
      if (wanted(cell.name)) VARVE_RETURN_IF_ERROR(report(cell.name, (bench.get()->*cell.run)()));
    }
    line_.append_to(settings_.json);
    return bench->close();
  }

 private:
  bool wanted(const std::string& name) const {
    return settings_.cells.empty() ||
           std::find(settings_.cells.begin(), settings_.cells.end(), name) != settings_.cells.end();
  }

  void begin_json() {
    line_.text("durability", settings_.durability);
    line_.integer("seed", settings_.bench.seed);
    line_.integer("items", settings_.bench.items);
    line_.integer("memory_bytes", settings_.bench.memory_bytes);
    line_.begin_cells("figures");
  }

  Status report(const char* name, const Result<ItemMeasurement>& measured) {
    if (!measured.ok()) return {measured.code(), std::string(name) + ": " + measured.status().message()};
    const double allocated = static_cast<double>(measured->allocated_bytes) /
                             static_cast<double>(std::max<uint64_t>(measured->operations, 1));
    std::printf("%-12s %10.0f %9.2f %9.2f %9.2f %14.0f\n", name, measured->per_second(),
                measured->percentile_us(50), measured->percentile_us(99), measured->percentile_us(99.9),
                allocated);
    std::fflush(stdout);
    line_.begin_cell(name);
    line_.number("per_second", measured->per_second());
    line_.number("p50_us", measured->percentile_us(50));
    line_.number("p99_us", measured->percentile_us(99));
    line_.number("p999_us", measured->percentile_us(99.9));
    line_.number("allocated_bytes", allocated);
    line_.end_cell();
    return {};
  }

  const Settings settings_;
  JsonLine line_;
};

}  // namespace
}  // namespace varve::bench

int main(int argc, char** argv) {
  using namespace varve::bench;
  CLI::App app("varve-bench-items: items in a Database of this process, one thread");
  Settings settings;
  bool tiny = false;
  app.add_option("cells", settings.cells,
                 "put-over get get-request update query batch; none: all (put always runs)")
      ->check(CLI::IsMember({"put", "put-over", "get", "get-request", "update", "query", "batch"}));
  app.add_option("--dir", settings.bench.directory, "of the store: emptied, and removed")
      ->capture_default_str();
  app.add_option("--durability", settings.durability)
      ->check(CLI::IsMember({"sync", "interval"}))
      ->capture_default_str();
  app.add_option("--items", settings.bench.items)->check(CLI::Range(100, 100'000'000))->capture_default_str();
  app.add_option("--operations", settings.bench.operations, "of a cell; update, query and batch run a tenth")
      ->check(CLI::Range(100, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--memory-bytes", settings.bench.memory_bytes)->capture_default_str();
  app.add_option("--seed", settings.bench.seed)->capture_default_str();
  app.add_option("--json", settings.json, "append one JSON line to this file");
  app.add_flag("--tiny", tiny, "2,000 items and operations: does it run at all?");
  CLI11_PARSE(app, argc, argv);
  if (tiny) settings.bench.items = settings.bench.operations = 2000;
  settings.bench.durability = settings.durability == "sync" ? varve::partition::Durability::kSync
                                                            : varve::partition::Durability::kInterval;
  const varve::Status status = Run(settings).all();
  if (!status.ok()) std::fprintf(stderr, "varve-bench-items: %s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
