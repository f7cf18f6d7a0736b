#include "lsm/sstable/table_file_writer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "lsm/sstable/format.h"

namespace varve::lsm {

Status TableFileWriter::append(Slice bytes) {
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, bytes.data(), count);
    used_ += count;
    bytes.remove_prefix(count);
    if (used_ == buffer_.size()) VARVE_RETURN_IF_ERROR(flush());
  }
  return {};
}

Status TableFileWriter::pad_before(size_t tail_bytes) {
  static constexpr char kZeros[kTableAlignment] = {};
  const uint64_t end = offset() + tail_bytes;
  return append(Slice(kZeros, io::align_up(end, kTableAlignment) - end));
}

Status TableFileWriter::finish() {
  CHECK(offset() % kTableAlignment == 0);
  return used_ == 0 ? Status() : flush();
}

Status TableFileWriter::flush() {
  const Slice bytes(buffer_.data(), used_);
  hasher_.update(bytes);
  VARVE_RETURN_IF_ERROR(file_->write_at(flushed_, bytes));
  flushed_ += used_;
  used_ = 0;
  return {};
}

}  // namespace varve::lsm
