#include "tests/isolation/checker.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace varve::isolation {
namespace {

constexpr int64_t kInitial = 0;  // the value of a key that nobody has written

enum class EdgeKind : uint8_t { kWriteWrite, kWriteRead, kReadWrite, kTime };

const char* name_of(EdgeKind kind) {
  constexpr const char* kNames[] = {"is overwritten by", "is seen by", "does not see", "ended before"};
  return kNames[static_cast<size_t>(kind)];
}

struct Edge {
  size_t to = 0;
  EdgeKind kind = EdgeKind::kTime;
};
using Graph = std::vector<std::vector<Edge>>;  // by operation

// The values of one key in the order in which they were written.
struct VersionOrder {
  std::unordered_map<int64_t, int64_t> next;  // value -> the one after it
  std::vector<int64_t> values{kInitial};      // in order
  std::unordered_map<int64_t, size_t> positions{{kInitial, 0}};
};

class Checker {
 public:
  explicit Checker(const std::vector<Operation>& history) : history_(history) {}

  Verdict check() {
    const auto steps = {&Checker::find_writers, &Checker::find_observed, &Checker::count,
                        &Checker::link_values,  &Checker::order_values,  &Checker::find_lost,
                        &Checker::find_cycles};
    for (const auto step : steps) {
      verdict_.violation = (this->*step)();
      if (!verdict_.violation.empty()) break;
    }
    return verdict_;
  }

 private:
  using Value = std::pair<std::string, int64_t>;  // of a key

  std::string find_writers() {
    for (size_t i = 0; i < history_.size(); ++i) {
      for (const Write& write : history_[i].writes) {
        if (!writers_.emplace(Value(write.key, write.value), i).second)
          return "a value is written twice: the test is wrong";
      }
    }
    return "";
  }

  // Every value that anyone saw, and so which of the unknown operations happened.
  std::string find_observed() {
    for (const Operation& operation : history_) {
      if (operation.told != Told::kDone) continue;
      if (std::string problem = observe(operation); !problem.empty()) return problem;
    }
    return "";
  }

  std::string observe(const Operation& operation) {
    for (const Read* read : reads_of(operation)) {
      for (const int64_t value : read->values) {
        const auto writer = writers_.find(Value(read->key, value));
        if (writer == writers_.end()) return "a value that nobody wrote: " + operation.to_string();
        const Operation& source = history_[writer->second];
        if (source.told == Told::kRefused) {
          return "a value of a refused write is seen: " + source.to_string() + " by " + operation.to_string();
        }
        if (!observed_.insert(writer->second).second || source.told == Told::kDone) continue;
        // It happened, so its conditions were met.
        if (std::string problem = observe(source); !problem.empty()) return problem;
      }
    }
    return "";
  }

  static std::vector<const Read*> reads_of(const Operation& operation) {
    std::vector<const Read*> all;
    for (const Read& read : operation.expected) all.push_back(&read);
    for (const Read& read : operation.reads) all.push_back(&read);
    return all;
  }

  std::string count() {
    for (size_t i = 0; i < history_.size(); ++i) {
      if (!happened(i)) continue;
      const Operation& operation = history_[i];
      ++verdict_.operations;
      if (operation.told == Told::kUnknown) ++verdict_.unknown;
      verdict_.reads += operation.expected.size() + operation.reads.size();
      verdict_.writes += operation.writes.size();
    }
    return "";
  }

  bool happened(size_t i) const {
    return history_[i].told == Told::kDone || (history_[i].told == Told::kUnknown && observed_.count(i) > 0);
  }

  std::string link(const std::string& key, int64_t value, int64_t next, const Operation& witness) {
    const auto [old, is_new] = orders_[key].next.try_emplace(value, next);
    if (is_new || old->second == next) return "";
    return "lost update: after value " + std::to_string(value) + " of " + key + " come both " +
           std::to_string(old->second) + " and " + std::to_string(next) + ", the latter in " +
           witness.to_string();
  }

  std::string link_values() {
    for (size_t i = 0; i < history_.size(); ++i) {
      const Operation& operation = history_[i];
      if (!happened(i)) continue;
      for (const Read* read : reads_of(operation)) {
        if (std::string problem = link_read(*read, operation); !problem.empty()) return problem;
      }
    }
    return "";
  }

