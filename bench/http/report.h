// Report: the samples of one run, and what is made of them: the table, the bars, one JSON line.
//
// A figure is the median of its rounds; percentiles are over all of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/http/requests.h"
#include "bench/measurement.h"

namespace varve::bench {

struct CellKey {
  int connections = 1;
  Operation operation = Operation::kEmptyReply;
  std::string system;
  auto operator<=>(const CellKey&) const = default;
};

// What a run was, for the record.
struct RunDescription {
  std::string commit, durability, io;
  uint64_t seed = 0, items = 0;
  double seconds = 0;  // of one cell of one round
  int rounds = 0;
};

class Report {
 public:
  // server_cpu_seconds: what the server's process used during the cell, warm-up included; operations of that time.
  void add(const CellKey& key, const Measurement& measured, double server_cpu_seconds);
  void add_durable_write(const Measurement& measured);
  void add_durable_echo(const Measurement& measured);

  void print_table() const;
  // The bars of the data plane, each with what was measured; those whose cells did not run are left out.
  void print_bars() const;
  std::string json(const RunDescription& run) const;

 private:
  struct Cell {
    std::vector<double> rates;
    Histogram latency_ns;
    uint64_t operations = 0;
    double server_cpu_seconds = 0;
    void add(const Measurement& measured);
    double rate() const;  // the median
    double server_cpu_us() const;
  };
  struct Bar {
    std::string name;
    double measured = 0, wanted = 0;
  };
  std::vector<Bar> bars() const;
  // 0 when it did not run.
  double rate(const CellKey& key) const;

  std::map<CellKey, Cell> cells_;
  Cell durable_write_, durable_echo_;
};

}  // namespace varve::bench
