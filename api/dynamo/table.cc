#include "api/dynamo/table.h"

#include <algorithm>

#include "api/dynamo/constraints.h"
#include "api/dynamo/key_attribute_coding.h"
#include "base/coding.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

enum Flag : uint8_t {
  kHasSortKey = 1,
  kDeletionProtection = 2,
  kHasTableClass = 4,
};

// What not every table has, after the rest.
enum Section : uint8_t {
  kTransition = 1,
  kOnDemandThroughput = 2,
  kWarmThroughput = 3,
  kResourcePolicy = 4,
  kIndexes = 5,
  kStream = 6,
  kExpiry = 7,
  kDestination = 8,
  kDecreases = 9,
  kIndexCapacities = 10,
};
constexpr uint8_t kVersionWithoutSections = 1;

void write_optional_time(const std::optional<uint64_t>& time_us, ByteWriter* out) {
  out->u64(time_us.value_or(0));
}

std::optional<uint64_t> read_optional_time(ByteReader* in) {
  const uint64_t time_us = in->u64();
  if (time_us == 0) return std::nullopt;
  return time_us;
}

// Counts come before what they count, so a damaged one runs into the end of the bytes and stops.
bool read_tags(ByteReader* in, std::vector<Tag>* tags) {
  for (uint64_t left = in->varint(); left > 0 && !in->failed(); --left) {
    Tag tag;
    tag.key = in->string();
    tag.value = in->string();
    tags->push_back(std::move(tag));
  }
  return !in->failed();
}

void write_stream(const Table& table, ByteWriter* out) {
  const TableDescription& d = table.description;
  out->string(d.latest_stream_label);
  out->u8(table.stream ? 1 : 0);
  if (!table.stream) return;
  out->u8(static_cast<uint8_t>(*d.stream_view_type));
  out->varint(table.stream->shard);
}

bool read_stream(ByteReader* in, Table* table) {
  table->description.latest_stream_label = in->string();
  const uint8_t enabled = in->u8();
  if (enabled > 1) return false;
  if (enabled == 1) {
    const uint8_t view_type = in->u8();
    if (view_type > static_cast<uint8_t>(StreamViewType::kNewAndOldImages)) return false;
    table->description.stream_view_type = static_cast<StreamViewType>(view_type);
    table->stream.emplace().shard = in->varint();
  }
  return !in->failed() && !table->description.latest_stream_label.empty();
}

void write_expiry(const TableExpiry& expiry, ByteWriter* out) {
  out->string(expiry.attribute);
  out->u64(expiry.enabled_us);
  out->u8(expiry.filling ? 1 : 0);
}

bool read_expiry(ByteReader* in, TableExpiry* expiry) {
  expiry->attribute = in->string();
  expiry->enabled_us = in->u64();
  const uint8_t filling = in->u8();
  expiry->filling = filling == 1;
  return !in->failed() && filling <= 1 && !expiry->attribute.empty();
}

enum DestinationFlag : uint8_t { kActive = 1, kMicroseconds = 2 };

void write_destination(const TableDestination& destination, ByteWriter* out) {
  out->string(destination.stream_arn);
  out->u64(destination.enabled_us);
  out->u8(static_cast<uint8_t>((destination.active ? kActive : 0) |
                               (destination.microseconds ? kMicroseconds : 0)));
}

bool read_destination(ByteReader* in, TableDestination* destination) {
  destination->stream_arn = in->string();
  destination->enabled_us = in->u64();
  const uint8_t flags = in->u8();
  destination->active = (flags & kActive) != 0;
  destination->microseconds = (flags & kMicroseconds) != 0;
  return !in->failed() && (flags & ~(kActive | kMicroseconds)) == 0;
}

// Units that may be absent: 0, else their number and 2, because -1 is one of them.
void write_optional_units(const std::optional<int64_t>& units, ByteWriter* out) {
  out->varint(units ? static_cast<uint64_t>(*units + 2) : 0);
}

std::optional<int64_t> read_optional_units(ByteReader* in) {
  const uint64_t stored = in->varint();
  if (stored == 0) return std::nullopt;
  return static_cast<int64_t>(stored) - 2;
}

void write_keys(const std::vector<index::KeyAttribute>& keys, ByteWriter* out) {
  out->varint(keys.size());
  for (const index::KeyAttribute& key : keys) write_key(key, out);
}

