#include "api/dynamo/table.h"

#include "api/dynamo/constraints.h"
#include "base/coding.h"

namespace varve::api::dynamo {
namespace {

enum Flag : uint8_t {
  kHasSortKey = 1,
  kDeletionProtection = 2,
  kHasTableClass = 4,
};

void write_optional_time(const std::optional<uint64_t>& time_us, ByteWriter* out) {
  out->u64(time_us.value_or(0));
}

std::optional<uint64_t> read_optional_time(ByteReader* in) {
  const uint64_t time_us = in->u64();
  if (time_us == 0) return std::nullopt;
  return time_us;
}

void write_key(const index::KeyAttribute& key, ByteWriter* out) {
  out->string(key.name);
  out->u8(static_cast<uint8_t>(key.type));
}

bool read_key(ByteReader* in, index::KeyAttribute* key) {
  key->name = in->string();
  key->type = static_cast<index::AttributeType>(in->u8());
  return !in->failed() && index::is_scalar_key_type(key->type);
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

Status damaged(const ByteReader& in, Slice what) {
  return Status::corruption("catalog", in.offset(), "table entry: " + std::string(what));
}

}  // namespace

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
  write_optional_time(d.last_increase_us, &out);
  write_optional_time(d.last_decrease_us, &out);
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
  return bytes;
}

Result<Table> decode_table(Slice encoded) {
  Table table;
  TableDescription& d = table.description;
  ByteReader in(encoded);
  const uint8_t version = in.u8();
  if (version != kTableFormatVersion) return damaged(in, "version " + std::to_string(version));
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
  d.last_increase_us = read_optional_time(&in);
  d.last_decrease_us = read_optional_time(&in);
  d.table_class_updated_us = read_optional_time(&in);
  for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    index::KeyAttribute definition;
    if (!read_key(&in, &definition)) return damaged(in, "attribute definition");
    d.attribute_definitions.push_back({std::move(definition.name), definition.type});
  }
  if (!read_tags(&in, &table.tags) || !in.done()) return damaged(in, "length");
  return table;
}

}  // namespace varve::api::dynamo