  std::string link_read(const Read& read, const Operation& operation) {
    int64_t last = read.is_register && !read.values.empty() ? read.values.back() : kInitial;
    for (const int64_t value : read.is_register ? std::vector<int64_t>() : read.values) {
      if (std::string problem = link(read.key, last, value, operation); !problem.empty()) return problem;
      last = value;
    }
    // What it wrote comes right after what it saw.
    for (const Write& write : operation.writes) {
      if (write.key != read.key) continue;
      if (std::string problem = link(read.key, last, write.value, operation); !problem.empty())
        return problem;
    }
    return "";
  }

  std::string order_values() {
    for (auto& [key, order] : orders_) {
      for (auto next = order.next.find(kInitial); next != order.next.end();
           next = order.next.find(next->second)) {
        if (!order.positions.emplace(next->second, order.values.size()).second) {
          return "value " + std::to_string(next->second) + " of " + key + " is there twice";
        }
        order.values.push_back(next->second);
      }
      for (const auto& [value, next] : order.next) {
        if (order.positions.count(value) == 0) {
          return "value " + std::to_string(value) + " of " + key + " is not in the order of its values";
        }
      }
    }
    return "";
  }

  std::string find_lost() {
    for (size_t i = 0; i < history_.size(); ++i) {
      if (!happened(i)) continue;
      const Operation& operation = history_[i];
      for (const Write& write : operation.writes) {
        const auto order = orders_.find(write.key);
        if (order != orders_.end() && order->second.positions.count(write.value) > 0) continue;
        return std::string(operation.told == Told::kDone ? "an acknowledged write is lost: "
                                                         : "a write is torn: ") +
               operation.to_string() + ", value " + std::to_string(write.value);
      }
    }
    return "";
  }

  // The operation that wrote the value at a place of an order; nullopt before the first and after the last.
  std::optional<size_t> writer_at(const std::string& key, size_t position) const {
    const auto order = orders_.find(key);
    if (order == orders_.end() || position == 0 || position >= order->second.values.size())
      return std::nullopt;
    return writers_.at(Value(key, order->second.values[position]));
  }

  size_t position_of(const std::string& key, int64_t value) const {
    const auto order = orders_.find(key);
    return order == orders_.end() ? 0 : order->second.positions.at(value);
  }

  void add_edge(std::optional<size_t> from, std::optional<size_t> to, EdgeKind kind) {
    if (!from || !to || *from == *to) return;
    graph_[*from].push_back({*to, kind});
    ++verdict_.edges;
  }

  void add_dependencies() {
    for (const auto& [key, order] : orders_) {
      for (size_t p = 1; p < order.values.size(); ++p) {
        add_edge(writer_at(key, p), writer_at(key, p + 1), EdgeKind::kWriteWrite);
      }
    }
    for (size_t i = 0; i < history_.size(); ++i) {
      if (!happened(i)) continue;
      for (const Read* read : reads_of(history_[i])) {
        const size_t p = position_of(read->key, read->values.empty() ? kInitial : read->values.back());
        add_edge(writer_at(read->key, p), i, EdgeKind::kWriteRead);
        add_edge(i, writer_at(read->key, p + 1), EdgeKind::kReadWrite);
      }
    }
  }

  // From each operation that ended to those that began later, but for edges that follow from others: once something has begun
  // after an operation's end and ended itself, later ones are ordered through that.
  void add_time() {
    std::vector<std::pair<uint64_t, size_t>> moments;  // an operation's begin and its end
    for (size_t i = 0; i < history_.size(); ++i) {
      if (!happened(i)) continue;
      moments.emplace_back(history_[i].begun, i);
      if (history_[i].ended != kNever) moments.emplace_back(history_[i].ended, i);
    }
    std::sort(moments.begin(), moments.end());
    std::vector<size_t> ended;
    for (const auto& [moment, i] : moments) {
      if (moment == history_[i].begun) {
        for (const size_t earlier : ended) add_edge(earlier, i, EdgeKind::kTime);
        continue;
      }
      std::erase_if(ended,
                    [&, now = i](size_t earlier) { return history_[earlier].ended < history_[now].begun; });
      ended.push_back(i);
    }
  }

