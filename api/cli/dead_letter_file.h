// DeadLetterFile: where batches go that a command would not take: lines that are on stable storage when append returns.
//
// A last line that a crash tore is left as it is; the next one begins on a line of its own.
//
// Threads: one. Errors: those of the file.
#pragma once

#include <memory>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::api {

class DeadLetterFile {
 public:
  // Made when it is missing.
  static Result<DeadLetterFile> open(io::Driver* driver, const std::string& path);
  // `line` without its end.
  Status append(Slice line);

 private:
  DeadLetterFile(std::unique_ptr<io::File> file, uint64_t size_bytes, bool torn)
      : file_(std::move(file)), size_bytes_(size_bytes), torn_(torn) {}

  std::unique_ptr<io::File> file_;
  uint64_t size_bytes_;
  bool torn_;
};

}  // namespace varve::api
