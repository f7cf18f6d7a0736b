#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace varve {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return "ok";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kAlreadyExists:
      return "already exists";
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kCorruption:
      return "corruption";
    case ErrorCode::kIoError:
      return "I/O error";
    case ErrorCode::kNoSpace:
      return "no space";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kThrottled:
      return "throttled";
    case ErrorCode::kResourceExhausted:
      return "resource exhausted";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kOutcomeUnknown:
      return "outcome unknown";
    case ErrorCode::kStoreFailed:
      return "store failed";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kClosed:
      return "closed";
  }
  return "unknown";
}

Status::Status(ErrorCode code, std::string message) {
  if (code != ErrorCode::kOk) rep_ = std::make_unique<Rep>(Rep{code, std::move(message)});
}

Status Status::corruption(std::string_view file, unsigned long long offset, std::string_view what) {
  std::string message(file);
  message.append(": offset ").append(std::to_string(offset)).append(": ").append(what);
  return corruption(std::move(message));
}

Status Status::from_errno(int error, std::string_view operation, std::string_view path) {
  ErrorCode code = ErrorCode::kIoError;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) code = ErrorCode::kNoSpace;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  if (error == EEXIST) code = ErrorCode::kAlreadyExists;
  std::string message(path);
  message.append(": ").append(operation).append(": ").append(std::strerror(error));
  return {code, std::move(message)};
}

const std::string& Status::message() const {
  static const std::string kEmpty;
  return rep_ ? rep_->message : kEmpty;
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  std::string text(error_code_name(rep_->code));
  return text.append(": ").append(rep_->message);
}

}  // namespace varve