bool read_keys(ByteReader* in, std::vector<index::KeyAttribute>* keys) {
  for (uint64_t left = in->varint(); left > 0 && !in->failed(); --left) {
    if (!read_key(in, &keys->emplace_back())) return false;
  }
  return !in->failed() && keys->size() <= index::kMaxIndexKeyAttributes;
}

std::string encode_indexes(const std::vector<IndexDescription>& indexes) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.varint(indexes.size());
  for (const IndexDescription& index : indexes) {
    out.string(index.id);
    out.string(index.schema.name);
    out.u8(static_cast<uint8_t>(index.schema.kind));
    out.u8(static_cast<uint8_t>(index.status));
    out.u8(static_cast<uint8_t>(index.schema.projection));
    write_keys(index.schema.partition, &out);
    write_keys(index.schema.sort, &out);
    out.varint(index.schema.non_key_attributes.size());
    for (const std::string& name : index.schema.non_key_attributes) out.string(name);
    out.varint(static_cast<uint64_t>(index.throughput.read_units));
    out.varint(static_cast<uint64_t>(index.throughput.write_units));
    write_optional_time(index.throughput_changes.last_increase_us, &out);
    write_optional_time(index.throughput_changes.last_decrease_us, &out);
  }
  return bytes;
}

bool read_index(ByteReader* in, IndexDescription* index) {
  index->id = in->string();
  index->schema.name = in->string();
  const uint8_t kind = in->u8();
  const uint8_t status = in->u8();
  const uint8_t projection = in->u8();
  // An index that is being updated or deleted is not stored so: both are done in one step.
  if (kind > 1 || status > 1 || projection > 2) return false;
  index->schema.kind = static_cast<index::IndexKind>(kind);
  index->status = static_cast<IndexStatus>(status);
  index->backfilling = index->status == IndexStatus::kCreating;
  index->schema.projection = static_cast<index::ProjectionType>(projection);
  if (!read_keys(in, &index->schema.partition) || index->schema.partition.empty()) return false;
  if (!read_keys(in, &index->schema.sort)) return false;
  for (uint64_t left = in->varint(); left > 0 && !in->failed(); --left) {
    index->schema.non_key_attributes.emplace_back(in->string());
  }
  index->throughput.read_units = static_cast<int64_t>(in->varint());
  index->throughput.write_units = static_cast<int64_t>(in->varint());
  index->throughput_changes.last_increase_us = read_optional_time(in);
  index->throughput_changes.last_decrease_us = read_optional_time(in);
  return !in->failed();
}

bool read_indexes(ByteReader* in, std::vector<IndexDescription>* indexes) {
  for (uint64_t left = in->varint(); left > 0 && !in->failed(); --left) {
    if (!read_index(in, &indexes->emplace_back())) return false;
  }
  return !in->failed() && !indexes->empty();
}

// Sections 2 and 3, and what an index has of both.
void write_bounds(const OnDemandThroughput& bounds, ByteWriter* out) {
  write_optional_units(bounds.max_read_units, out);
  write_optional_units(bounds.max_write_units, out);
}
void read_bounds(ByteReader* in, OnDemandThroughput* bounds) {
  bounds->max_read_units = read_optional_units(in);
  bounds->max_write_units = read_optional_units(in);
}
void write_units(const Throughput& units, ByteWriter* out) {
  out->varint(static_cast<uint64_t>(units.read_units));
  out->varint(static_cast<uint64_t>(units.write_units));
}
void read_units(ByteReader* in, Throughput* units) {
  units->read_units = static_cast<int64_t>(in->varint());
  units->write_units = static_cast<int64_t>(in->varint());
}

bool has_index_capacities(const TableDescription& table) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [](const IndexDescription& index) {
    return index.on_demand_throughput || index.warm_throughput;
  });
}

void write_index_capacity(const IndexDescription& index, ByteWriter* out) {
  write_bounds(index.on_demand_throughput.value_or(OnDemandThroughput()), out);
  write_units(index.warm_throughput.value_or(Throughput()), out);
}

void read_index_capacity(ByteReader* in, IndexDescription* index) {
  OnDemandThroughput bounds;
  read_bounds(in, &bounds);
  if (bounds.max_read_units || bounds.max_write_units) index->on_demand_throughput = bounds;
  Throughput warm;
  read_units(in, &warm);
  if (warm != Throughput()) index->warm_throughput = warm;
}

