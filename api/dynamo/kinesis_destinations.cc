#include "api/dynamo/kinesis_destinations.h"

#include <array>

#include "api/dynamo/absent_features.h"
#include "api/dynamo/decode.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/kinesis_queues.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMinArnLength = 37;
constexpr int64_t kMaxArnLength = 1024;

constexpr std::array<bool, 2> kPrecisionValues = {false, true};
constexpr std::array<Slice, 2> kPrecisionNames = {"MILLISECOND", "MICROSECOND"};
constexpr EnumTable<bool> kPrecision{kPrecisionNames, kPrecisionValues};

struct Request {
  std::string table;
  std::string stream_arn;
  std::optional<bool> microseconds;
};

// configuration: the structure that has the precision; empty: there is none in the request.
Outcome<Request> decode(json::Object body, Slice configuration) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  Request request;
  std::string name_or_arn;
  in.table("TableName", TableNameUse::kExisting, &name_or_arn);
  read_required(in, "StreamArn", kMinArnLength, kMaxArnLength, &request.stream_arn);
  if (!configuration.empty()) {
    in.structure(configuration, configuration, Presence::kOptional, [&](MemberReader& inner) {
      inner.enumeration("ApproximateCreationDateTimePrecision", kPrecision, &request.microseconds);
    });
  }
  if (auto failure = state.result()) return *std::move(failure);
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(name_or_arn, TableNameUse::kExisting));
  request.table = name;
  const Slice arn = request.stream_arn;
  if (!arn.starts_with("arn:") || arn.find(":kinesis:") == Slice::npos || arn.find(":stream/") == Slice::npos)
    return validation_error("Invalid StreamArn: " + request.stream_arn);
  return request;
}

Error invalid_state(Slice operation, Slice wanted) {
  const std::string name(operation);
  std::string small = name;
  for (char& c : small) c = static_cast<char>(c - 'A' + 'a');
  std::string capital = small;
  capital[0] = name[0];
  return validation_error(
      "Table is not in a valid state to " + small + " Kinesis Streaming Destination: " + capital +
      "KinesisStreamingDestination must be " + std::string(wanted) + " to perform " + name + " operation.");
}

// The table's destination, which must be an active one with the request's ARN.
Failure check_active(const Request& request, const Table& table, Slice operation) {
  if (!table.destination || table.destination->stream_arn != request.stream_arn) {
    return Error{ErrorType::kResourceNotFound,
                 "Requested resource not found: Kinesis streaming destination: " + request.stream_arn,
                 {}};
  }
  if (!table.destination->active) return invalid_state(operation, "ACTIVE");
  return std::nullopt;
}

// The changes of one request: `change` is given the table's copy and the change of its destination.
template <typename Change>
Outcome<TableRef> amend(const Context& context, const Request& request, const Change& change) {
  KinesisQueues::Change destination(context.kinesis);
  const auto check = [](const Table* table) { return check_changeable(*table); };
  const auto companion = [&](Table* table, partition::WriteBatch* batch) -> Failure {
    return change(&destination, table, batch);
  };
  VARVE_ASSIGN_OR_FAIL(TableRef changed, context.catalog->amend(request.table, check, companion));
  destination.publish();
  return changed;
}

// configuration: the structure that tells the precision; empty: none does.
Response respond(const Outcome<TableRef>& changed, Slice status, Slice configuration) {
  if (!changed.ok()) return feature_refusal(changed.error());
  const Table& table = **changed;
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableName");
  out.string(table.description.name);
  out.key("StreamArn");
  out.string(table.destination->stream_arn);
  out.key("DestinationStatus");
  out.string(status);
  if (!configuration.empty()) {
    out.key(configuration);
    out.begin_object();
    out.key("ApproximateCreationDateTimePrecision");
    out.string(precision_name(table.destination->microseconds));
    out.end_object();
  }
  out.end_object();
  return response;
}

}  // namespace

Response describe_kinesis_destination(const Context& context, json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  std::string name_or_arn;
  in.table("TableName", TableNameUse::kExisting, &name_or_arn);
  if (const Failure failure = state.result()) return feature_refusal(*failure);
  const auto found = find_table(*context.catalog, name_or_arn);
  if (!found.ok()) return feature_refusal(found.error());
  const TableRef& table = *found;
  Response response;
  json::JsonWriter out(&response.body);
  out.begin_object();
  out.key("TableName");
  out.string(table->description.name);
  out.key("KinesisDataStreamDestinations");
  out.begin_array();
  if (const auto& destination = table->destination) {
    out.begin_object();
    out.key("StreamArn");
    out.string(destination->stream_arn);
    out.key("DestinationStatus");
    out.string(destination->active                    ? "ACTIVE"
               : context.kinesis->is_draining(*table) ? "DISABLING"
                                                      : "DISABLED");
    out.key("ApproximateCreationDateTimePrecision");
    out.string(precision_name(destination->microseconds));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return response;
}

Response enable_kinesis_destination(const Context& context, json::Object body) {
  constexpr Slice kConfiguration = "EnableKinesisStreamingConfiguration";
  const auto request = decode(body, kConfiguration);
  if (!request.ok()) return feature_refusal(request.error());
  const auto changed = amend(
      context, *request,
      [&](KinesisQueues::Change* destination, Table* table, partition::WriteBatch* batch) -> Failure {
        if (table->destination && (table->destination->active || context.kinesis->is_draining(*table)))
          return invalid_state("ENABLE", "DISABLED or ENABLE_FAILED");
        return destination->enable(request->stream_arn, request->microseconds.value_or(false), table, batch);
      });
  return respond(changed, "ENABLING", kConfiguration);
}

Response disable_kinesis_destination(const Context& context, json::Object body) {
  const auto request = decode(body, "EnableKinesisStreamingConfiguration");
  if (!request.ok()) return feature_refusal(request.error());
  const auto changed =
      amend(context, *request,
            [&](KinesisQueues::Change* destination, Table* table, partition::WriteBatch* batch) -> Failure {
              VARVE_RETURN_IF_FAILED(check_active(*request, *table, "DISABLE"));
              return destination->disable(table, batch);
            });
  return respond(changed, "DISABLING", {});
}

Response update_kinesis_destination(const Context& context, json::Object body) {
  constexpr Slice kConfiguration = "UpdateKinesisStreamingConfiguration";
  const auto request = decode(body, kConfiguration);
  if (!request.ok()) return feature_refusal(request.error());
  const auto changed =
      amend(context, *request,
            [&](KinesisQueues::Change* destination, Table* table, partition::WriteBatch* batch) -> Failure {
              VARVE_RETURN_IF_FAILED(check_active(*request, *table, "UPDATE"));
              return destination->set_precision(
                  request->microseconds.value_or(table->destination->microseconds), table, batch);
            });
  return respond(changed, "UPDATING", kConfiguration);
}

}  // namespace varve::api::dynamo
