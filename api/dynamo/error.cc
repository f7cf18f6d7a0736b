#include "api/dynamo/error.h"

#include <array>

namespace varve::api {
namespace {

constexpr Slice kModelled = "com.amazonaws.dynamodb.v20120810#";
constexpr Slice kValidate = "com.amazon.coral.validate#";
constexpr Slice kService = "com.amazon.coral.service#";

// In the order of ErrorType.
constexpr std::array<ErrorTypeInfo, 18> kTypes = {{
    {"ValidationException", kValidate, 400, "message"},
    {"SerializationException", kService, 400, "Message"},
    {"UnknownOperationException", kService, 400, "message"},
    {"ConditionalCheckFailedException", kModelled, 400, "message"},
    {"TransactionCanceledException", kModelled, 400, "Message"},
    {"TransactionConflictException", kModelled, 400, "message"},
    {"TransactionInProgressException", kModelled, 400, "Message"},
    {"IdempotentParameterMismatchException", kModelled, 400, "Message"},
    {"DuplicateItemException", kModelled, 400, "message"},
    {"ResourceNotFoundException", kModelled, 400, "message"},
    {"ResourceInUseException", kModelled, 400, "message"},
    {"LimitExceededException", kModelled, 400, "message"},
    {"PolicyNotFoundException", kModelled, 400, "message"},
    {"ProvisionedThroughputExceededException", kModelled, 400, "message"},
    {"ExpiredIteratorException", kModelled, 400, "message"},
    {"TrimmedDataAccessException", kModelled, 400, "message"},
    {"AccessDeniedException", kService, 400, "message"},
    {"InternalServerError", kModelled, 500, "message"},
}};

}  // namespace

const ErrorTypeInfo& error_type_info(ErrorType type) { return kTypes[static_cast<size_t>(type)]; }

ErrorCode Error::code() const {
  switch (type) {
    case ErrorType::kValidation:
    case ErrorType::kSerialization:
      return ErrorCode::kInvalidArgument;
    case ErrorType::kUnknownOperation:
      return ErrorCode::kUnsupported;
    case ErrorType::kConditionalCheckFailed:
    case ErrorType::kTransactionCanceled:
    case ErrorType::kTransactionConflict:
      return ErrorCode::kConflict;
    case ErrorType::kTransactionInProgress:
      return ErrorCode::kBusy;
    case ErrorType::kIdempotentParameterMismatch:
      return ErrorCode::kInvalidArgument;
    case ErrorType::kResourceNotFound:
    case ErrorType::kPolicyNotFound:
      return ErrorCode::kNotFound;
    case ErrorType::kDuplicateItem:
    case ErrorType::kResourceInUse:
      return ErrorCode::kAlreadyExists;
    case ErrorType::kLimitExceeded:
      return ErrorCode::kResourceExhausted;
    case ErrorType::kThroughputExceeded:
      return ErrorCode::kThrottled;
    case ErrorType::kExpiredIterator:
    case ErrorType::kTrimmedDataAccess:
      return ErrorCode::kNotFound;
    case ErrorType::kAccessDenied:
      return ErrorCode::kInvalidArgument;
    case ErrorType::kInternal:
      return ErrorCode::kStoreFailed;
  }
  return ErrorCode::kStoreFailed;
}

Error invalid_parameter(Slice detail) {
  return validation_error("One or more parameter values were invalid: " + std::string(detail));
}

Error duplicate_item() { return {ErrorType::kDuplicateItem, "Duplicate primary key exists in table", {}}; }

Error trimmed_data_access() {
  return {ErrorType::kTrimmedDataAccess,
          "The operation attempted to read past the oldest stream record in a shard: records are kept for 24 "
          "hours",
          {}};
}

Error serialization_error(std::string message) { return {ErrorType::kSerialization, std::move(message), {}}; }

Error resource_not_found() { return {ErrorType::kResourceNotFound, "Requested resource not found", {}}; }

Error table_not_found(Slice table) {
  return {ErrorType::kResourceNotFound,
          "Requested resource not found: Table: " + std::string(table) + " not found",
          {}};
}

Error conditional_check_failed() {
  return {ErrorType::kConditionalCheckFailed, "The conditional request failed", {}};
}

Error transaction_conflict() {
  return {ErrorType::kTransactionConflict, "Transaction is ongoing for the item", {}};
}

Error transaction_canceled(std::vector<CancellationReason> reasons) {
  std::string codes;
  for (const CancellationReason& reason : reasons) {
    if (!codes.empty()) codes += ", ";
    codes += reason.code;
  }
  return {ErrorType::kTransactionCanceled,
          "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes + "]",
          {},
          std::make_shared<const std::vector<CancellationReason>>(std::move(reasons))};
}

Error from_status(const Status& status) {
  switch (status.code()) {
    case ErrorCode::kInvalidArgument:
      return validation_error(status.message());
    case ErrorCode::kConflict:
      return transaction_conflict();
    case ErrorCode::kThrottled:
      return {ErrorType::kThroughputExceeded,
              "The level of configured provisioned throughput for the table was exceeded. Consider "
              "increasing your "
              "provisioning level with the UpdateTable API.",
              {}};
    default:
      return {ErrorType::kInternal, status.to_string(), {}};
  }
}

Failure failure_of(const Status& status) {
  if (status.ok()) return std::nullopt;
  return from_status(status);
}

}  // namespace varve::api
