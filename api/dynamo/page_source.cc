#include "api/dynamo/page_source.h"

#include <algorithm>

#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

// [a, b], each once.
std::string bracketed(std::vector<std::string> names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i)) {
      continue;
    }
    if (!text.empty()) text += ", ";
    text += names[i];
  }
  return "[" + text + "]";
}

}  // namespace

Outcome<PageSource> PageSource::find(const Table& table, const std::optional<std::string>& index_name) {
  PageSource source(table);
  if (!index_name) return source;
  const auto i = table.find_index(*index_name);
  if (!i) return validation_error("The table does not have the specified index: " + *index_name);
  source.index_ = &table.index(*i);
  source.keyspace_ = table.index_entries[*i];
  if (source.index_->status == IndexStatus::kCreating) {
    return validation_error("Cannot read from backfilling global secondary index: " + *index_name);
  }
  return source;
}

index::KeyParts PageSource::keys() const {
  if (index_ != nullptr) return index_->schema.keys();
  return table_->description.key_schema;
}

Outcome<Item> PageSource::key_of(const index::ItemView& item) const {
  Item key;
  const auto add = [&](std::span<const index::KeyAttribute> attributes) -> Status {
    for (const index::KeyAttribute& attribute : attributes) {
      const auto value = item.find(attribute.name);
      if (!value)
        return Status::corruption("table", 0, "an item without its key attribute " + attribute.name);
      VARVE_ASSIGN_OR_RETURN(AttributeValue decoded, value->decode());
      key.set(attribute.name, std::move(decoded));
    }
    return {};
  };
  for (const index::KeyParts& parts : {keys(), index::KeyParts(table_->description.key_schema)}) {
    VARVE_RETURN_IF_FAILED(failure_of(add(parts.partition)));
    VARVE_RETURN_IF_FAILED(failure_of(add(parts.sort)));
  }
  return key;
}

size_t PageSource::key_size() const {
  const index::KeyParts table(table_->description.key_schema);
  if (index_ == nullptr) return table.size();
  size_t size = table.size();
  for (const auto* part : {&index_->schema.partition, &index_->schema.sort}) {
    for (const index::KeyAttribute& attribute : *part) size += table.is_key(attribute.name) ? 0 : 1;
  }
  return size;
}

size_t PageSource::tree_key_components() const {
  const size_t table = index::KeyParts(table_->description.key_schema).size();
  return index_ == nullptr ? table : keys().size() + table;
}

Failure PageSource::check_index_part(const Item& start_key) const {
  if (index_ == nullptr) return std::nullopt;
  for (const auto* part : {&index_->schema.partition, &index_->schema.sort}) {
    for (const index::KeyAttribute& attribute : *part) {
      const AttributeValue* const value = start_key.find(attribute.name);
      if (value == nullptr) return validation_error("The provided starting key is invalid");
      if (!value->is(attribute.type)) {
        return validation_error("The provided key element does not match the schema");
      }
    }
  }
  return std::nullopt;
}

Result<std::string> PageSource::tree_key(const Item& start_key) const {
  const index::KeySchema& schema = table_->description.key_schema;
  if (index_ == nullptr) {
    VARVE_ASSIGN_OR_RETURN(const index::PrimaryKey key, index::key_of_parameter(schema, start_key));
    return index::encode_tree_key(key);
  }
  Item table_part;
  for (const auto& attribute : start_key) {
    if (schema.is_key(attribute.name)) table_part.set(attribute.name, attribute.value);
  }
  VARVE_ASSIGN_OR_RETURN(const index::PrimaryKey key, index::key_of_parameter(schema, table_part));
  std::string bytes;
  index::begin_tree_key(&bytes);
  const auto append = [&](const std::vector<index::KeyAttribute>& part) {
    for (const index::KeyAttribute& attribute : part) {
      index::append_key_component(*start_key.find(attribute.name), &bytes);
    }
  };
  append(index_->schema.partition);
  index::finish_partition_prefix(&bytes);
  append(index_->schema.sort);
  bytes.append(Slice(index::encode_tree_key(key)).substr(index::kKeyHashBytes));
  return bytes;
}

bool PageSource::holds(Slice attribute) const {
  return index_ == nullptr || index_->schema.projects(attribute, table_->description.key_schema);
}

Failure PageSource::check_filter(const expression::Condition& filter) const {
  std::vector<std::string> missing;
  for (const expression::DocumentPath& path : filter.paths()) {
    if (!holds(path.root())) missing.push_back(path.root());
  }
  if (missing.empty()) return std::nullopt;
  return invalid_parameter(
      "Secondary index " + index_->schema.name +
      " does not project one or more filter attributes: " + bracketed(std::move(missing)));
}

Outcome<bool> PageSource::must_fetch(std::optional<Select> select,
                                     const std::vector<expression::DocumentPath>* projection) const {
  if (index_ == nullptr || index_->schema.projection == index::ProjectionType::kAll) return false;
  if (select == Select::kAllAttributes) {
    if (!is_global_index()) return true;
    return invalid_parameter("Select type ALL_ATTRIBUTES is not supported for global secondary index " +
                             index_->schema.name + " because its projection type is not ALL");
  }
  std::vector<std::string> missing;
  if (projection != nullptr) {
    for (const expression::DocumentPath& path : *projection) {
      if (!holds(path.root())) missing.push_back(path.root());
    }
  }
  if (missing.empty() || !is_global_index()) return !missing.empty();
  return invalid_parameter("Global secondary index " + index_->schema.name + " does not project " +
                           bracketed(std::move(missing)));
}

}  // namespace varve::api::dynamo
