// Backups, point-in-time recovery, exports and imports: there are none, and none can be made.
#include <array>

#include "api/dynamo/absent_features.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMinArnLength = 37;
constexpr int64_t kMaxArnLength = 1024;
constexpr int64_t kMaxNameLength = 255;
constexpr int64_t kMaxRecoveryDays = 35;

using Report = DecodeState::Report;

// Lists of everything, or of a table that need not exist. Their members are checked; there is nothing to select from.
template <typename Read>
Response empty_list(json::Object body, Slice list, const Read& read) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  read(in);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  return {200, "{\"" + std::string(list) + "\":[]}", {}};
}

Response list_backups(const Context&, json::Object body) {
  std::optional<int64_t> lower, upper;
  Response response = empty_list(body, "BackupSummaries", [&](MemberReader& in) {
    std::string table;
    if (in.has("TableName")) in.table("TableName", TableNameUse::kExisting, &table);
    read_page_size(in, "Limit", 100);
    in.integer("TimeRangeLowerBound", "Long", &lower);
    in.integer("TimeRangeUpperBound", "Long", &upper);
  });
  if (response.status == 200 && lower && upper && *lower > *upper) {
    return feature_refusal(
        validation_error("Time range lower bound must be less than or equal to upper bound"));
  }
  return response;
}

Response list_exports(const Context&, json::Object body) {
  return empty_list(body, "ExportSummaries", [](MemberReader& in) { read_page_size(in, "MaxResults", 25); });
}

Response list_imports(const Context&, json::Object body) {
  return empty_list(body, "ImportSummaryList", [](MemberReader& in) { read_page_size(in, "PageSize", 25); });
}

// The ARN of a request that asks for one.
Outcome<std::string> decode_arn(json::Object body, Slice member) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string arn;
  read_required(in, member, kMinArnLength, kMaxArnLength, &arn);
  if (auto failure = state.result()) return *std::move(failure);
  return arn;
}

// What an ARN names that nothing here can have made.
Response missing_by_arn(json::Object body, Slice member, Slice exception, const std::string& kind) {
  const auto arn = decode_arn(body, member);
  return arn.ok() ? feature_not_found(exception, kind + " not found: " + *arn) : feature_refusal(arn.error());
}

Response backup_not_found(const std::string& arn) {
  if (!arn.starts_with("arn:aws:dynamodb:") || arn.find("/backup/") == std::string::npos)
    return feature_refusal(validation_error("Invalid Backup ARN"));
  return feature_not_found("BackupNotFoundException", "Backup not found: " + arn);
}

Response missing_backup(const Context&, json::Object body) {
  const auto arn = decode_arn(body, "BackupArn");
  return arn.ok() ? backup_not_found(*arn) : feature_refusal(arn.error());
}
Response missing_export(const Context&, json::Object body) {
  return missing_by_arn(body, "ExportArn", "ExportNotFoundException", "Export");
}
Response missing_import(const Context&, json::Object body) {
  return missing_by_arn(body, "ImportArn", "ImportNotFoundException", "Import");
}

Response restore_from_backup(const Context&, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string target, arn;
  read_required(in, "TargetTableName", 3, kMaxNameLength, &target);
  read_required(in, "BackupArn", kMinArnLength, kMaxArnLength, &arn);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  return backup_not_found(arn);
}

// The table of an operation on backups, which has a word of its own for one that is missing: its answer, or nothing when the table
// is there.
std::optional<Response> missing_table(const Context& context, const std::string& name_or_arn) {
  const auto name = table_name(name_or_arn, TableNameUse::kExisting);
  if (!name.ok()) return feature_refusal(name.error());
  if (context.catalog->find(*name) != nullptr) return std::nullopt;
  return feature_not_found("TableNotFoundException", "Table not found: " + std::string(*name));
}

Response continuous_backups() {
  return {200,
          R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",)"
          R"("PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})",
          {}};
}

Response describe_continuous_backups(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string table;
  in.table("TableName", TableNameUse::kExisting, &table);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (auto missing = missing_table(context, table)) return *std::move(missing);
  return continuous_backups();
}

