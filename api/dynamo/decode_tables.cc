// The requests on tables.
#include <array>

#include "api/dynamo/decode.h"
#include "api/dynamo/member_reader.h"

namespace varve::api::dynamo {
namespace {

constexpr std::array<Slice, 2> kBillingNames = {"PROVISIONED", "PAY_PER_REQUEST"};
constexpr std::array kBillingValues = {BillingMode::kProvisioned, BillingMode::kPayPerRequest};
constexpr EnumTable<BillingMode> kBilling{kBillingNames, kBillingValues};

constexpr std::array<Slice, 2> kKeyTypeNames = {"HASH", "RANGE"};
constexpr std::array kKeyTypeValues = {KeyType::kHash, KeyType::kRange};
constexpr EnumTable<KeyType> kKeyType{kKeyTypeNames, kKeyTypeValues};

constexpr std::array<Slice, 3> kProjectionNames = {"ALL", "INCLUDE", "KEYS_ONLY"};
constexpr std::array kProjectionValues = {index::ProjectionType::kAll, index::ProjectionType::kInclude,
                                          index::ProjectionType::kKeysOnly};
constexpr EnumTable<index::ProjectionType> kProjection{kProjectionNames, kProjectionValues};

constexpr std::array<Slice, 3> kScalarNames = {"B", "N", "S"};
constexpr std::array kScalarValues = {index::AttributeType::kBinary, index::AttributeType::kNumber,
                                      index::AttributeType::kString};
constexpr EnumTable<index::AttributeType> kScalar{kScalarNames, kScalarValues};

enum class EncryptionType { kAes256, kKms };
constexpr std::array<Slice, 2> kEncryptionNames = {"AES256", "KMS"};
constexpr std::array kEncryptionValues = {EncryptionType::kAes256, EncryptionType::kKms};
constexpr EnumTable<EncryptionType> kEncryption{kEncryptionNames, kEncryptionValues};
constexpr std::array<Slice, 4> kViewNames = {"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"};
constexpr std::array kViewValues = {StreamViewType::kNewImage, StreamViewType::kOldImage,
                                    StreamViewType::kNewAndOldImages, StreamViewType::kKeysOnly};
constexpr EnumTable<StreamViewType> kView{kViewNames, kViewValues};

template <typename T>
Outcome<T> finish(const DecodeState& state, T request) {
  if (auto failure = state.result()) return *std::move(failure);
  return request;
}

void read_units(MemberReader& in, Slice name, int64_t* out) {
  std::optional<int64_t> units;
  in.integer(name, "Long", &units);
  if (!units) return in.state()->note_violation(missing_member(in.path(name)));
  if (*units < 1)
    in.state()->note_violation(constraint_error(std::to_string(*units), in.path(name), min_value(1)));
  *out = *units;
}

void read_throughput(MemberReader& in, std::optional<Throughput>* out) {
  in.structure("ProvisionedThroughput", "ProvisionedThroughput", Presence::kOptional,
               [&](MemberReader& units) {
                 out->emplace();
                 read_units(units, "ReadCapacityUnits", &(*out)->read_units);
                 read_units(units, "WriteCapacityUnits", &(*out)->write_units);
               });
}

void read_definitions(MemberReader& in, Presence presence, std::vector<AttributeDefinition>* out) {
  in.structures("AttributeDefinitions", "AttributeDefinition", presence, [&](MemberReader& member) {
    AttributeDefinition definition;
    member.required_string("AttributeName", &definition.name);
    member.enumeration("AttributeType", kScalar, &definition.type);
    if (!member.has("AttributeType")) {
      member.state()->note_violation(missing_member(member.path("AttributeType")));
    }
    out->push_back(std::move(definition));
  });
}

void read_key_schema(MemberReader& in, std::vector<KeySchemaElement>* out) {
  in.structures("KeySchema", "KeySchemaElement", Presence::kRequired, [&](MemberReader& member) {
    KeySchemaElement element;
    member.required_string("AttributeName", &element.name);
    member.enumeration("KeyType", kKeyType, &element.type);
    if (!member.has("KeyType")) member.state()->note_violation(missing_member(member.path("KeyType")));
    out->push_back(std::move(element));
  });
}

void note_present(MemberReader& in, std::initializer_list<Slice> names,
                  std::vector<std::string>* unsupported) {
  for (const Slice name : names) {
    if (in.has(name)) unsupported->emplace_back(name);
  }
}

void read_optional_units(MemberReader& in, Slice name, std::optional<int64_t>* out) {
  in.integer(name, "Long", out);
}

void read_on_demand(MemberReader& in, std::optional<OnDemandThroughput>* out) {
  in.structure("OnDemandThroughput", "OnDemandThroughput", Presence::kOptional, [&](MemberReader& units) {
    out->emplace();
    read_optional_units(units, "MaxReadRequestUnits", &(*out)->max_read_units);
    read_optional_units(units, "MaxWriteRequestUnits", &(*out)->max_write_units);
  });
}

void read_warm(MemberReader& in, std::optional<WarmThroughput>* out) {
  in.structure("WarmThroughput", "WarmThroughput", Presence::kOptional, [&](MemberReader& units) {
    out->emplace();
    read_optional_units(units, "ReadUnitsPerSecond", &(*out)->read_units);
    read_optional_units(units, "WriteUnitsPerSecond", &(*out)->write_units);
  });
}

void read_index(MemberReader& in, IndexDefinition* out) {
  in.required_string("IndexName", &out->name);
  read_key_schema(in, &out->key_schema);
  in.structure("Projection", "Projection", Presence::kRequired, [&](MemberReader& projection) {
    projection.enumeration("ProjectionType", kProjection, &out->projection);
    projection.string_list("NonKeyAttributes", &out->non_key_attributes);
  });
}

void read_global_index(MemberReader& in, IndexDefinition* out) {
  read_index(in, out);
  read_throughput(in, &out->throughput);
  read_on_demand(in, &out->on_demand_throughput);
  read_warm(in, &out->warm_throughput);
}

void read_index_list(MemberReader& in, Slice name, Slice shape, void (*read)(MemberReader&, IndexDefinition*),
                     std::optional<std::vector<IndexDefinition>>* out) {
  if (in.has(name)) out->emplace();
  in.structures(name, shape, Presence::kOptional,
                [&](MemberReader& member) { read(member, &(*out)->emplace_back()); });
}

void read_index_updates(MemberReader& in, UpdateTableRequest* request) {
  if (in.has("GlobalSecondaryIndexUpdates")) request->index_updates.emplace();
  in.structures(
      "GlobalSecondaryIndexUpdates", "GlobalSecondaryIndexUpdate", Presence::kOptional,
      [&](MemberReader& member) {
        GlobalIndexUpdate& update = request->index_updates->emplace_back();
        member.structure("Update", "UpdateGlobalSecondaryIndexAction", Presence::kOptional,
                         [&](MemberReader& action) {
                           action.required_string("IndexName", &update.update.emplace().name);
                           read_throughput(action, &update.update->throughput);
                           read_on_demand(action, &update.update->on_demand_throughput);
                           read_warm(action, &update.update->warm_throughput);
                         });
        member.structure("Create", "CreateGlobalSecondaryIndexAction", Presence::kOptional,
                         [&](MemberReader& action) { read_global_index(action, &update.create.emplace()); });
        member.structure(
            "Delete", "DeleteGlobalSecondaryIndexAction", Presence::kOptional,
            [&](MemberReader& action) { action.required_string("IndexName", &update.remove.emplace()); });
      });
}

void read_tags(MemberReader& in, Presence presence, std::vector<Tag>* out) {
  in.structures("Tags", "Tag", presence, [&](MemberReader& member) {
    Tag tag;
    member.required_string("Key", &tag.key);
    member.required_string("Value", &tag.value);
    out->push_back(std::move(tag));
  });
}

void read_stream(MemberReader& in, std::optional<StreamSpecification>* out) {
  in.structure("StreamSpecification", "StreamSpecification", Presence::kOptional, [&](MemberReader& stream) {
    out->emplace();
    stream.boolean("StreamEnabled", &(*out)->enabled);
    if (!stream.has("StreamEnabled")) {
      stream.state()->note_violation(missing_member(stream.path("StreamEnabled")));
    }
    stream.enumeration("StreamViewType", kView, &(*out)->view_type);
  });
}

void read_encryption(MemberReader& in, std::optional<EncryptionSpecification>* out) {
  in.structure("SSESpecification", "SSESpecification", Presence::kOptional, [&](MemberReader& members) {
    EncryptionSpecification& encryption = out->emplace();
    if (members.has("Enabled")) members.boolean("Enabled", &encryption.enabled.emplace());
    std::optional<EncryptionType> type;
    members.enumeration("SSEType", kEncryption, &type);
    if (type) encryption.type = kEncryptionNames[static_cast<size_t>(*type)];
    members.string("KMSMasterKeyId", &encryption.key_id);
  });
}

}  // namespace

Outcome<CreateTableRequest> decode_create_table(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  CreateTableRequest request;
  read_definitions(in, Presence::kRequired, &request.attribute_definitions);
  if (in.has("TableName")) {
    in.table("TableName", TableNameUse::kDefinition, &request.table);
  } else {
    state.table_name =
        validation_error("The parameter 'TableName' is required but was not present in the request");
  }
  read_key_schema(in, &request.key_schema);
  read_index_list(in, "LocalSecondaryIndexes", "LocalSecondaryIndex", read_index, &request.local_indexes);
  read_index_list(in, "GlobalSecondaryIndexes", "GlobalSecondaryIndex", read_global_index,
                  &request.global_indexes);
  in.enumeration("BillingMode", kBilling, &request.billing_mode);
  read_throughput(in, &request.throughput);
  in.string("TableClass", &request.table_class);
  in.boolean("DeletionProtectionEnabled", &request.deletion_protection);
  read_tags(in, Presence::kOptional, &request.tags);
  read_stream(in, &request.stream);
  read_encryption(in, &request.encryption);
  read_warm(in, &request.warm_throughput);
  in.string("ResourcePolicy", &request.resource_policy);
  read_on_demand(in, &request.on_demand_throughput);
  note_present(in, {"GlobalTableSourceArn", "GlobalTableSettingsReplicationMode"}, &request.unsupported);
  return finish(state, std::move(request));
}

Outcome<UpdateTableRequest> decode_update_table(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  UpdateTableRequest request;
  read_definitions(in, Presence::kOptional, &request.attribute_definitions);
  in.table("TableName", TableNameUse::kDefinition, &request.table);
  in.enumeration("BillingMode", kBilling, &request.billing_mode);
  read_throughput(in, &request.throughput);
  in.string("TableClass", &request.table_class);
  if (in.has("DeletionProtectionEnabled")) {
    in.boolean("DeletionProtectionEnabled", &request.deletion_protection.emplace());
  }
  read_stream(in, &request.stream);
  read_index_updates(in, &request);
  read_encryption(in, &request.encryption);
  read_on_demand(in, &request.on_demand_throughput);
  read_warm(in, &request.warm_throughput);
  request.changes_replicas = in.has("ReplicaUpdates");
  note_present(in,
               {"ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates",
                "GlobalTableSettingsReplicationMode"},
               &request.unsupported);
  return finish(state, std::move(request));
}

Outcome<UpdateTimeToLiveRequest> decode_update_time_to_live(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  UpdateTimeToLiveRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  in.structure("TimeToLiveSpecification", "TimeToLiveSpecification", Presence::kRequired,
               [&](MemberReader& members) {
                 members.boolean("Enabled", &request.specification.enabled);
                 if (!members.has("Enabled")) state.note_violation(missing_member(members.path("Enabled")));
                 members.required_string("AttributeName", &request.specification.attribute);
               });
  return finish(state, std::move(request));
}

Outcome<ListTablesRequest> decode_list_tables(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  ListTablesRequest request;
  in.string("ExclusiveStartTableName", &request.exclusive_start_table_name);
  in.integer("Limit", "Integer", &request.limit);
  return finish(state, std::move(request));
}

Outcome<std::string> decode_table_name(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  std::string table;
  in.table("TableName", TableNameUse::kExisting, &table);
  return finish(state, std::move(table));
}

Outcome<TagsRequest> decode_tags(json::Object body, TagsOperation operation) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  TagsRequest request;
  in.required_string("ResourceArn", &request.resource_arn);
  if (operation == TagsOperation::kTag) read_tags(in, Presence::kRequired, &request.tags);
  if (operation == TagsOperation::kUntag) {
    std::optional<std::vector<std::string>> keys;
    in.string_list("TagKeys", &keys);
    if (!keys) state.note_violation(missing_member("tagKeys"));
    request.tag_keys = std::move(keys).value_or(std::vector<std::string>());
  }
  return finish(state, std::move(request));
}

