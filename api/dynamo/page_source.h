// PageSource: what Query, Scan and SELECT read: a table or one of its indexes, with the checks and the keys that differ between them.
//
// Threads: any. Ownership: borrows the table.
#pragma once

#include <optional>
#include <string>

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/table.h"
#include "api/expression/condition.h"
#include "api/expression/path.h"
#include "base/ids.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

class PageSource {
 public:
  explicit PageSource(const Table& table) : table_(&table), keyspace_(table.items) {}
  // Refuses an index that is not there or still being filled.
  static Outcome<PageSource> find(const Table& table, const std::optional<std::string>& index_name);

  const Table& table() const { return *table_; }
  // nullptr: the table itself.
  const IndexDescription* index() const { return index_; }
  bool is_global_index() const { return index_ != nullptr && index_->schema.is_global(); }
  KeyspaceId keyspace() const { return keyspace_; }
  // The keys that it is searched by and ordered by.
  index::KeyParts keys() const;

  // LastEvaluatedKey of an item or an entry: its attributes of the index's key and the table's.
  Outcome<Item> key_of(const index::ItemView& item) const;
  // How many attributes such a key has.
  size_t key_size() const;
  // How many components a key in its tree has.
  size_t tree_key_components() const;
  // Whether the attributes of the index's key are there and of its types: "The provided starting key is invalid", "The provided key element
  // does not match the schema".
  Failure check_index_part(const Item& start_key) const;
  // The key in the tree of the item or the entry. Errors are those of index::key_of_parameter on the table's part; check_index_part and
  // the size were checked.
  Result<std::string> tree_key(const Item& start_key) const;

  // Whether every item that is read holds the attribute.
  bool holds(Slice attribute) const;
  // For queries by key: "Secondary index i does not project one or more filter attributes: [a]".
  Failure check_filter(const expression::Condition& filter) const;
  // Which attributes are asked for beyond those held, as Select and the paths of a projection say. A local index answers whether they must be
  // fetched from the table; a global one refuses.
  Outcome<bool> must_fetch(std::optional<Select> select,
                           const std::vector<expression::DocumentPath>* projection) const;

 private:
  const Table* table_;
  const IndexDescription* index_ = nullptr;
  KeyspaceId keyspace_;
};

}  // namespace varve::api::dynamo