Response update_continuous_backups(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string table;
  bool enabled = false;
  std::optional<int64_t> days;
  in.table("TableName", TableNameUse::kExisting, &table);
  in.structure("PointInTimeRecoverySpecification", "PointInTimeRecoverySpecification", Presence::kRequired,
               [&](MemberReader& members) {
                 if (!members.has("PointInTimeRecoveryEnabled"))
                   state.note_violation(missing_member(members.path("PointInTimeRecoveryEnabled")));
                 members.boolean("PointInTimeRecoveryEnabled", &enabled);
                 members.integer("RecoveryPeriodInDays", "Integer", &days);
                 read_page_size(members, "RecoveryPeriodInDays", kMaxRecoveryDays);
               });
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (days && !enabled) {
    return feature_refusal(validation_error(
        "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."));
  }
  if (auto missing = missing_table(context, table)) return *std::move(missing);
  return enabled ? feature_missing("Point-in-time recovery is") : continuous_backups();
}

Response create_backup(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string table, backup;
  in.table("TableName", TableNameUse::kExisting, &table);
  read_required(in, "BackupName", 3, kMaxNameLength, &backup);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (auto missing = missing_table(context, table)) return *std::move(missing);
  return feature_missing("Backups are");
}

Response no_recovery_of(const std::string& table) {
  return feature_not_found("PointInTimeRecoveryUnavailableException",
                           "Point in time recovery is not enabled for table '" + table + "'");
}

Response restore_to_point_in_time(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string target;
  std::optional<std::string> arn, name;
  in.string("SourceTableArn", &arn);
  in.string("SourceTableName", &name);
  read_required(in, "TargetTableName", 3, kMaxNameLength, &target);
  bool latest = false;
  in.boolean("UseLatestRestorableTime", &latest);
  std::optional<int64_t> time;
  in.integer("RestoreDateTime", "Long", &time);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (arn.has_value() == name.has_value()) {
    return feature_refusal(
        invalid_parameter("Exactly one of SourceTableArn and SourceTableName must be specified"));
  }
  if (latest == time.has_value()) {
    return feature_refusal(
        invalid_parameter("Exactly one of UseLatestRestorableTime and RestoreDateTime must be specified"));
  }
  const std::string& source = arn ? *arn : *name;
  if (auto missing = missing_table(context, source)) return *std::move(missing);
  return no_recovery_of(source);
}

Response export_table(const Context& context, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  std::string arn, bucket;
  read_required(in, "TableArn", 1, kMaxArnLength, &arn);
  read_required(in, "S3Bucket", 0, kMaxNameLength, &bucket);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  if (auto missing = missing_table(context, arn)) return *std::move(missing);
  return no_recovery_of(arn);
}

Response import_table(const Context&, json::Object body) {
  DecodeState state(Report::kAll);
  MemberReader in(body, &state);
  const auto ignore = [](MemberReader&) {};
  std::optional<std::string> format;
  in.structure("S3BucketSource", "S3BucketSource", Presence::kRequired, ignore);
  in.string("InputFormat", &format, Presence::kRequired);
  in.structure("TableCreationParameters", "TableCreationParameters", Presence::kRequired, ignore);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  return feature_missing("Imports from S3 are");
}

constexpr std::array kEntries = {
    AbsentFeatureEntry{"ListBackups", list_backups},
    AbsentFeatureEntry{"ListExports", list_exports},
    AbsentFeatureEntry{"ListImports", list_imports},
    AbsentFeatureEntry{"DescribeBackup", missing_backup},
    AbsentFeatureEntry{"DeleteBackup", missing_backup},
    AbsentFeatureEntry{"DescribeExport", missing_export},
    AbsentFeatureEntry{"DescribeImport", missing_import},
    AbsentFeatureEntry{"CreateBackup", create_backup},
    AbsentFeatureEntry{"RestoreTableFromBackup", restore_from_backup},
    AbsentFeatureEntry{"RestoreTableToPointInTime", restore_to_point_in_time},
    AbsentFeatureEntry{"DescribeContinuousBackups", describe_continuous_backups},
    AbsentFeatureEntry{"UpdateContinuousBackups", update_continuous_backups},
    AbsentFeatureEntry{"ExportTableToPointInTime", export_table},
    AbsentFeatureEntry{"ImportTable", import_table},
};

}  // namespace

AbsentFeature find_absent_backup_feature(Slice operation) {
  for (const AbsentFeatureEntry& entry : kEntries) {
    if (entry.operation == operation) return entry.answer;
  }
  return nullptr;
}

}  // namespace varve::api::dynamo
