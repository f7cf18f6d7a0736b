// What a stream says, read whole through the public operations, shard by shard from parent to child; and the table that it describes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/operations.h"
#include "api/varve.h"
#include "index/item_codec.h"

namespace varve::api {

// Every record that can be read now. An error's message is in *problem.
inline std::vector<ChangeRecord> read_stream(const dynamo::Context& context, const std::string& arn,
                                             std::string* problem, int64_t page = 1000) {
  std::vector<ChangeRecord> records;
  DescribeStreamRequest describe{arn, {}, {}, {}};
  do {
    const auto stream = dynamo::describe_stream(context, describe);
    if (!stream.ok()) {
      *problem = stream.error().message;
      return records;
    }
    for (const ShardDescription& shard : stream->shards) {
      auto iterator =
          dynamo::get_shard_iterator(context, {arn, shard.id, ShardIteratorType::kTrimHorizon, {}});
      if (!iterator.ok()) {
        *problem = iterator.error().message;
        return records;
      }
      std::optional<std::string> next = *iterator;
      while (next) {
        auto got = dynamo::get_records(context, {*next, page});
        if (!got.ok()) {
          *problem = got.error().message;
          return records;
        }
        next = got->next_shard_iterator;
        const bool idle = got->records.empty();
        for (ChangeRecord& record : got->records) records.push_back(std::move(record));
        if (idle && !shard.ending_sequence_number) break;  // all there is now
      }
    }
    describe.exclusive_start_shard_id = stream->last_evaluated_shard_id;
  } while (describe.exclusive_start_shard_id);
  return records;
}

inline std::vector<ChangeRecord> read_stream(Database* database, const std::string& arn, std::string* problem,
                                             int64_t page = 1000) {
  return read_stream(database->context(), arn, problem, page);
}

using TableContents = std::map<std::string, std::string>;  // encoded key -> encoded item

// The table after the records, which begin with `table`. *problem: the first record that does not fit what came before.
inline TableContents replay(const std::vector<ChangeRecord>& records, std::string* problem,
                            TableContents table = {}) {
  std::string last_number;
  for (const ChangeRecord& record : records) {
    const auto complain = [&](const std::string& what) {
      if (problem->empty()) *problem = what + " at " + record.sequence_number;
    };
    if (record.sequence_number <= last_number) complain("a number that does not rise");
    last_number = record.sequence_number;
    const std::string key = index::encode_item(record.keys);
    const auto before = table.find(key);
    const bool was_there = before != table.end();
    if (was_there != (record.event != StreamEvent::kInsert))
      complain("an event that does not fit the item's state");
    if (was_there != record.old_image.has_value()) complain("an old image too many or too few");
    if (was_there && record.old_image && index::encode_item(*record.old_image) != before->second) {
      complain("an old image that is not the new image before");
    }
    if (record.new_image.has_value() != (record.event != StreamEvent::kRemove)) {
      complain("a new image too many or too few");
    }
    if (record.new_image) {
      table[key] = index::encode_item(*record.new_image);
      if (was_there && record.old_image == record.new_image) complain("a record of no change");
    } else {
      table.erase(key);
    }
  }
  return table;
}

inline TableContents scan_table(Database* database, const std::string& table,
                                const index::KeySchema& schema) {
  TableContents contents;
  ScanRequest request;
  request.table = table;
  while (true) {
    auto page = database->scan(request);
    CHECK(page.ok());
    for (size_t i = 0; i < page->items.size(); ++i) {
      auto item = page->items.decode(i);
      CHECK(item.ok());
      auto key = index::key_of_item(schema, *item);
      CHECK(key.ok());
      contents[index::encode_item(key->to_item(schema))] = index::encode_item(*item);
    }
    if (!page->last_evaluated_key) return contents;
    request.exclusive_start_key = page->last_evaluated_key;
  }
}

}  // namespace varve::api
