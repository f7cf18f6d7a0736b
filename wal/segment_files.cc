#include "wal/segment_files.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/coding.h"
#include "base/io/aligned_buffer.h"
#include "base/io/entropy.h"

namespace varve::wal {
namespace {

constexpr std::string_view kPrepareName = "prepare.tmp";
constexpr std::string_view kSparePrefix = "spare-";
constexpr uint64_t kZeroChunkBytes = 1u << 20;

}  // namespace

bool SegmentFiles::take_spare(uint64_t bytes, Spare* out) {
  io::MutexLock lock(&mutex_);
  const auto found =
      std::find_if(spares_.begin(), spares_.end(), [&](const Spare& s) { return s.bytes >= bytes; });
  if (found == spares_.end()) return false;
  *out = std::move(*found);
  spares_.erase(found);
  return true;
}

Result<std::unique_ptr<Segment>> SegmentFiles::make_ready(SegmentHeader header) {
  store_little(reinterpret_cast<char*>(header.file_uuid.data()), io::random_id());
  store_little(reinterpret_cast<char*>(header.file_uuid.data()) + 8, io::random_id());
  for (size_t i = 0; i < header.salt.size(); i += 8) {
    store_little(reinterpret_cast<char*>(header.salt.data()) + i, io::random_id());
  }
  auto segment = std::make_unique<Segment>();
  Spare spare;
  std::string path;
  const bool recycle = take_spare(header.segment_bytes, &spare);
  if (recycle) {
    path = spare.path;
    header.segment_bytes = spare.bytes;
    header.flags |= kSegmentRecycled;
    VARVE_ASSIGN_OR_RETURN(segment->file,
                           driver_->open(path, io::OpenMode::kReadWrite, io::Caching::kDirect));
    io::AlignedBuffer block(kBlockBytes);
    encode_segment_header(header, block.data());
    VARVE_RETURN_IF_ERROR(segment->file->write_at_durable(0, Slice(block.data(), block.size())));
  } else {
    path = io::join_path(directory_, std::string(kPrepareName));
    VARVE_ASSIGN_OR_RETURN(segment->file, write_zeros(path, header));
  }
  VARVE_RETURN_IF_ERROR(
      driver_->rename(path, io::join_path(directory_, segment_file_name(SegmentNumber(header.segment)))));
  VARVE_RETURN_IF_ERROR(driver_->sync_directory(directory_));
  segment->header = header;
  io::MutexLock lock(&mutex_);
  ++(recycle ? recycled_ : created_);
  return segment;
}

Result<std::unique_ptr<io::File>> SegmentFiles::write_zeros(const std::string& path,
                                                            const SegmentHeader& header) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                         driver_->open(path, io::OpenMode::kCreateOrTruncate, io::Caching::kDirect));
  io::AlignedBuffer chunk(std::min(header.segment_bytes, kZeroChunkBytes));
  encode_segment_header(header, chunk.data());
  for (uint64_t offset = 0; offset < header.segment_bytes;) {
    const uint64_t bytes = std::min<uint64_t>(chunk.size(), header.segment_bytes - offset);
    VARVE_RETURN_IF_ERROR(file->write_at(offset, Slice(chunk.data(), bytes)));
    if (offset == 0) std::fill_n(chunk.data(), kBlockBytes, '\0');
    offset += bytes;
  }
  VARVE_RETURN_IF_ERROR(file->sync());
  return file;
}

Status SegmentFiles::free_files(const std::vector<SegmentNumber>& numbers, uint64_t keep_spare_bytes) {
  if (numbers.empty()) return {};
  std::vector<Spare> freed;
  Status status;
  for (const SegmentNumber number : numbers) {
    const std::string path = io::join_path(directory_, segment_file_name(number));
    uint64_t bytes = 0;
    if (auto file = driver_->open(path, io::OpenMode::kRead, io::Caching::kBuffered); file.ok()) {
      if (auto size = (*file)->size(); size.ok()) bytes = *size;
    }
    std::string spare_path;
    {
      io::MutexLock lock(&mutex_);
      if (bytes >= keep_spare_bytes && spares_.size() + spares_promised_ < kMaxSpares) {
        ++spares_promised_;
        spare_path =
            io::join_path(directory_, std::string(kSparePrefix) + std::to_string(next_spare_++) + ".tmp");
      }
    }
    status = spare_path.empty() ? driver_->remove(path) : driver_->rename(path, spare_path);
    if (!spare_path.empty()) freed.push_back({spare_path, bytes});
    if (!status.ok()) break;
  }
  if (status.ok()) status = driver_->sync_directory(directory_);
  io::MutexLock lock(&mutex_);
  spares_promised_ -= freed.size();
  // After an error it is not known which names survive a crash: nothing is recycled.
  if (status.ok()) std::move(freed.begin(), freed.end(), std::back_inserter(spares_));
  return status;
}

Status SegmentFiles::remove_leftovers() {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, driver_->list(directory_));
  for (const std::string& name : names) {
    if (name != kPrepareName && !name.starts_with(kSparePrefix)) continue;
    VARVE_RETURN_IF_ERROR(driver_->remove(io::join_path(directory_, name)));
  }
  return {};
}

uint64_t SegmentFiles::recycled() const {
  io::MutexLock lock(&mutex_);
  return recycled_;
}

uint64_t SegmentFiles::created() const {
  io::MutexLock lock(&mutex_);
  return created_;
}

}  // namespace varve::wal
