// Error: what an operation answers when it refuses or fails: DynamoDB's exception, its exact message, and for a failed condition
// the stored item when the caller asked for it. Outcome<T> is a T or an Error; Failure is an Error or nothing.
//
// Both faces use them: the protocol turns an Error into JSON, the C++ face hands it out. Below api there is only Status;
// from_status says which exception each of its codes becomes.
//
// Threads: values; share none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"

namespace varve::api {

enum class ErrorType : uint8_t {
  kValidation,
  kSerialization,
  kUnknownOperation,
  kConditionalCheckFailed,
  kTransactionCanceled,
  kTransactionConflict,
  kTransactionInProgress,
  kIdempotentParameterMismatch,
  kDuplicateItem,
  kResourceNotFound,
  kResourceInUse,
  kLimitExceeded,
  kPolicyNotFound,
  kThroughputExceeded,
  kExpiredIterator,
  kTrimmedDataAccess,
  kAccessDenied,
  kInternal,
};

struct ErrorTypeInfo {
  Slice name;    // "ValidationException"
  Slice prefix;  // of "__type", up to and with '#'
  int http_status;
  Slice message_name;  // "message", or "Message" where the service's model says so
};
const ErrorTypeInfo& error_type_info(ErrorType type);

// Why a transaction was cancelled, for one of its actions: the code "None" for those not at fault.
struct CancellationReason {
  Slice code = "None";  // of static storage
  std::string message;
  // ConditionalCheckFailed with ReturnValuesOnConditionCheckFailure = ALL_OLD, when there was an item.
  std::shared_ptr<const index::Item> item;
};

struct Error {
  ErrorType type = ErrorType::kInternal;
  std::string message;
  // kConditionalCheckFailed with ReturnValuesOnConditionCheckFailure = ALL_OLD, when there was an item.
  std::shared_ptr<const index::Item> item;
  // kTransactionCanceled: one an action, in the request's order.
  std::shared_ptr<const std::vector<CancellationReason>> cancellation_reasons = nullptr;

  // "ConditionalCheckFailedException".
  Slice name() const { return error_type_info(type).name; }
  // The nearest of the engine's codes, for callers that only branch on kind.
  ErrorCode code() const;
};

using Failure = std::optional<Error>;
// The error of a failure that is one.
inline Error take_error(Failure&& failure) {
  CHECK(failure.has_value());
  return *std::move(failure);
}

inline Error validation_error(std::string message) {
  return {ErrorType::kValidation, std::move(message), {}};
}
// "One or more parameter values were invalid: " + detail
Error invalid_parameter(Slice detail);
Error serialization_error(std::string message);
Error resource_not_found();          // of data operations
Error table_not_found(Slice table);  // of control operations
Error conditional_check_failed();
Error transaction_conflict();
Error transaction_canceled(std::vector<CancellationReason> reasons);
Error duplicate_item();  // PartiQL's INSERT
Error trimmed_data_access();
// kInvalidArgument: ValidationException with the same text, as index and api/expression write DynamoDB's own. kThrottled: the
// exception that SDKs retry. kConflict: a transaction holds an item. Anything else is an InternalServerError that says what happened.
Error from_status(const Status& status);
// from_status for a status that may be ok.
Failure failure_of(const Status& status);

template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}                  // NOLINT: implicit by design
  Outcome(Error error) : error_(std::move(error)) {}              // NOLINT: implicit by design
  Outcome(const Status& status) : error_(from_status(status)) {}  // NOLINT: implicit by design

  bool ok() const { return value_.has_value(); }
  const Error& error() const& {
    CHECK(error_.has_value());
    return *error_;
  }
  Error&& error() && {
    CHECK(error_.has_value());
    return *std::move(error_);
  }
  T& value() & {
    CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    CHECK(ok());
    return *value_;
  }
  T&& value() && {
    CHECK(ok());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  std::optional<Error> error_;
};

}  // namespace varve::api

// In a function that answers a Failure or an Outcome: pass an Error upward.
#define VARVE_RETURN_IF_FAILED(expression)                                \
  do {                                                                    \
    if (auto varve_failure_ = (expression); varve_failure_.has_value()) { \
      return ::varve::api::take_error(std::move(varve_failure_));         \
    }                                                                     \
  } while (false)

#define VARVE_ASSIGN_OR_FAIL(declaration, expression) \
  VARVE_ASSIGN_OR_FAIL_IMPL_(VARVE_CONCAT_(varve_outcome_, __LINE__), declaration, expression)
#define VARVE_ASSIGN_OR_FAIL_IMPL_(outcome, declaration, expression) \
  auto outcome = (expression);                                       \
  if (!outcome.ok()) return std::move(outcome).error();              \
  declaration = std::move(outcome).value()
// The same for a Result<T>, whose Status becomes an Error.
#define VARVE_ASSIGN_OR_FAIL_STATUS(declaration, expression) \
  VARVE_ASSIGN_OR_FAIL_STATUS_IMPL_(VARVE_CONCAT_(varve_result_, __LINE__), declaration, expression)
#define VARVE_ASSIGN_OR_FAIL_STATUS_IMPL_(result, declaration, expression) \
  auto result = (expression);                                              \
  if (!result.ok()) return ::varve::api::from_status(result.status());     \
  declaration = std::move(result).value()
