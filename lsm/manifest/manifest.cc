#include "lsm/manifest/manifest.h"

#include <algorithm>
#include <cstring>

#include "base/coding.h"
#include "base/hash.h"
#include "base/io/aligned_buffer.h"

namespace varve::lsm {

namespace {

// A new file is started when this one is past its bound and this many times its first frame, so that rotation costs a
// fraction of what was logged.
constexpr uint64_t kRotateGrowth = 4;

Status write_aligned(io::File* file, uint64_t offset, Slice bytes, bool durable) {
  io::AlignedBuffer buffer(bytes.size());
  std::memcpy(buffer.data(), bytes.data(), bytes.size());
  const Slice aligned(buffer.data(), bytes.size());
  return durable ? file->write_at_durable(offset, aligned) : file->write_at(offset, aligned);
}

Status at(const std::string& name, uint64_t offset, const Status& status) {
  if (status.code() == ErrorCode::kCorruption) return Status::corruption(name, offset, status.message());
  return {status.code(), name + ": offset " + std::to_string(offset) + ": " + status.message()};
}

Result<Superblock> decode_superblocks(const std::string& name, Slice bytes, Status* damaged_copy) {
  if (bytes.size() < kManifestFirstFrame) return Status::corruption(name, bytes.size(), "manifest cut short");
  Result<Superblock> first = Superblock::decode(bytes.substr(0, kManifestBlockBytes), 0);
  Result<Superblock> second = Superblock::decode(bytes.substr(kManifestBlockBytes, kManifestBlockBytes), 1);
  if (!first.ok() && !second.ok()) return at(name, 0, first.status());
  if (first.ok() && second.ok() && !(*first == *second)) {
    return Status::corruption(name, kManifestBlockBytes, "the superblock's copies differ");
  }
  // A copy of a later version is no damage to repair: refuse the file.
  for (const Status& status : {first.status(), second.status()}) {
    if (status.code() == ErrorCode::kUnsupported) return at(name, 0, status);
  }
  if (!first.ok()) *damaged_copy = at(name, 0, first.status());
  if (!second.ok()) *damaged_copy = at(name, kManifestBlockBytes, second.status());
  return first.ok() ? first : second;
}

// A frame header of this file after `from`: proof that what lies before it was durable once.
bool any_frame_after(const FileUuid& uuid, Slice bytes, uint64_t from) {
  for (uint64_t offset = from; offset + kFrameHeaderBytes <= bytes.size(); offset += kManifestBlockBytes) {
    if (decode_frame_header(uuid, offset, bytes.substr(offset))) return true;
  }
  return false;
}

}  // namespace

Result<RecoveredManifest> decode_manifest(const std::string& name, Slice bytes) {
  RecoveredManifest out;
  VARVE_ASSIGN_OR_RETURN(out.superblock, decode_superblocks(name, bytes, &out.damaged_copy));
  if (out.superblock.number != parse_manifest_file_name(name)) {
    return Status::corruption(name, 0,
                              "the superblock is of manifest " + std::to_string(out.superblock.number));
  }
  const FileUuid& uuid = out.superblock.file_uuid;
  uint64_t chain = out.superblock.chain_hash();
  uint64_t offset = kManifestFirstFrame;
  bool first = true;
  while (offset < bytes.size()) {
    const Slice rest = bytes.substr(offset);
    const std::optional<FrameHeader> header = decode_frame_header(uuid, offset, rest);
    Slice payload;
    if (!header || !check_frame_body(uuid, offset, *header, rest, &payload)) break;
    const uint64_t expected = first ? out.superblock.first_edit : out.last_edit + 1;
    if (header->previous_hash != chain || header->edit_number != expected) {
      return Status::corruption(name, offset, "frame out of sequence");
    }
    Result<VersionEdit> edit = VersionEdit::decode(payload);
    if (!edit.ok()) return at(name, offset, edit.status());
    if (Status applied = out.state.apply(*edit); !applied.ok()) return at(name, offset, applied);
    out.last_edit = header->edit_number;
    chain = header->body_checksum;
    first = false;
    offset += padded_frame_bytes(header->payload_bytes);
  }
  // The first frame was synced before the file had its name.
  if (first) return Status::corruption(name, kManifestFirstFrame, "first frame damaged");
  out.end_offset = offset;
  if (Status levels = out.state.check_levels(); !levels.ok()) return at(name, offset, levels);
  if (offset < bytes.size()) {
    if (any_frame_after(uuid, bytes, offset + kManifestBlockBytes)) {
      return Status::corruption(name, offset, "frame damaged, later frames follow");
    }
    const size_t last = bytes.find_last_not_of('\0');
    if (last != Slice::npos && last >= offset) out.torn_tail_bytes = last + 1 - offset;
  }
  return out;
}

Result<RecoveredManifest> read_manifest(io::Driver* driver, const std::string& directory) {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, driver->list(directory));
  uint64_t newest = 0;
  for (const std::string& name : names) newest = std::max(newest, parse_manifest_file_name(name));
  if (newest == 0) return Status::not_found(directory + ": no manifest");
  const std::string name = manifest_file_name(newest);
  VARVE_ASSIGN_OR_RETURN(const std::string bytes,
                         io::read_file(driver, io::join_path(directory, name), kMaxManifestBytes));
  return decode_manifest(name, bytes);
}