namespace {

void read_arn(MemberReader& in, std::string* arn) {
  constexpr int64_t kMaxArnLength = 1283;
  in.required_string("ResourceArn", arn);
  if (static_cast<int64_t>(arn->size()) > kMaxArnLength)
    in.state()->note_violation(constraint_error(*arn, in.path("ResourceArn"), max_length(kMaxArnLength)));
}

void read_revision_id(MemberReader& in, std::optional<std::string>* id) {
  constexpr int64_t kMaxLength = 255;
  in.string("ExpectedRevisionId", id);
  if (!*id || (!(*id)->empty() && static_cast<int64_t>((*id)->size()) <= kMaxLength)) return;
  in.state()->note_violation(constraint_error(**id, in.path("ExpectedRevisionId"),
                                              (*id)->empty() ? min_length(1) : max_length(kMaxLength)));
}

}  // namespace

Outcome<PutResourcePolicyRequest> decode_put_resource_policy(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  PutResourcePolicyRequest request;
  read_arn(in, &request.resource_arn);
  in.required_string("Policy", &request.policy);
  read_revision_id(in, &request.expected_revision_id);
  return finish(state, std::move(request));
}

Outcome<DeleteResourcePolicyRequest> decode_delete_resource_policy(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  DeleteResourcePolicyRequest request;
  read_arn(in, &request.resource_arn);
  read_revision_id(in, &request.expected_revision_id);
  return finish(state, std::move(request));
}

}  // namespace varve::api::dynamo
