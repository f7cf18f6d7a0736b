#include "api/dynamo/absent_features.h"

#include <array>

#include "api/dynamo/decode.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/operations.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {

Response feature_refusal(const Error& error) {
  return {error_type_info(error.type).http_status, encode_error(error), std::string(error.name())};
}

Response feature_not_found(Slice exception, const std::string& message) {
  return Dispatcher::error(400, "com.amazonaws.dynamodb.v20120810#" + std::string(exception), message);
}

Response feature_missing(Slice feature) {
  return feature_refusal(validation_error(std::string(feature) + " not supported by this version of Varve"));
}

void read_required(MemberReader& in, Slice member, int64_t shortest, int64_t longest, std::string* out) {
  std::optional<std::string> text;
  in.string(member, &text, Presence::kRequired);
  if (!text) return;
  const auto size = static_cast<int64_t>(text->size());
  if (size < shortest)
    in.state()->note_violation(constraint_error(*text, in.path(member), min_length(shortest)));
  if (size > longest)
    in.state()->note_violation(constraint_error(*text, in.path(member), max_length(longest)));
  *out = *std::move(text);
}

void read_page_size(MemberReader& in, Slice member, int64_t longest) {
  std::optional<int64_t> size;
  in.integer(member, "Integer", &size);
  if (!size) return;
  const std::string shown = std::to_string(*size);
  if (*size < 1) in.state()->note_violation(constraint_error(shown, in.path(member), min_value(1)));
  if (*size > longest)
    in.state()->note_violation(constraint_error(shown, in.path(member), max_value(longest)));
}

namespace {

using Report = DecodeState::Report;

// The table that the request names, which must be there; `read` reads the request's other members.
template <typename Read>
Outcome<TableRef> table_of(const Context& context, json::Object body, const Read& read) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string name_or_arn;
  in.table("TableName", TableNameUse::kExisting, &name_or_arn);
  read(in);
  if (auto failure = state.result()) return *std::move(failure);
  return find_table(*context.catalog, name_or_arn);
}

constexpr auto kNothingElse = [](MemberReader&) {};

// {"TableName": ..., and what `write` adds}
template <typename Write>
Response about_table(const Table& table, const Write& write) {
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableName");
  out.string(table.description.name);
  write(&out);
  out.end_object();
  return response;
}

void write_empty_list(Slice key, json::JsonWriter* out) {
  out->key(key);
  out->begin_array();
  out->end_array();
}

void write_disabled(Slice key, json::JsonWriter* out) {
  out->key(key);
  out->string("DISABLED");
}

// Contributor insights.

Response list_contributor_insights(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string name_or_arn;
  if (in.has("TableName")) in.table("TableName", TableNameUse::kExisting, &name_or_arn);
  read_page_size(in, "MaxResults", 100);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (!name_or_arn.empty()) {
    const auto table = find_table(*context.catalog, name_or_arn);
    if (!table.ok()) return feature_refusal(table.error());
  }
  return {200, R"({"ContributorInsightsSummaries":[]})", {}};
}

// Of the table, or of its index that the request names.
Response insights_disabled(const Table& table, const std::optional<std::string>& index) {
  if (index && !table.find_index(*index)) return feature_refusal(resource_not_found());
  return about_table(table, [&](json::JsonWriter* out) {
    if (index) {
      out->key("IndexName");
      out->string(*index);
    }
    write_disabled("ContributorInsightsStatus", out);
  });
}

Response describe_contributor_insights(const Context& context, json::Object body) {
  std::optional<std::string> index;
  const auto table = table_of(context, body, [&](MemberReader& in) { in.string("IndexName", &index); });
  return table.ok() ? insights_disabled(**table, index) : feature_refusal(table.error());
}

constexpr std::array<Slice, 2> kActionNames = {"ENABLE", "DISABLE"};
constexpr std::array<bool, 2> kActionValues = {true, false};
constexpr EnumTable<bool> kAction{kActionNames, kActionValues};

Response update_contributor_insights(const Context& context, json::Object body) {
  std::optional<bool> enable;
  std::optional<std::string> index;
  const auto table = table_of(context, body, [&](MemberReader& in) {
    in.string("IndexName", &index);
    if (!in.has("ContributorInsightsAction"))
      in.state()->note_violation(missing_member("contributorInsightsAction"));
    in.enumeration("ContributorInsightsAction", kAction, &enable);
  });
  if (!table.ok()) return feature_refusal(table.error());
  return *enable ? feature_missing("Contributor insights are") : insights_disabled(**table, index);
}

// Auto scaling of replicas.

Response describe_auto_scaling(const Context& context, json::Object body) {
  const auto table = table_of(context, body, kNothingElse);
  if (!table.ok()) return feature_refusal(table.error());
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableAutoScalingDescription");
  out.begin_object();
  out.key("TableName");
  out.string((*table)->description.name);
  out.key("TableStatus");
  out.string("ACTIVE");
  write_empty_list("Replicas", &out);
  out.end_object();
  out.end_object();
  return response;
}

Response update_auto_scaling(const Context& context, json::Object body) {
  const auto table = table_of(context, body, kNothingElse);
  return table.ok() ? feature_missing("Auto scaling is") : feature_refusal(table.error());
}

// Global tables.

Response list_global_tables(const Context&, json::Object) { return {200, R"({"GlobalTables":[]})", {}}; }

// What the service itself answers since it gave up the first version of global tables.
Response global_tables_2017(const Context&, json::Object) {
  return feature_refusal(invalid_parameter(
      "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB "
      "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."));
}

constexpr std::array kEntries = {
    AbsentFeatureEntry{"ListContributorInsights", list_contributor_insights},
    AbsentFeatureEntry{"DescribeContributorInsights", describe_contributor_insights},
    AbsentFeatureEntry{"UpdateContributorInsights", update_contributor_insights},
    AbsentFeatureEntry{"DescribeTableReplicaAutoScaling", describe_auto_scaling},
    AbsentFeatureEntry{"UpdateTableReplicaAutoScaling", update_auto_scaling},
    AbsentFeatureEntry{"ListGlobalTables", list_global_tables},
    AbsentFeatureEntry{"CreateGlobalTable", global_tables_2017},
    AbsentFeatureEntry{"DescribeGlobalTable", global_tables_2017},
    AbsentFeatureEntry{"DescribeGlobalTableSettings", global_tables_2017},
    AbsentFeatureEntry{"UpdateGlobalTable", global_tables_2017},
    AbsentFeatureEntry{"UpdateGlobalTableSettings", global_tables_2017},
};

}  // namespace

AbsentFeature find_absent_feature(Slice operation) {
  for (const AbsentFeatureEntry& entry : kEntries) {
    if (entry.operation == operation) return entry.answer;
  }
  return find_absent_backup_feature(operation);
}

}  // namespace varve::api::dynamo