Result<std::unique_ptr<Manifest>> Manifest::create(io::Driver* driver, const std::string& directory,
                                                   uint64_t store_uuid, uint64_t number, uint64_t last_edit,
                                                   ManifestState state, uint64_t rotate_bytes) {
  std::unique_ptr<Manifest> manifest(new Manifest(driver, directory, store_uuid, rotate_bytes));
  manifest->state_ = std::move(state);
  manifest->last_edit_ = last_edit;
  bool renamed = false;
  VARVE_RETURN_IF_ERROR(manifest->write_new_file(number, &renamed));
  return manifest;
}

Status Manifest::write_new_file(uint64_t number, bool* renamed) {
  Superblock superblock;
  superblock.file_uuid = random_file_uuid();
  superblock.store_uuid = store_uuid_;
  superblock.number = number;
  superblock.first_edit = last_edit_;

  state_.next_file = std::max(state_.next_file, FileNumber(number + 1));
  uint64_t hash = 0;
  std::string bytes = superblock.encode(0) + superblock.encode(1);
  bytes += encode_frame(superblock.file_uuid, kManifestFirstFrame, last_edit_, superblock.chain_hash(),
                        state_.snapshot().encode(), &hash);

  const std::string path = io::join_path(directory_, manifest_file_name(number));
  const std::string temporary = path + ".tmp";
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                         driver_->open(temporary, io::OpenMode::kCreateOrTruncate, io::Caching::kDirect));
  VARVE_RETURN_IF_ERROR(write_aligned(file.get(), 0, bytes, false));
  VARVE_RETURN_IF_ERROR(file->sync());
  *renamed = true;
  VARVE_RETURN_IF_ERROR(driver_->rename(temporary, path));
  VARVE_RETURN_IF_ERROR(driver_->sync_directory(directory_));
  // Opened again under its name, so that errors name the file that is there.
  VARVE_ASSIGN_OR_RETURN(file_, driver_->open(path, io::OpenMode::kReadWrite, io::Caching::kDirect));

  superblock_ = superblock;
  number_ = number;
  end_ = bytes.size();
  snapshot_bytes_ = bytes.size();
  chain_ = hash;
  abandoned_ = false;
  return {};
}

Status Manifest::append(VersionEdit edit, const std::function<FileNumber()>& new_number) {
  if (rotation_due()) VARVE_RETURN_IF_ERROR(rotate(new_number().value));
  // A rotation took a number after the caller filled this in.
  if (edit.next_file.value != 0) edit.next_file = std::max(edit.next_file, state_.next_file);
  return append_frame(edit);
}

bool Manifest::rotation_due() const {
  return abandoned_ || end_ > std::max(rotate_bytes_, kRotateGrowth * snapshot_bytes_);
}

Status Manifest::rotate(uint64_t number) {
  if (!failed_.ok()) return failed_;
  const uint64_t old = number_;
  bool renamed = false;
  if (Status status = write_new_file(number, &renamed); !status.ok()) {
    // Once renamed, a crash may leave either file as the highest: no edit may go to the old one any more. A full
    // disk is no excuse then.
    if (renamed) failed_ = status.code() == ErrorCode::kNoSpace ? Status::io_error(status.message()) : status;
    if (renamed) return failed_;
    Status ignored = driver_->remove(io::join_path(directory_, manifest_file_name(number)) + ".tmp");
    if (abandoned_) return status;
    return {};  // the old file is still good
  }
  // Durable replacement is in place; a remnant is removed at the next open.
  Status ignored = driver_->remove(io::join_path(directory_, manifest_file_name(old)));
  return {};
}

Status Manifest::append_frame(const VersionEdit& edit) {
  if (!failed_.ok()) return failed_;
  // Validated before it is written: an edit that could not be read back must never reach the disk.
  VARVE_RETURN_IF_ERROR(state_.check(edit));
  uint64_t hash = 0;
  const std::string frame =
      encode_frame(superblock_.file_uuid, end_, last_edit_ + 1, chain_, edit.encode(), &hash);
  if (Status status = write_aligned(file_.get(), end_, frame, true); !status.ok()) {
    if (status.code() == ErrorCode::kNoSpace) {
      abandoned_ = true;
    } else {
      failed_ = status;
    }
    return status;
  }
  const Status applied = state_.apply(edit);
  CHECK(applied.ok());
  chain_ = hash;
  end_ += frame.size();
  ++last_edit_;
  return {};
}

}  // namespace varve::lsm
