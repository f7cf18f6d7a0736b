// StreamPositionFile: how far a reader of a stream has come, kept in a small file that is replaced as a whole and is on stable storage
// when save returns: {"StreamArn":"...","SequenceNumber":"..."}, the last record that is done.
//
// Threads: one. Errors: kBusy when another process uses the file (it holds a lock beside it, FILE.lock); kCorruption for a file that is no
// position.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::api {

struct KeptPosition {
  std::string stream_arn;
  std::string sequence_number;
};

class StreamPositionFile {
 public:
  static Result<StreamPositionFile> open(io::Driver* driver, std::string path);

  // nullopt when there is no file yet.
  Result<std::optional<KeptPosition>> load() const;
  Status save(const KeptPosition& position);

 private:
  StreamPositionFile(io::Driver* driver, std::string path, std::unique_ptr<io::DirectoryLock> lock)
      : driver_(driver), path_(std::move(path)), lock_(std::move(lock)) {}

  io::Driver* driver_;
  std::string path_;
  std::unique_ptr<io::DirectoryLock> lock_;
};

}  // namespace varve::api
