#include "bench/http/report.h"

#include <algorithm>
#include <cstdio>

#include "api/json/writer.h"
#include "bench/machine.h"

namespace varve::bench {
namespace {

constexpr int kManyConnections = 16;

double percentile_us(const Histogram& latency_ns, double percentile) {
  return static_cast<double>(latency_ns.percentile(percentile)) / 1000.0;
}

}  // namespace

void Report::Cell::add(const Measurement& measured) {
  rates.push_back(measured.per_second());
  latency_ns.merge(measured.latency_ns);
  operations += measured.operations;
}

double Report::Cell::rate() const {
  if (rates.empty()) return 0;
  std::vector<double> sorted = rates;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

double Report::Cell::server_cpu_us() const {
  return operations == 0 ? 0 : server_cpu_seconds * 1e6 / static_cast<double>(operations);
}

void Report::add(const CellKey& key, const Measurement& measured, double server_cpu_seconds) {
  Cell& cell = cells_[key];
  cell.add(measured);
  cell.server_cpu_seconds += server_cpu_seconds;
}

void Report::add_durable_write(const Measurement& measured) { durable_write_.add(measured); }
void Report::add_durable_echo(const Measurement& measured) { durable_echo_.add(measured); }

double Report::rate(const CellKey& key) const {
  const auto found = cells_.find(key);
  return found == cells_.end() ? 0 : found->second.rate();
}

void Report::print_table() const {
  std::printf("\n%-4s %-15s %-9s %10s %9s %9s %9s %11s %9s\n", "conn", "operation", "system", "op/s",
              "p50 us", "p99 us", "p99.9 us", "cpu us/op", "varve is");
  for (const auto& [key, cell] : cells_) {
    std::printf("%-4d %-15s %-9s %10.0f %9.1f %9.1f %9.1f %11.1f", key.connections, name_of(key.operation),
                key.system.c_str(), cell.rate(), percentile_us(cell.latency_ns, 50),
                percentile_us(cell.latency_ns, 99), percentile_us(cell.latency_ns, 99.9),
                cell.server_cpu_us());
    const double own = rate({key.connections, key.operation, "varve"});
    if (key.system != "varve" && own > 0 && cell.rate() > 0) std::printf("  %6.1f x", own / cell.rate());
    std::printf("\n");
  }
  const auto print_control = [](const char* connections, const char* name, const Cell& cell) {
    std::printf("%-4s %-15s %-9s %10.0f %9.1f %9.1f %9.1f\n", connections, name, "control", cell.rate(),
                percentile_us(cell.latency_ns, 50), percentile_us(cell.latency_ns, 99),
                percentile_us(cell.latency_ns, 99.9));
  };
  print_control("", "durable write", durable_write_);
  print_control("1", "durable echo", durable_echo_);
}

std::vector<Report::Bar> Report::bars() const {
  std::vector<Bar> all;
  for (const Operation operation : all_operations()) {
    if (operation == Operation::kEmptyReply) continue;
    const double own = rate({kManyConnections, operation, "varve"});
    const double rival = rate({kManyConnections, operation, "dynalite"});
    if (own > 0 && rival > 0) {
      all.push_back({std::string("16 connections, ") + name_of(operation) + " / dynalite", own / rival,
                     operation == Operation::kGetItem ? 10.0 : 4.0});
    }
  }
  if (const double puts = rate({kManyConnections, Operation::kPutItem, "varve"}); puts > 0)
    all.push_back({"16 connections, PutItem/s", puts, 10'000});
  const double one = rate({1, Operation::kPutItem, "varve"});
  const double empty = rate({1, Operation::kEmptyReply, "varve"});
  if (one > 0 && empty > 0 && durable_write_.rate() > 0) {
    all.push_back({"1 connection, PutItem x (empty reply + durable write)",
                   one * (1 / empty + 1 / durable_write_.rate()), 0.8});
    // Without a bar: how much of that a server with nothing to do reaches, and how much of the latter this one.
    all.push_back({"1 connection, durable echo x the same",
                   durable_echo_.rate() * (1 / empty + 1 / durable_write_.rate())});
    all.push_back({"1 connection, PutItem / durable echo", one / durable_echo_.rate()});
  }
  return all;
}

void Report::print_bars() const {
  std::printf("\n");
  for (const Bar& bar : bars()) {
    std::printf("%-55s %10.2f", bar.name.c_str(), bar.measured);
    if (bar.wanted > 0) {
      std::printf("  bar %8.2f  %s", bar.wanted, bar.measured >= bar.wanted ? "met" : "MISSED");
    }
    std::printf("\n");
  }
}

std::string Report::json(const RunDescription& run) const {
  std::string text;
  api::json::JsonWriter out(&text);
  const auto member = [&](Slice name, double value) {
    out.key(name);
    out.decimal(value);
  };
  const auto count_member = [&](Slice name, uint64_t value) {
    out.key(name);
    out.integer(static_cast<int64_t>(value));
  };
  const auto text_member = [&](Slice name, Slice value) {
    out.key(name);
    out.string(value);
  };
  const auto write_cell = [&](const Cell& cell) {
    member("per_second", cell.rate());
    member("p50_us", percentile_us(cell.latency_ns, 50));
    member("p99_us", percentile_us(cell.latency_ns, 99));
    member("p999_us", percentile_us(cell.latency_ns, 99.9));
    member("server_cpu_us", cell.server_cpu_us());
    out.key("rounds_per_second");
    out.begin_array();
    for (const double one : cell.rates) out.decimal(one);
    out.end_array();
  };
  out.begin_object();
  text_member("bench", "http");
  text_member("commit", run.commit);
  text_member("machine", machine_description());
  text_member("durability", run.durability);
  text_member("io", run.io);
  count_member("seed", run.seed);
  count_member("items", run.items);
  member("seconds", run.seconds);
  count_member("rounds", static_cast<uint64_t>(run.rounds));
  out.key("figures");
  out.begin_array();
  for (const auto& [key, cell] : cells_) {
    out.begin_object();
    text_member("system", key.system);
    text_member("operation", name_of(key.operation));
    count_member("connections", static_cast<uint64_t>(key.connections));
    write_cell(cell);
    out.end_object();
  }
  const auto write_control = [&](Slice name, const Cell& cell) {
    out.begin_object();
    text_member("system", "control");
    text_member("operation", name);
    write_cell(cell);
    out.end_object();
  };
  write_control("durable write", durable_write_);
  write_control("durable echo", durable_echo_);
  out.end_array();
  out.key("bars");
  out.begin_array();
  for (const Bar& bar : bars()) {
    out.begin_object();
    text_member("bar", bar.name);
    member("measured", bar.measured);
    member("wanted", bar.wanted);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return text;
}

}  // namespace varve::bench
