// Loader: puts deb822 records into a table with BatchWriteItem. Every field becomes a string attribute.
//
// A batch is acknowledged as a whole: when the server has taken all of it, what it gave back as unprocessed
// included. Puts are idempotent, so a batch whose outcome is unknown (connection lost, server restarting) is sent
// again, and a load that was cut off may be run again from the start.
//
// Threads: one at a time. Errors: the first that no retry helps against; progress() says how far it got.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/deb822.h"
#include "api/cli/transport.h"
#include "base/result.h"

namespace varve::api {

struct LoadOptions {
  std::string table;
  std::string partition_key = "Section";
  std::string sort_key = "Package";  // empty: the table has none
  uint64_t skip_records = 0;         // records that an earlier run loaded
  // Attempts of one batch, 50 ms apart at first, doubling to 2 s: together about 15 s of a server that is away.
  int max_attempts = 12;
};

struct LoadProgress {
  uint64_t records = 0;  // acknowledged
  uint64_t bytes = 0;    // of input, acknowledged
  uint64_t batches = 0;
  uint64_t retries = 0;
  uint64_t skipped = 0;  // records that lack a key field
};

class Loader {
 public:
  struct Acknowledged {
    uint64_t record_number;
    std::string partition_value, sort_value;
  };
  // Called after each batch is acknowledged. An error ends the load.
  using OnBatch = std::function<Status(const std::vector<Acknowledged>&)>;

  Loader(Transport transport, LoadOptions options)
      : transport_(std::move(transport)), options_(std::move(options)) {}

  // Makes the table when there is none; kInvalidArgument when there is one with other keys.
  Status ensure_table();
  // Loads until the input ends, an error, or keep_going() answers false (asked between batches).
  Status run(Deb822Reader* reader, const OnBatch& on_batch, const std::function<bool()>& keep_going);
  const LoadProgress& progress() const { return progress_; }

 private:
  struct PendingItem {
    std::string key;   // both key values, to find duplicates: BatchWriteItem takes one write per key
    std::string json;  // {"PutRequest":{"Item":{...}}}
  };

  Status create_table();
  Status check_key_schema(Slice describe_answer);
  void add(const Deb822Record& record);
  Status send_batch(const OnBatch& on_batch);
  Status send_with_retries(std::string request);

  const Transport transport_;
  const LoadOptions options_;
  LoadProgress progress_;
  std::vector<PendingItem> items_;
  std::vector<Acknowledged> acknowledged_;
  size_t batch_json_bytes_ = 0;
  size_t batch_input_bytes_ = 0;
};

// Appends text as a JSON string, quotes included.
void append_json_string(Slice text, std::string* out);

}  // namespace varve::api
