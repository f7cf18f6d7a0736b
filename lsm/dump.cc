#include "lsm/dump.h"

#include <algorithm>

#include "lsm/manifest/manifest.h"
#include "lsm/sstable/table_reader.h"

namespace varve::lsm {

namespace {

// Printable ASCII as it is, the rest as \xNN.
std::string printable(Slice bytes, size_t limit) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : bytes.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  out += '"';
  if (bytes.size() > limit) out += "... (" + std::to_string(bytes.size()) + " bytes)";
  return out;
}

constexpr size_t kMaxKeyShown = 64;

std::string describe(const FileMetadata& file) {
  return table_file_name(file.number) + " level " + std::to_string(file.level.value) +
         (file.level.value == 0 ? " run " + std::to_string(file.run_order) : "") + " bytes " +
         std::to_string(file.size_bytes) + " entries " + std::to_string(file.entries) + " tombstones " +
         std::to_string(file.tombstones) + " sequences " + std::to_string(file.min_sequence.value) + ".." +
         std::to_string(file.max_sequence.value) + " keys " + printable(file.smallest, kMaxKeyShown) + ".." +
         printable(file.largest, kMaxKeyShown);
}

bool dump_edit(const VersionEdit& edit, const DumpSink& sink) {
  if (edit.next_file.value != 0 && !sink("  next file " + std::to_string(edit.next_file.value))) return false;
  if (edit.greatest_sequence.value != 0 &&
      !sink("  greatest sequence " + std::to_string(edit.greatest_sequence.value))) {
    return false;
  }
  for (const TreeEdit& tree : edit.trees) {
    const std::string front = "  tree " + std::to_string(tree.tree.value) + ": ";
    if (tree.dropped && !sink(front + "dropped")) return false;
    for (FileNumber number : tree.removed) {
      if (!sink(front + "remove " + table_file_name(number))) return false;
    }
    for (const FileMetadata& file : tree.added) {
      if (!sink(front + "add " + describe(file))) return false;
    }
    if (tree.flushed_through &&
        !sink(front + "flushed through " + std::to_string(tree.flushed_through->value))) {
      return false;
    }
  }
  for (const auto& [name, value] : edit.attributes) {
    const std::string what = value.empty() ? "removed" : printable(value, kMaxKeyShown);
    if (!sink("  attribute " + printable(name, kMaxKeyShown) + " " + what)) return false;
  }
  return true;
}

bool dump_superblock(Slice block, uint32_t copy, const DumpSink& sink, std::optional<Superblock>* good) {
  const Result<Superblock> superblock = Superblock::decode(block, copy);
  const std::string front = "superblock copy " + std::to_string(copy) + ": ";
  if (!superblock.ok()) return sink(front + superblock.status().to_string());
  *good = *superblock;
  return sink(front + "manifest " + std::to_string(superblock->number) + " store " +
              std::to_string(superblock->store_uuid) + " first edit " +
              std::to_string(superblock->first_edit));
}

// Frame by frame, past damaged ones to the next header of this file.
bool dump_frames(const FileUuid& uuid, Slice bytes, const DumpSink& sink) {
  uint64_t offset = kManifestFirstFrame;
  bool in_damage = false;
  while (offset < bytes.size()) {
    const Slice rest = bytes.substr(offset);
    const std::optional<FrameHeader> header = decode_frame_header(uuid, offset, rest);
    if (!header) {
      if (!in_damage && !sink("offset " + std::to_string(offset) + ": no frame header")) return false;
      in_damage = true;
      offset += kManifestBlockBytes;
      continue;
    }
    in_damage = false;
    const std::string front = "offset " + std::to_string(offset) + ": edit " +
                              std::to_string(header->edit_number) + ", " +
                              std::to_string(header->payload_bytes) + " bytes";
    Slice payload;
    if (!check_frame_body(uuid, offset, *header, rest, &payload)) {
      if (!sink(front + ": body damaged or cut short")) return false;
      offset += kManifestBlockBytes;
      continue;
    }
    const Result<VersionEdit> edit = VersionEdit::decode(payload);
    if (!sink(front + (edit.ok() ? "" : ": " + edit.status().to_string()))) return false;
    if (edit.ok() && !dump_edit(*edit, sink)) return false;
    offset += padded_frame_bytes(header->payload_bytes);
  }
  return true;
}

Status dump_manifest(io::Driver* driver, const std::string& path, const std::string& name,
                     const DumpSink& sink) {
  VARVE_ASSIGN_OR_RETURN(const std::string bytes, io::read_file(driver, path, kMaxManifestBytes));
  if (!sink(name + ", " + std::to_string(bytes.size()) + " bytes")) return {};
  std::optional<Superblock> superblock;
  for (uint32_t copy = 0; copy < 2; ++copy) {
    const size_t at = std::min<size_t>(copy * kManifestBlockBytes, bytes.size());
    if (!dump_superblock(Slice(bytes).substr(at, kManifestBlockBytes), copy, sink, &superblock)) return {};
  }
  if (!superblock) return {};
  if (!dump_frames(superblock->file_uuid, bytes, sink)) return {};
  const Result<RecoveredManifest> recovered = decode_manifest(name, bytes);
  sink(recovered.ok() ? "reads as: edit " + std::to_string(recovered->last_edit) + ", " +
                            std::to_string(recovered->state.trees.size()) + " trees, torn tail " +
                            std::to_string(recovered->torn_tail_bytes) + " bytes"
                      : "reads as: " + recovered.status().to_string());
  return {};
}

Status dump_table(io::Driver* driver, const std::string& path, const std::string& name,
                  const DumpOptions& options, const DumpSink& sink) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                         driver->open(path, io::OpenMode::kRead, io::Caching::kDirect));
  TableReaderOptions reader_options;
  reader_options.file_number = parse_table_file_name(name);
  const Result<std::unique_ptr<TableReader>> opened = TableReader::open(std::move(file), reader_options);
  if (!opened.ok()) {
    sink(name + ": " + opened.status().to_string());
    return {};
  }
  const TableReader& table = **opened;
  const TableProperties& p = table.properties();
  const auto line = [&sink](const char* what, uint64_t value) {
    return sink(std::string(what) + " " + std::to_string(value));
  };
  if (!sink(name + ", " + std::to_string(table.file_size_bytes()) + " bytes") ||
      !line("entries", p.entries) || !line("tombstones", p.tombstones) ||
      !line("least sequence", p.min_sequence.value) || !line("greatest sequence", p.max_sequence.value) ||
      !line("data blocks", p.data_blocks) || !line("data bytes", p.data_bytes) ||
      !line("raw key bytes", p.raw_key_bytes) || !line("raw value bytes", p.raw_value_bytes) ||
      !line("index bytes", p.index_bytes) || !line("index levels", p.index_levels) ||
      !line("filter keys", p.filter_keys) || !line("filter partitions", p.filter_partitions)) {
    return {};
  }
  if (options.entries) {
    const std::unique_ptr<InternalIterator> cursor = table.iterate();
    for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
      const Slice key = cursor->key();
      const bool put = kind_of(key) == ValueKind::kPut;
      if (!sink(printable(user_key_of(key), SIZE_MAX) + " @" + std::to_string(sequence_of(key).value) +
                (put ? " = " + printable(cursor->value(), options.max_value_bytes) : " deleted"))) {
        return {};
      }
    }
    if (!cursor->status().ok() && !sink(cursor->status().to_string())) return {};
  }
  const Status verified = table.verify();
  sink(verified.ok() ? "whole" : verified.to_string());
  return {};
}

}  // namespace

Status dump_file(io::Driver* driver, const std::string& path, const DumpOptions& options,
                 const DumpSink& sink) {
  const size_t slash = path.find_last_of('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (parse_table_file_name(name).value != 0) return dump_table(driver, path, name, options, sink);
  if (parse_manifest_file_name(name) != 0 || is_temporary_manifest_name(name)) {
    return dump_manifest(driver, path, name, sink);
  }
  return Status::invalid_argument(path + ": neither a manifest nor an SSTable by its name");
}

Status dump_directory(io::Driver* driver, const std::string& directory, const DumpSink& sink) {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, driver->list(directory));
  uint64_t newest = 0;
  for (const std::string& name : names) newest = std::max(newest, parse_manifest_file_name(name));
  if (newest == 0) return Status::not_found(directory + ": no manifest");
  const std::string name = manifest_file_name(newest);
  return dump_manifest(driver, io::join_path(directory, name), name, sink);
}

}  // namespace varve::lsm