  std::string find_cycles() {
    graph_.resize(history_.size());
    add_dependencies();
    if (const std::string problem = describe(shortest_cycle()); !problem.empty()) return problem;
    add_time();
    return describe(shortest_cycle());
  }

  // What remains when operations that nothing leads to are taken away again and again lies on cycles or behind them.
  std::vector<size_t> on_cycles() const {
    std::vector<size_t> incoming(graph_.size(), 0);
    for (const auto& edges : graph_) {
      for (const Edge& edge : edges) ++incoming[edge.to];
    }
    std::deque<size_t> free;
    for (size_t i = 0; i < graph_.size(); ++i) {
      if (incoming[i] == 0) free.push_back(i);
    }
    for (; !free.empty(); free.pop_front()) {
      for (const Edge& edge : graph_[free.front()]) {
        if (--incoming[edge.to] == 0) free.push_back(edge.to);
      }
    }
    std::vector<size_t> rest;
    for (size_t i = 0; i < graph_.size(); ++i) {
      if (incoming[i] > 0) rest.push_back(i);
    }
    return rest;
  }

  struct Step {
    size_t operation = 0;
    EdgeKind kind = EdgeKind::kTime;  // of the edge to the next, the last's to the first
  };

  // The shortest way from an operation back to itself; empty: none.
  std::vector<Step> cycle_through(size_t start) const {
    std::unordered_map<size_t, Step> came_from;  // operation -> where from, and by which edge
    std::deque<size_t> queue{start};
    for (; !queue.empty(); queue.pop_front()) {
      for (const Edge& edge : graph_[queue.front()]) {
        if (!came_from.emplace(edge.to, Step{queue.front(), edge.kind}).second) continue;
        if (edge.to != start) {
          queue.push_back(edge.to);
          continue;
        }
        std::vector<Step> cycle;
        for (Step step = came_from.at(start);; step = came_from.at(step.operation)) {
          cycle.push_back(step);
          if (step.operation == start) break;
        }
        return {cycle.rbegin(), cycle.rend()};
      }
    }
    return {};
  }

  std::vector<Step> shortest_cycle() const {
    constexpr size_t kTries = 100;  // any cycle is a proof, a short one is read sooner
    std::vector<Step> shortest;
    size_t tries = 0;
    for (const size_t start : on_cycles()) {
      std::vector<Step> cycle = cycle_through(start);
      if (!cycle.empty() && (shortest.empty() || cycle.size() < shortest.size())) shortest = std::move(cycle);
      if (++tries >= kTries && !shortest.empty()) break;
    }
    return shortest;
  }

  static std::string anomaly(const std::vector<Step>& cycle) {
    const auto count = [&](EdgeKind kind) {
      return std::count_if(cycle.begin(), cycle.end(),
                           [kind](const Step& step) { return step.kind == kind; });
    };
    const auto unseen = count(EdgeKind::kReadWrite);
    if (count(EdgeKind::kTime) > 0) return unseen > 0 ? "stale read" : "effect before its time";
    if (unseen == 0) return "circular dependency (G1c)";
    return unseen == 1 ? "torn transaction or snapshot (G-single)" : "write skew (G2)";
  }

  std::string describe(const std::vector<Step>& cycle) const {
    if (cycle.empty()) return "";
    std::string text = anomaly(cycle) + ":";
    for (const Step& step : cycle)
      text += "\n  " + history_[step.operation].to_string() + " " + name_of(step.kind);
    return text + " the first";
  }

  const std::vector<Operation>& history_;
  std::map<Value, size_t> writers_;
  std::unordered_set<size_t> observed_;
  std::map<std::string, VersionOrder> orders_;
  Graph graph_;
  Verdict verdict_;
};

}  // namespace

std::string Verdict::to_string() const {
  return std::to_string(operations) + " operations (" + std::to_string(unknown) + " of unknown outcome), " +
         std::to_string(reads) + " reads, " + std::to_string(writes) + " writes, " + std::to_string(edges) +
         " edges" + (violation.empty() ? "" : "\n" + violation);
}

Verdict check_history(const std::vector<Operation>& history) { return Checker(history).check(); }

}  // namespace varve::isolation
