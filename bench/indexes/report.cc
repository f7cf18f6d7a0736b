#include "bench/indexes/report.h"

#include <cstdio>

namespace varve::bench {
namespace {

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

double percentile_us(const Histogram& histogram, double percentile) {
  return static_cast<double>(histogram.percentile(percentile)) / 1000.0;
}

// Processor time of the background work for one of its items: that of all other threads, less what the foreground's puts cost them.
double work_us(const BackgroundResult& result) {
  const double a_put_ns = ratio(result.idle_other_ns, static_cast<double>(result.idle_ns.count()));
  const double work_ns = result.busy_other_ns - a_put_ns * static_cast<double>(result.busy_ns.count());
  return ratio(work_ns / 1000, static_cast<double>(result.items));
}

void print_cost(const Cost& cost) {
  std::printf(" %8.2f %9.2f %8.2f %8.2f", cost.percentile_us(50), cost.percentile_us(99), cost.caller_us(),
              cost.process_us());
}

// Against the same puts without anything derived: by processor time of the process, and by the median.
void print_against(const Cost& cost, const Cost& base) {
  std::printf("  %5.2f x (p50 %5.2f x)", ratio(cost.process_us(), base.process_us()),
              ratio(cost.percentile_us(50), base.percentile_us(50)));
}

struct Bar {
  const char* arrangement;
  double limit;
};
constexpr Bar kBars[] = {
    {"1 keys-only", 1.6}, {"1 all", 1.6}, {"stream keys-only", 1.4}, {"stream both", 2.0}};

void print_bar(const std::string& what, double measured, double limit) {
  std::printf("  %-44s %6.2f  bar %5.2f  %s\n", what.c_str(), measured, limit,
              measured <= limit ? "met" : "MISSED");
}

const WritesResult* find(const std::vector<WritesResult>& results, const std::string& arrangement) {
  for (const WritesResult& result : results) {
    if (result.arrangement == arrangement) return &result;
  }
  return nullptr;
}

void add_cost(const std::string& cell, const Cost& cost, JsonLine* line) {
  line->begin_cell(cell);
  line->integer("operations", cost.operations);
  line->number("per_second", cost.per_second());
  line->number("p50_us", cost.percentile_us(50));
  line->number("p99_us", cost.percentile_us(99));
  line->number("p999_us", cost.percentile_us(99.9));
  line->number("caller_cpu_us", cost.caller_us());
  line->number("process_cpu_us", cost.process_us());
  line->end_cell();
}

}  // namespace

void print_writes(const std::vector<WritesResult>& results) {
  const WritesResult* const base = find(results, "none");
  for (size_t phase = 0; phase < kPhaseCount; ++phase) {
    std::printf("\nput, %s\n%-17s %-8s %8s %9s %8s %8s   %s\n", kPhases[phase], "derived", "system", "p50 us",
                "p99 us", "caller", "process", "cpu us/op; then against none");
    for (const WritesResult& result : results) {
      const Cost& varve = result.varve[phase];
      const Cost& rocksdb = result.rocksdb[phase];
      std::printf("%-17s %-8s", result.arrangement.c_str(), "varve");
      print_cost(varve);
      if (base != nullptr) print_against(varve, base->varve[phase]);
      if (rocksdb.operations == 0) {
        std::printf("\n");
        continue;
      }
      std::printf("   rocksdb / varve %5.2f (p50 %5.2f)\n%-17s %-8s",
                  ratio(rocksdb.process_us(), varve.process_us()),
                  ratio(rocksdb.percentile_us(50), varve.percentile_us(50)), "", "rocksdb");
      print_cost(rocksdb);
      if (base != nullptr) print_against(rocksdb, base->rocksdb[phase]);
      std::printf("\n");
    }
  }
  std::printf("\nprocessor time against a put without anything derived, which reads the old item too\n");
  for (const Bar& bar : kBars) {
    const WritesResult* const result = find(results, bar.arrangement);
    if (base == nullptr || result == nullptr) continue;
    for (size_t phase = 0; phase < kPhaseCount; ++phase) {
      const std::string what = result->arrangement + ", " + kPhases[phase];
      print_bar(what, ratio(result->varve[phase].process_us(), base->varve[phase].process_us()), bar.limit);
      if (result->rocksdb[phase].operations == 0) continue;
      print_bar(what + ", against RocksDB's",
                ratio(result->varve[phase].process_us(), result->rocksdb[phase].process_us()), 1);
    }
  }
}

void print_sync_writes(const std::vector<SyncWritesResult>& results) {
  std::printf("\nput, sync, many threads\n%-17s %8s %8s %9s %8s\n", "derived", "op/s", "p50 us", "p99 us",
              "cpu us");
  for (const SyncWritesResult& result : results) {
    std::printf("%-17s %8.0f %8.1f %9.1f %8.2f\n", result.arrangement.c_str(), result.cost.per_second(),
                result.cost.percentile_us(50), result.cost.percentile_us(99), result.cost.process_us());
  }
  for (size_t i = 1; i < results.size(); ++i) {
    print_bar("time of a durable put, " + results[i].arrangement,
              ratio(results[0].cost.per_second(), results[i].cost.per_second()), 1.2);
  }
}

void print_queries(const std::vector<QueriesResult>& results) {
  std::printf("\nquery of 20 items\n%-17s %8s %9s %8s\n", "of", "p50 us", "p99 us", "cpu us");
  for (const QueriesResult& result : results) {
    std::printf("%-17s %8.2f %9.2f %8.2f   %.2f x (p50 %.2f x)\n", result.target.c_str(),
                result.cost.percentile_us(50), result.cost.percentile_us(99), result.cost.caller_us(),
                ratio(result.cost.caller_us(), results[0].cost.caller_us()),
                ratio(result.cost.percentile_us(50), results[0].cost.percentile_us(50)));
  }
}

std::vector<std::pair<const char*, const Histogram*>> times_of(const StreamLatencyResult& result) {
  return {{"put", &result.put_ns},
          {"read of its record", &result.read_ns},
          {"put to record, of a follower", &result.followed_ns}};
}

void print_stream_latency(const std::vector<StreamLatencyResult>& results) {
  for (const StreamLatencyResult& result : results) {
    std::printf("\nstream, %-21s %8s %9s %9s\n", result.durability.c_str(), "p50 us", "p99 us", "p99.9 us");
    for (const auto& [name, latency] : times_of(result)) {
      std::printf("%-29s %8.1f %9.1f %9.1f\n", name, percentile_us(*latency, 50), percentile_us(*latency, 99),
                  percentile_us(*latency, 99.9));
    }
    std::printf("records not there when their put was answered: %llu of %llu\n",
                static_cast<unsigned long long>(result.late), static_cast<unsigned long long>(result.puts));
  }
}

std::vector<std::pair<const char*, const Histogram*>> foreground_of(const BackgroundResult& result) {
  std::vector<std::pair<const char*, const Histogram*>> rows = {{"alone", &result.idle_ns},
                                                                {"meanwhile", &result.busy_ns}};
  if (result.after_ns.count() > 0) rows.emplace_back("afterwards", &result.after_ns);
  return rows;
}

void print_background(const BackgroundResult& result) {
  std::printf("\n%s: %.0f items/s\n%-17s %8s %9s %9s %9s\n", result.work.c_str(),
              ratio(static_cast<double>(result.items), result.seconds), "foreground's puts", "p50 us",
              "p90 us", "p99 us", "p99.9 us");
  for (const auto& [name, latency] : foreground_of(result)) {
    std::printf("%-17s %8.1f %9.1f %9.1f %9.1f\n", name, percentile_us(*latency, 50),
                percentile_us(*latency, 90), percentile_us(*latency, 99), percentile_us(*latency, 99.9));
  }
  std::printf("processor time of the work: %.1f us an item\n", work_us(result));
  print_bar("p99 of the foreground during " + result.work,
            ratio(percentile_us(result.busy_ns, 99), percentile_us(result.idle_ns, 99)), 2);
  if (result.after_ns.count() > 0) {
    print_bar("the same against afterwards, with the index",
              ratio(percentile_us(result.busy_ns, 99), percentile_us(result.after_ns, 99)), 2);
  }
  if (result.work == "sweep") {
    print_bar("20,000 items/s of the sweep's rate",
              ratio(20'000, ratio(static_cast<double>(result.items), result.seconds)), 1);
  }
}

void add_to_line(const std::vector<WritesResult>& results, JsonLine* line) {
  for (const WritesResult& result : results) {
    for (size_t phase = 0; phase < kPhaseCount; ++phase) {
      const std::string cell = std::string("put ") + kPhases[phase] + ", " + result.arrangement;
      add_cost(cell + ", varve", result.varve[phase], line);
      if (result.rocksdb[phase].operations > 0) add_cost(cell + ", rocksdb", result.rocksdb[phase], line);
    }
  }
}

void add_to_line(const std::vector<SyncWritesResult>& results, JsonLine* line) {
  for (const SyncWritesResult& result : results) add_cost("sync, " + result.arrangement, result.cost, line);
}

void add_to_line(const std::vector<QueriesResult>& results, JsonLine* line) {
  for (const QueriesResult& result : results) add_cost("query, " + result.target, result.cost, line);
}

void add_to_line(const std::vector<StreamLatencyResult>& results, JsonLine* line) {
  for (const StreamLatencyResult& result : results) {
    line->begin_cell("stream, " + result.durability);
    line->integer("puts", result.puts);
    line->integer("late", result.late);
    for (const auto& [name, latency] : times_of(result)) {
      line->number(std::string("p50_us ") + name, percentile_us(*latency, 50));
      line->number(std::string("p99_us ") + name, percentile_us(*latency, 99));
    }
    line->end_cell();
  }
}

void add_to_line(const BackgroundResult& result, JsonLine* line) {
  line->begin_cell(result.work);
  line->integer("items", result.items);
  line->number("per_second", ratio(static_cast<double>(result.items), result.seconds));
  line->number("work_cpu_us", work_us(result));
  for (const auto& [name, latency] : foreground_of(result)) {
    line->number(std::string("p50_us_") + name, percentile_us(*latency, 50));
    line->number(std::string("p99_us_") + name, percentile_us(*latency, 99));
    line->number(std::string("p999_us_") + name, percentile_us(*latency, 99.9));
  }
  line->end_cell();
}

}  // namespace varve::bench
