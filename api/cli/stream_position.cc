#include "api/cli/stream_position.h"

#include "api/cli/stream_follower.h"
#include "api/json/document.h"
#include "api/json/writer.h"

namespace varve::api {
namespace {

constexpr uint64_t kMaxBytes = 64u << 10;

}  // namespace

Result<StreamPositionFile> StreamPositionFile::open(io::Driver* driver, std::string path) {
  auto lock = driver->lock(path + ".lock");
  if (lock.code() == ErrorCode::kBusy) {
    return Status(ErrorCode::kBusy,
                  "another process goes on from " + path + "; give each a --position of its own");
  }
  if (!lock.ok()) return lock.status();
  return StreamPositionFile(driver, std::move(path), *std::move(lock));
}

Result<std::optional<KeptPosition>> StreamPositionFile::load() const {
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver_->exists(path_));
  if (!exists) return std::optional<KeptPosition>();
  VARVE_ASSIGN_OR_RETURN(const std::string text, io::read_file(driver_, path_, kMaxBytes));
  json::Document document;
  const auto root = document.parse(text);
  json::Object object;
  if (!root.ok() || root->get(object) != simdjson::SUCCESS)
    return Status::corruption(path_, 0, "not a position in a stream");
  KeptPosition position{string_member(object, "StreamArn"), string_member(object, "SequenceNumber")};
  if (position.stream_arn.empty() || position.sequence_number.empty())
    return Status::corruption(path_, 0, "not a position in a stream");
  return std::optional<KeptPosition>(std::move(position));
}

Status StreamPositionFile::save(const KeptPosition& position) {
  std::string text;
  json::JsonWriter out(&text);
  out.begin_object();
  out.key("StreamArn");
  out.string(position.stream_arn);
  out.key("SequenceNumber");
  out.string(position.sequence_number);
  out.end_object();
  return io::write_file_atomically(driver_, path_, text + "\n");
}

}  // namespace varve::api
