// KinesisFile: the file that stands for a table's Kinesis stream: "<data directory>/kinesis/<table id>.jsonl", one line a record.
//
// Its name comes from the table's id alone, never from a request. Beyond a size it is set aside as "<table id>.jsonl.1", in place of the one
// that was set aside before, and a new one begins: so there are at most two, and at least the newest of the size's bytes.
//
// Who writes it notes, somewhere durable, how long it is with what was noted as delivered. What a crash left behind that length, whole
// lines or a torn one, is cut off by open and written again.
//
// Threads: one at a time. Errors: those of the files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::api::dynamo {

class KinesisFile {
 public:
  // noted_bytes: the length that was noted; absent: none was, and whatever there is stays.
  static Result<KinesisFile> open(io::Driver* driver, const std::string& data_directory, Slice table_id,
                                  std::optional<uint64_t> noted_bytes);

  // Whole lines, on stable storage on return. After an error the file is of no more use: open it anew.
  Status append(Slice lines);
  // Goes on with an empty one.
  Status set_aside();
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  KinesisFile(io::Driver* driver, std::string path) : driver_(driver), path_(std::move(path)) {}
  Status open_file();

  io::Driver* driver_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  uint64_t size_bytes_ = 0;
  bool torn_ = false;  // it does not end with a whole line
};

}  // namespace varve::api::dynamo
