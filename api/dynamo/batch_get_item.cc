// BatchGetItem: up to 100 keys over several tables. Items that are not there are left out; what does not fit into 16 MB is handed
// back as unprocessed.
#include <set>

#include "api/dynamo/capacity.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/parameters.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxKeys = 100;
constexpr size_t kMaxReplyBytes = 16u << 20;
constexpr size_t kMaxPartitionBytes = 1u << 20;  // of the items of one partition key

// One table's part of the request, validated.
struct Part {
  TableRef table;
  std::optional<expression::Projection> projection;
  std::vector<index::PrimaryKey> keys;
};

// The checks that need no table.
Outcome<std::optional<expression::Projection>> bind(const Context& context,
                                                    const KeysAndAttributes& request) {
  VARVE_RETURN_IF_FAILED(check_parameter_forms(
      {{"ProjectionExpression", request.projection_expression.has_value(), /*takes_values=*/false}},
      request.attributes, request.notes, request.attributes_to_get));
  for (const Item& key : request.keys) VARVE_RETURN_IF_FAILED(check_item_values(key, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto projection, bind_projection(request.projection_expression,
                                                        request.attributes_to_get, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return projection;
}

Failure resolve_keys(const KeysAndAttributes& request, Part* part) {
  const index::KeySchema& schema = part->table->description.key_schema;
  std::set<std::string> seen;
  for (const Item& key_item : request.keys) {
    VARVE_ASSIGN_OR_FAIL_STATUS(index::PrimaryKey key, index::key_of_parameter(schema, key_item));
    if (!seen.insert(index::encode_tree_key(key)).second) {
      return validation_error("Provided list of item keys contains duplicates");
    }
    part->keys.push_back(std::move(key));
  }
  if (part->projection) return check_key_paths(*part->table, *part->projection);
  return std::nullopt;
}

Outcome<std::vector<Part>> prepare(const Context& context, const BatchGetItemRequest& request) {
  if (request.tables.empty())
    return validation_error("The requestItems parameter is required for BatchGetItem");
  size_t keys = 0;
  for (const auto& [name, entry] : request.tables) {
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice checked, table_name(name, TableNameUse::kExisting));
    keys += entry.keys.size();
  }
  if (keys > kMaxKeys) return validation_error("Too many items requested for the BatchGetItem call");
  std::vector<Part> parts(request.tables.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    VARVE_ASSIGN_OR_FAIL(parts[i].projection, bind(context, request.tables[i].second));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    VARVE_ASSIGN_OR_FAIL(parts[i].table, context.table_for_items(request.tables[i].first));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    VARVE_RETURN_IF_FAILED(resolve_keys(request.tables[i].second, &parts[i]));
  }
  return parts;
}

class Reader {
 public:
  explicit Reader(const Context& context) : context_(context) {}

  Failure read(const Part& part, bool consistent, BatchGetItemResult::Table* out) {
    std::vector<size_t> sizes(part.keys.size(), 0);
    size_t table_bytes = 0;
    for (size_t i = 0; i < part.keys.size(); ++i) {
      if (reply_bytes_ >= kMaxReplyBytes) {
        out->unprocessed_keys.push_back(i);
        continue;
      }
      VARVE_RETURN_IF_FAILED(read_item(context_, *part.table, part.keys[i], &item_));
      const size_t size_bytes = item_.found() ? item_.view().size_bytes() : 0;
      if (reply_bytes_ + size_bytes > kMaxReplyBytes) {
        reply_bytes_ = kMaxReplyBytes;
        out->unprocessed_keys.push_back(i);
        continue;
      }
      sizes[i] = size_bytes;
      table_bytes += size_bytes;
      // What goes over stays counted, so that no other key of the partition slips in behind it. An item that is not there has no size.
      if (size_bytes > 0 && table_bytes > kMaxPartitionBytes &&
          bytes_of_partition(part, sizes, i) > kMaxPartitionBytes) {
        out->unprocessed_keys.push_back(i);
        continue;
      }
      reply_bytes_ += size_bytes;
      out->consumed_capacity.units += read_units(size_bytes, consistent);
      if (!item_.found()) continue;
      VARVE_RETURN_IF_FAILED(append(part, out));
    }
    return std::nullopt;
  }

 private:
  // Of the keys up to and including `last` that share its partition key.
  static size_t bytes_of_partition(const Part& part, const std::vector<size_t>& sizes, size_t last) {
    size_t bytes = 0;
    for (size_t i = 0; i <= last; ++i) {
      if (part.keys[i].partition == part.keys[last].partition) bytes += sizes[i];
    }
    return bytes;
  }

  Failure append(const Part& part, BatchGetItemResult::Table* out) {
    if (!part.projection) {
      out->items.append(item_.bytes());
      return std::nullopt;
    }
    VARVE_ASSIGN_OR_FAIL_STATUS(const Item projected, part.projection->apply(item_.view()));
    out->items.append(index::encode_item(projected));
    return std::nullopt;
  }

  const Context& context_;
  StoredItem item_;
  size_t reply_bytes_ = 0;
};

}  // namespace

Outcome<BatchGetItemResult> batch_get_item(const Context& context, const BatchGetItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const std::vector<Part> parts, prepare(context, request));
  BatchGetItemResult result;
  Reader reader(context);
  for (size_t i = 0; i < parts.size(); ++i) {
    BatchGetItemResult::Table& table = result.tables.emplace_back();
    table.name = request.tables[i].first;
    table.consumed_capacity.table = parts[i].table->description.name;
    VARVE_RETURN_IF_FAILED(reader.read(parts[i], request.tables[i].second.consistent_read, &table));
  }
  return result;
}

}  // namespace varve::api::dynamo
