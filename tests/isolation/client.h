// Client: what a history is made of, as requests over one face of the database (tests/support/faces.h). Two tables hold one item
// collection each, of accounts and registers. An account has a balance n, a list l of the values written to it, and their count c,
// which every write raises; so an item shows by itself whether a write to it was whole. A register has one value, v.
//
// Threads: one at a time; it waits for each answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/isolation/history.h"
#include "tests/support/faces.h"

namespace varve::isolation {

inline constexpr int kTables = 2;
inline constexpr int kAccounts = 3;   // of each table
inline constexpr int kRegisters = 2;  // of each table
inline constexpr int64_t kOpening = 100;

// Of an item: its table and what it is there, as "1/a2": account 2 of table 1.
std::string account_key(int table, int number);
std::string register_key(int table, int number);
bool is_register(const std::string& key);
std::vector<std::string> account_keys(int table);
std::vector<std::string> all_keys();

// An item as a read shows it. `whole` is false when its parts contradict each other.
struct Seen {
  std::string key;
  std::vector<int64_t> values;
  int64_t balance = 0;
  bool whole = true;
};

// One write of a transaction: a value appended to an account, and an amount added to its balance, which may not fall below zero.
struct Posting {
  std::string key;
  int64_t value = 0;
  int64_t amount = 0;
};

// A condition of a transaction: that an account still has so many values.
struct Demand {
  std::string key;
  size_t count = 0;
};

class Client {
 public:
  struct Answer {
    Told told = Told::kUnknown;
    std::vector<Seen> items;  // when kDone
  };

  explicit Client(api::Face* face) : face_(face) {}
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Tables and items, for all clients.
  void set_up();

  virtual Answer read(const std::string& key);                    // GetItem
  virtual Answer read_all(const std::vector<std::string>& keys);  // TransactGetItems
  virtual Answer read_table(int table);                           // Query: the accounts
  // UpdateItem; on the condition that the account has `count` values, when there is one. Answers the item as it was left.
  virtual Answer append(const std::string& key, int64_t value, std::optional<size_t> count);
  // UpdateItem of a register that holds `expected` (0: nothing yet).
  virtual Answer compare_and_set(const std::string& key, int64_t expected, int64_t value);
  virtual Answer transact(const std::vector<Posting>& postings, const std::vector<Demand>& demands);

 private:
  Answer call(Slice operation, const std::string& body);
  api::Face* const face_;
};

}  // namespace varve::isolation
