// Requests: the table that every system under test gets, its items, and the text of each request, made from a seed. The
// same bytes go to every system.
//
// The table: partition key pk (S), sort key sk (N), 20 items a collection. An item is 1,000 bytes by DynamoDB's measure:
// its keys, a name (S), a score (N), a flag (BOOL), a list of three strings (L), and a text (S) that takes up the rest.
//
// Threads: one. Ownership: `out` strings are the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/slice.h"

namespace varve::bench {

enum class Operation { kEmptyReply, kPutItem, kGetItem, kUpdateItem, kQuery, kBatchWriteItem };

// "GET /", "PutItem", ...
const char* name_of(Operation operation);
std::vector<Operation> all_operations();

inline constexpr uint64_t kItemsPerCollection = 20;
inline constexpr uint64_t kItemsPerBatch = 25;
inline constexpr char kTableName[] = "Bench";

class Requests {
 public:
  // `items`: how many the table holds, a multiple of 100, so that collections and batches are whole.
  Requests(uint64_t items, uint64_t seed);

  static std::string create_table_body();
  // Batch `number` of items / kItemsPerBatch, in order: the load before anything is measured.
  void append_load_body(uint64_t number, std::string* out);

  // A whole HTTP request of this operation on random items that are there.
  void append_http(Operation operation, std::string* out);

 private:
  void append_key(uint64_t item);
  void append_item(uint64_t item);
  void append_body(Operation operation);
  void append_batch(uint64_t first_item);

  const uint64_t items_;
  Random random_;
  std::string texts_;  // what item texts are cut from
  std::string body_;
};

}  // namespace varve::bench
