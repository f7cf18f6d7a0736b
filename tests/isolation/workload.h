// The workload of a history: clients that read, append, compare and set, transfer money and run transactions on a few hot items, and
// record what they asked and were told. What needs no ordering of operations is checked at once: an item contradicts itself, or a
// snapshot of all accounts does not have the sum that every transfer keeps.
//
// Threads: Workload is shared by its clients.
#pragma once

#include <atomic>
#include <string>

#include "base/io/mutex.h"
#include "base/random.h"
#include "tests/isolation/checker.h"
#include "tests/isolation/client.h"
#include "tests/isolation/history.h"

namespace varve::isolation {

class Workload {
 public:
  // Carries out `count` operations, chosen from the seed, as client number `number`.
  void run(Client* client, int number, uint64_t seed, int count);
  // Reads every item once all clients are done, and checks the whole. `client` is to be trusted.
  Verdict finish(Client* client);

  History* history() { return &history_; }
  // Something was found already, so that going on is of no use.
  bool has_failed();

 private:
  class Session;
  void fail(const std::string& violation);
  int64_t next_value() { return ++values_; }
  void look_at(const std::vector<Seen>& items, const std::string& what);

  History history_;
  std::atomic<int64_t> values_{0};  // unique numbers; pairs with nothing
  io::Mutex mutex_;
  std::string violation_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::isolation
