// Deb822Reader: records of "Field: value" lines separated by empty lines, the format of Debian's package indexes
// (deb822(5), `apt-cache dumpavail`). A line that starts with a blank continues the field before it and is kept as
// written.
//
// Memory is one record: at most kMaxRecordBytes. Threads: one at a time. Errors: kInvalidArgument naming the line.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::api {

struct Deb822Record {
  uint64_t number = 0;  // from 1
  size_t bytes = 0;     // as in the input, line ends included
  std::vector<std::pair<std::string, std::string>> fields;

  const std::string* find(Slice name) const;
};

class Deb822Reader {
 public:
  // An item may hold 400 KB; a record that is far beyond it is refused here, before it costs memory.
  static constexpr size_t kMaxRecordBytes = 4u << 20;

  // Fills the buffer with some bytes and answers how many; 0 at the end.
  using Source = std::function<Result<size_t>(MutableSlice)>;
  explicit Deb822Reader(Source source) : source_(std::move(source)) {}

  // The next record; nothing at the end of the input.
  Result<std::optional<Deb822Record>> next();

 private:
  // False at the end of the input. The line comes without its newline.
  Result<bool> next_line(std::string* line);
  Status add_line(const std::string& line, Deb822Record* record);

  Source source_;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t line_number_ = 0;
  uint64_t record_number_ = 0;
};

}  // namespace varve::api
