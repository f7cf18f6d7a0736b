#include "api/dynamo/absent_features.h"

#include <array>

#include "api/dynamo/decode.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/member_reader.h"
#include "api/dynamo/operations.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {
namespace {

Response refusal(const Error& error) {
  return {error_type_info(error.type).http_status, encode_error(error), std::string(error.name())};
}

// An exception that only these operations have.
Response not_found(Slice exception, const std::string& message) {
  return Dispatcher::error(400, "com.amazonaws.dynamodb.v20120810#" + std::string(exception), message);
}

Response empty_list(Slice member) { return {200, "{\"" + std::string(member) + "\":[]}", {}}; }

// The table that the request names, which must be there.
Outcome<TableRef> table_of(const Context& context, json::Object body) {
  VARVE_ASSIGN_OR_FAIL(const std::string name_or_arn, decode_table_name(body));
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(name_or_arn, TableNameUse::kExisting));
  if (TableRef table = context.catalog->find(name)) return table;
  return table_not_found(name);
}

// Lists over all tables, or of one that need not exist.
Response list_backups(const Context&, json::Object) { return empty_list("BackupSummaries"); }
Response list_exports(const Context&, json::Object) { return empty_list("ExportSummaries"); }
Response list_imports(const Context&, json::Object) { return empty_list("ImportSummaryList"); }
Response list_global_tables(const Context&, json::Object) { return empty_list("GlobalTables"); }
Response list_contributor_insights(const Context&, json::Object) {
  return empty_list("ContributorInsightsSummaries");
}

Response describe_contributor_insights(const Context& context, json::Object body) {
  const auto table = table_of(context, body);
  if (!table.ok()) return refusal(table.error());
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableName");
  out.string((*table)->description.name);
  out.key("ContributorInsightsStatus");
  out.string("DISABLED");
  out.end_object();
  return response;
}

Response describe_kinesis_destination(const Context& context, json::Object body) {
  const auto table = table_of(context, body);
  if (!table.ok()) return refusal(table.error());
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableName");
  out.string((*table)->description.name);
  out.key("KinesisDataStreamDestinations");
  out.begin_array();
  out.end_array();
  out.end_object();
  return response;
}

Response get_resource_policy(const Context& context, json::Object body) {
  const auto request = decode_tags(body, TagsOperation::kList);
  if (!request.ok()) return refusal(request.error());
  // The resource is checked as it is for its tags.
  const auto tags = list_tags(context, request->resource_arn);
  if (!tags.ok()) return refusal(tags.error());
  return not_found("PolicyNotFoundException",
                   "Resource-based policy not found for the provided ResourceArn: " + request->resource_arn);
}

// What an ARN names that nothing here can have made.
Response missing_by_arn(json::Object body, Slice member, Slice exception, const std::string& kind) {
  DecodeState state;
  MemberReader in(body, &state);
  std::optional<std::string> arn;
  in.string(member, &arn, Presence::kRequired);
  if (const Failure failure = state.result()) return refusal(*failure);
  return not_found(exception, kind + " not found: " + *arn);
}

Response missing_backup(const Context&, json::Object body) {
  return missing_by_arn(body, "BackupArn", "BackupNotFoundException", "Backup");
}
Response missing_export(const Context&, json::Object body) {
  return missing_by_arn(body, "ExportArn", "ExportNotFoundException", "Export");
}
Response missing_import(const Context&, json::Object body) {
  return missing_by_arn(body, "ImportArn", "ImportNotFoundException", "Import");
}

// What the service itself answers since it gave up the first version of global tables.
Response global_tables_2017(const Context&, json::Object) {
  return refusal(invalid_parameter(
      "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB "
      "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."));
}

struct Entry {
  Slice operation;
  AbsentFeature answer;
};
constexpr std::array kEntries = {
    Entry{"ListBackups", list_backups},
    Entry{"ListExports", list_exports},
    Entry{"ListImports", list_imports},
    Entry{"ListGlobalTables", list_global_tables},
    Entry{"ListContributorInsights", list_contributor_insights},
    Entry{"DescribeContributorInsights", describe_contributor_insights},
    Entry{"DescribeKinesisStreamingDestination", describe_kinesis_destination},
    Entry{"GetResourcePolicy", get_resource_policy},
    Entry{"DescribeBackup", missing_backup},
    Entry{"DeleteBackup", missing_backup},
    Entry{"DescribeExport", missing_export},
    Entry{"DescribeImport", missing_import},
    Entry{"CreateGlobalTable", global_tables_2017},
    Entry{"DescribeGlobalTable", global_tables_2017},
    Entry{"DescribeGlobalTableSettings", global_tables_2017},
    Entry{"UpdateGlobalTable", global_tables_2017},
    Entry{"UpdateGlobalTableSettings", global_tables_2017},
};

}  // namespace

AbsentFeature find_absent_feature(Slice operation) {
  for (const Entry& entry : kEntries) {
    if (entry.operation == operation) return entry.answer;
  }
  return nullptr;
}

}  // namespace varve::api::dynamo