// All the counts of decreases, the table's before its indexes'.
template <typename Description, typename Visit>
void visit_decreases(Description* table, const Visit& visit) {
  visit(&table->throughput_changes.decreases);
  for (auto& index : table->indexes) visit(&index.throughput_changes.decreases);
}

bool has_decreases(const TableDescription& table) {
  uint64_t all = 0;
  visit_decreases(&table, [&](const uint64_t* count) { all |= *count; });
  return all != 0;
}

std::vector<std::pair<Section, std::string>> sections_of(const Table& table) {
  std::vector<std::pair<Section, std::string>> sections;
  const auto add = [&](Section section) { return ByteWriter(&sections.emplace_back(section, "").second); };
  if (table.transition.status != TableStatus::kActive) {
    ByteWriter out = add(kTransition);
    out.u8(static_cast<uint8_t>(table.transition.status));
    out.u64(table.transition.until_us);
  }
  if (const auto& units = table.description.on_demand_throughput) {
    ByteWriter out = add(kOnDemandThroughput);
    write_bounds(*units, &out);
  }
  if (const auto& units = table.description.warm_throughput) {
    ByteWriter out = add(kWarmThroughput);
    write_units(*units, &out);
  }
  if (table.policy) {
    ByteWriter out = add(kResourcePolicy);
    out.string(table.policy->revision_id);
    out.string(table.policy->text);
  }
  if (!table.description.indexes.empty()) {
    sections.emplace_back(kIndexes, encode_indexes(table.description.indexes));
  }
  if (!table.description.latest_stream_label.empty()) {
    ByteWriter out = add(kStream);
    write_stream(table, &out);
  }
  if (table.expiry) {
    ByteWriter out = add(kExpiry);
    write_expiry(*table.expiry, &out);
  }
  if (table.destination) {
    ByteWriter out = add(kDestination);
    write_destination(*table.destination, &out);
  }
  if (has_decreases(table.description)) {
    ByteWriter out = add(kDecreases);
    visit_decreases(&table.description, [&](const uint64_t* count) { out.varint(*count); });
  }
  if (has_index_capacities(table.description)) {
    ByteWriter out = add(kIndexCapacities);
    for (const IndexDescription& index : table.description.indexes) write_index_capacity(index, &out);
  }
  return sections;
}

bool read_section(uint8_t section, ByteReader* in, Table* table) {
  switch (section) {
    case kTransition: {
      const uint8_t status = in->u8();
      table->transition = {static_cast<TableStatus>(status), in->u64()};
      return status <= static_cast<uint8_t>(TableStatus::kDeleting) &&
             table->transition.status != TableStatus::kActive;
    }
    case kOnDemandThroughput:
      read_bounds(in, &table->description.on_demand_throughput.emplace());
      return true;
    case kWarmThroughput:
      read_units(in, &table->description.warm_throughput.emplace());
      return true;
    case kResourcePolicy: {
      ResourcePolicy& policy = table->policy.emplace();
      policy.revision_id = in->string();
      policy.text = in->string();
      return true;
    }
    case kIndexes:
      return read_indexes(in, &table->description.indexes);
    case kStream:
      return read_stream(in, table);
    case kExpiry:
      return read_expiry(in, &table->expiry.emplace());
    case kDestination:
      return read_destination(in, &table->destination.emplace());
    case kDecreases:
      visit_decreases(&table->description, [&](uint64_t* count) { *count = in->varint(); });
      return has_decreases(table->description);
    case kIndexCapacities:
      for (IndexDescription& index : table->description.indexes) read_index_capacity(in, &index);
      return has_index_capacities(table->description);
    default:
      return false;
  }
}

// Each at most once, in the order of their numbers.
bool read_sections(ByteReader* in, Table* table) {
  uint8_t last = 0;
  for (uint64_t left = in->varint(); left > 0 && !in->failed(); --left) {
    const uint8_t section = in->u8();
    ByteReader content(in->string());
    if (section <= last || !read_section(section, &content, table) || !content.done()) return false;
    last = section;
  }
  return !in->failed();
}

Status damaged(const ByteReader& in, Slice what) {
  return Status::corruption("catalog", in.offset(), "table entry: " + std::string(what));
}

}  // namespace

std::optional<size_t> Table::find_index(Slice name) const {
  for (size_t i = 0; i < index_count(); ++i) {
    if (index(i).schema.name == name) return i;
  }
  return std::nullopt;
}

