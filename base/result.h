// Status and Result<T>: how every fallible call in Varve answers. Errors are caused by data or by the outside
// world; bugs are CHECKs. No exception crosses any public face.
//
//   Status write();                      // ok() or a code with a message
//   Result<uint64_t> size();             // a value or a Status, with the shape of std::expected
//   VARVE_RETURN_IF_ERROR(write());      // return the Status upward
//   VARVE_ASSIGN_OR_RETURN(uint64_t n, size());
//
// Threads: values; share none. An ok Status is one null pointer and allocates nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace varve {

enum class ErrorCode : unsigned char {
  kOk = 0,
  kNotFound,           // the named thing does not exist
  kAlreadyExists,      // the named thing exists
  kInvalidArgument,    // the caller's parameter is wrong; the message names it
  kCorruption,         // bytes on disk are not what was written; the message names file and offset
  kIoError,            // the kernel refused a read, write, sync or directory operation (EIO and kin)
  kNoSpace,            // ENOSPC, EDQUOT, EFBIG: nothing of the operation took effect
  kBusy,               // in use by another process, or a conflicting operation is under way
  kThrottled,          // refused at once for lack of admission credit; try again later
  kResourceExhausted,  // an allocation sized by input or configuration is over its bound
  kUnsupported,        // a format feature, platform facility or operation this build does not have
  kOutcomeUnknown,     // the log failed while this write was in flight: it may or may not survive
  kStoreFailed,        // an earlier log failure stopped the store from acknowledging; reopen it
  kConflict,           // another transaction or a newer version holds the key
  kClosed,             // the object was closed
};

// The stable lower-case name of a code, e.g. "corruption".
std::string_view error_code_name(ErrorCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCode code, std::string message);

  static Status not_found(std::string message) { return {ErrorCode::kNotFound, std::move(message)}; }
  static Status already_exists(std::string m) { return {ErrorCode::kAlreadyExists, std::move(m)}; }
  static Status invalid_argument(std::string m) { return {ErrorCode::kInvalidArgument, std::move(m)}; }
  // Corruption always says where: "<file>: offset <n>: <what>, expected <x>, got <y>".
  static Status corruption(std::string message) { return {ErrorCode::kCorruption, std::move(message)}; }
  static Status corruption(std::string_view file, unsigned long long offset, std::string_view what);
  static Status io_error(std::string message) { return {ErrorCode::kIoError, std::move(message)}; }
  static Status unsupported(std::string message) { return {ErrorCode::kUnsupported, std::move(message)}; }
  static Status resource_exhausted(std::string m) { return {ErrorCode::kResourceExhausted, std::move(m)}; }
  // From errno (positive): ENOSPC, EDQUOT and EFBIG become kNoSpace, ENOENT kNotFound, EEXIST kAlreadyExists.
  static Status from_errno(int error, std::string_view operation, std::string_view path);

  bool ok() const { return rep_ == nullptr; }
  explicit operator bool() const = delete;
  ErrorCode code() const { return rep_ ? rep_->code : ErrorCode::kOk; }
  const std::string& message() const;
  // "corruption: 000012.sst: offset 4096: ..." for people; "ok" when ok.
  std::string to_string() const;

  Status(const Status& other) : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}
  Status& operator=(const Status& other) {
    if (this != &other) rep_ = other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr;
    return *this;
  }
  Status(Status&&) = default;
  Status& operator=(Status&&) = default;
  ~Status() = default;

 private:
  struct Rep {
    ErrorCode code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                 // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }  // NOLINT: implicit by design

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  ErrorCode code() const { return status_.code(); }

  T& value() & {
    CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    CHECK(ok());
    return *value_;
  }
  // By value, so that what is taken from a temporary outlives it: for (x : *list()) walks no freed memory.
  T value() && {
    CHECK(ok());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace varve

#define VARVE_RETURN_IF_ERROR(expression)                         \
  do {                                                            \
    if (auto varve_status_ = (expression); !varve_status_.ok()) { \
      return varve_status_;                                       \
    }                                                             \
  } while (false)

#define VARVE_CONCAT_INNER_(a, b) a##b
#define VARVE_CONCAT_(a, b) VARVE_CONCAT_INNER_(a, b)
#define VARVE_ASSIGN_OR_RETURN(declaration, expression) \
  VARVE_ASSIGN_OR_RETURN_IMPL_(VARVE_CONCAT_(varve_result_, __LINE__), declaration, expression)
#define VARVE_ASSIGN_OR_RETURN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                         \
  if (!result.ok()) return result.status();                           \
  declaration = std::move(result).value()