bool Table::has_local_index() const {
  // Local ones come first.
  return index_count() > 0 && !index(0).schema.is_global();
}

TableRef newest(TableRef table) {
  while (table != nullptr && table->successor.exists()) table = table->successor.get();
  return table;
}

std::string encode_table(const Table& table) {
  const TableDescription& d = table.description;
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kTableFormatVersion);
  out.u8(static_cast<uint8_t>((d.key_schema.sort ? kHasSortKey : 0) |
                              (d.deletion_protection ? kDeletionProtection : 0) |
                              (d.table_class ? kHasTableClass : 0)));
  out.string(d.name);
  out.string(d.id);
  out.u64(d.created_us);
  write_key(d.key_schema.partition, &out);
  if (d.key_schema.sort) write_key(*d.key_schema.sort, &out);
  out.u8(static_cast<uint8_t>(d.billing_mode));
  out.u8(static_cast<uint8_t>(d.table_class.value_or(TableClass::kStandard)));
  out.varint(static_cast<uint64_t>(d.throughput.read_units));
  out.varint(static_cast<uint64_t>(d.throughput.write_units));
  write_optional_time(d.pay_per_request_since_us, &out);
  write_optional_time(d.throughput_changes.last_increase_us, &out);
  write_optional_time(d.throughput_changes.last_decrease_us, &out);
  write_optional_time(d.table_class_updated_us, &out);
  out.varint(d.attribute_definitions.size());
  for (const AttributeDefinition& definition : d.attribute_definitions) {
    out.string(definition.name);
    out.u8(static_cast<uint8_t>(definition.type));
  }
  out.varint(table.tags.size());
  for (const Tag& tag : table.tags) {
    out.string(tag.key);
    out.string(tag.value);
  }
  const auto sections = sections_of(table);
  out.varint(sections.size());
  for (const auto& [section, content] : sections) {
    out.u8(section);
    out.string(content);
  }
  return bytes;
}

std::optional<TableStatus> Table::status() const {
  if (transition.status == TableStatus::kActive) return TableStatus::kActive;
  if (io::wall_us() < transition.until_us) return transition.status;
  if (transition.status == TableStatus::kDeleting) return std::nullopt;
  return TableStatus::kActive;
}

Result<Table> decode_table(Slice encoded) {
  Table table;
  TableDescription& d = table.description;
  ByteReader in(encoded);
  const uint8_t version = in.u8();
  if (version != kTableFormatVersion && version != kVersionWithoutSections)
    return damaged(in, "version " + std::to_string(version));
  const uint8_t flags = in.u8();
  if ((flags & ~(kHasSortKey | kDeletionProtection | kHasTableClass)) != 0)
    return damaged(in, "unknown flags");
  d.deletion_protection = (flags & kDeletionProtection) != 0;
  d.name = in.string();
  d.id = in.string();
  d.arn = table_arn(d.name);
  d.created_us = in.u64();
  if (!read_key(&in, &d.key_schema.partition)) return damaged(in, "partition key");
  if ((flags & kHasSortKey) != 0 && !read_key(&in, &d.key_schema.sort.emplace()))
    return damaged(in, "sort key");
  const uint8_t billing = in.u8();
  const uint8_t table_class = in.u8();
  if (billing > 1 || table_class > 1) return damaged(in, "billing mode or table class");
  d.billing_mode = static_cast<BillingMode>(billing);
  if ((flags & kHasTableClass) != 0) d.table_class = static_cast<TableClass>(table_class);
  d.throughput.read_units = static_cast<int64_t>(in.varint());
  d.throughput.write_units = static_cast<int64_t>(in.varint());
  d.pay_per_request_since_us = read_optional_time(&in);
  d.throughput_changes.last_increase_us = read_optional_time(&in);
  d.throughput_changes.last_decrease_us = read_optional_time(&in);
  d.table_class_updated_us = read_optional_time(&in);
  for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    index::KeyAttribute definition;
    if (!read_key(&in, &definition)) return damaged(in, "attribute definition");
    d.attribute_definitions.push_back({std::move(definition.name), definition.type});
  }
  if (!read_tags(&in, &table.tags)) return damaged(in, "length");
  if (version != kVersionWithoutSections && !read_sections(&in, &table)) return damaged(in, "section");
  if (!in.done()) return damaged(in, "length");
  return table;
}

}  // namespace varve::api::dynamo
