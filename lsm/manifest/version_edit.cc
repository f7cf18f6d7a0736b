#include "lsm/manifest/version_edit.h"

#include <algorithm>
#include <set>

#include "base/coding.h"
#include "lsm/internal_key.h"

namespace varve::lsm {

namespace {

// A record is: tag (varint), length (varint), body. An unknown tag below kFirstOptionalTag is refused, others are
// skipped.
enum Tag : uint64_t {
  kTagNextFile = 1,
  kTagGreatestSequence = 2,
  kTagDropTree = 3,
  kTagRemoveFile = 4,
  kTagAddFile = 5,
  kTagFlushedThrough = 6,
  kTagAttribute = 7,
};
constexpr uint64_t kFirstOptionalTag = 64;

void put_record(std::string* out, Tag tag, Slice body) {
  ByteWriter writer(out);
  writer.varint(tag);
  writer.string(body);
}

std::string encode_file(TreeId tree, const FileMetadata& file) {
  std::string body;
  ByteWriter w(&body);
  w.varint(tree.value);
  w.varint(file.number.value);
  w.bytes({reinterpret_cast<const char*>(file.uuid.bytes.data()), file.uuid.bytes.size()});
  w.varint(file.size_bytes);
  w.u64(file.checksum);
  w.varint(file.level.value);
  w.varint(file.run_order);
  w.string(file.smallest);
  w.string(file.largest);
  w.string(file.prefix);
  w.varint(file.min_sequence.value);
  w.varint(file.max_sequence.value);
  w.varint(file.entries);
  w.varint(file.tombstones);
  return body;
}

FileMetadata decode_file(ByteReader* r) {
  FileMetadata file;
  file.number = FileNumber(r->varint());
  const Slice uuid = r->bytes(file.uuid.bytes.size());
  if (uuid.size() == file.uuid.bytes.size()) std::memcpy(file.uuid.bytes.data(), uuid.data(), uuid.size());
  file.size_bytes = r->varint();
  file.checksum = r->u64();
  file.level = Level(static_cast<uint32_t>(std::min<uint64_t>(r->varint(), UINT32_MAX)));
  file.run_order = r->varint();
  file.smallest = r->string();
  file.largest = r->string();
  file.prefix = r->string();
  file.min_sequence = SequenceNumber(r->varint());
  file.max_sequence = SequenceNumber(r->varint());
  file.entries = r->varint();
  file.tombstones = r->varint();
  return file;
}

Status bad(const std::string& what) { return Status::corruption("version edit: " + what); }

Status check_file(const FileMetadata& file) {
  if (file.number.value == 0) return bad("file number 0");
  if (file.level.value >= kLevels) return bad("level " + std::to_string(file.level.value));
  if (file.smallest > file.largest) return bad("bounds of file " + std::to_string(file.number.value));
  if (file.smallest.size() > kMaxUserKeyBytes || file.largest.size() > kMaxUserKeyBytes)
    return bad("bound too long");
  if (file.min_sequence > file.max_sequence || file.max_sequence >= kMaxSequence) {
    return bad("sequences of file " + std::to_string(file.number.value));
  }
  if (file.tombstones > file.entries || file.entries == 0) {
    return bad("entry counts of file " + std::to_string(file.number.value));
  }
  if (!file.prefix.empty()) return Status::unsupported("file with a key prefix");
  return {};
}

// The TreeEdit that the next record of this tree belongs to. Records of a tree are written together.
TreeEdit* tree_edit(VersionEdit* edit, TreeId tree) {
  if (edit->trees.empty() || edit->trees.back().tree != tree) {
    edit->trees.push_back({});
    edit->trees.back().tree = tree;
  }
  return &edit->trees.back();
}

Status decode_record(uint64_t tag, Slice body, VersionEdit* edit) {
  ByteReader r(body);
  switch (tag) {
    case kTagNextFile:
      edit->next_file = FileNumber(r.varint());
      break;
    case kTagGreatestSequence:
      edit->greatest_sequence = SequenceNumber(r.varint());
      break;
    case kTagDropTree:
      tree_edit(edit, TreeId(r.varint()))->dropped = true;
      break;
    case kTagRemoveFile: {
      TreeEdit* tree = tree_edit(edit, TreeId(r.varint()));
      tree->removed.emplace_back(r.varint());
      break;
    }
    case kTagAddFile: {
      TreeEdit* tree = tree_edit(edit, TreeId(r.varint()));
      tree->added.push_back(decode_file(&r));
      if (!r.failed()) VARVE_RETURN_IF_ERROR(check_file(tree->added.back()));
      break;
    }
    case kTagFlushedThrough: {
      TreeEdit* tree = tree_edit(edit, TreeId(r.varint()));
      tree->flushed_through = SequenceNumber(r.varint());
      break;
    }
    case kTagAttribute: {
      const Slice name = r.string();
      edit->attributes[std::string(name)] = r.string();
      break;
    }
    default:
      if (tag < kFirstOptionalTag)
        return Status::unsupported("version edit: unknown tag " + std::to_string(tag));
      return {};
  }
  return r.done() ? Status() : bad("malformed record, tag " + std::to_string(tag));
}

}  // namespace

std::string VersionEdit::encode() const {
  std::string out;
  const auto put_numbers = [&out](Tag tag, std::initializer_list<uint64_t> numbers) {
    std::string body;
    ByteWriter w(&body);
    for (uint64_t n : numbers) w.varint(n);
    put_record(&out, tag, body);
  };
  if (next_file.value != 0) put_numbers(kTagNextFile, {next_file.value});
  if (greatest_sequence.value != 0) put_numbers(kTagGreatestSequence, {greatest_sequence.value});
  for (const TreeEdit& tree : trees) {
    if (tree.dropped) put_numbers(kTagDropTree, {tree.tree.value});
    for (FileNumber number : tree.removed) put_numbers(kTagRemoveFile, {tree.tree.value, number.value});
    for (const FileMetadata& file : tree.added) put_record(&out, kTagAddFile, encode_file(tree.tree, file));
    if (tree.flushed_through) put_numbers(kTagFlushedThrough, {tree.tree.value, tree.flushed_through->value});
  }
  for (const auto& [name, value] : attributes) {
    std::string body;
    ByteWriter w(&body);
    w.string(name);
    w.string(value);
    put_record(&out, kTagAttribute, body);
  }
  return out;
}

Result<VersionEdit> VersionEdit::decode(Slice bytes) {
  VersionEdit edit;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const uint64_t tag = reader.varint();
    const Slice body = reader.string();
    if (reader.failed()) return bad("cut short");
    VARVE_RETURN_IF_ERROR(decode_record(tag, body, &edit));
  }
  return edit;
}

Status ManifestState::check(const VersionEdit& edit) const {
  if (edit.next_file.value != 0 && edit.next_file < next_file) return bad("next file number falls");
  const FileNumber next = edit.next_file.value != 0 ? edit.next_file : next_file;
  std::set<TreeId> seen;
  for (const TreeEdit& change : edit.trees) {
    const std::string tree = "tree " + std::to_string(change.tree.value);
    if (!seen.insert(change.tree).second) return bad(tree + " twice");
    if (change.dropped) {
      if (change.removed.empty() && change.added.empty() && !change.flushed_through) continue;
      return bad(tree + " dropped and changed");
    }
    static const TreeRecord kNone;
    const auto at = trees.find(change.tree);
    const TreeRecord& record = at == trees.end() ? kNone : at->second;
    std::set<FileNumber> removed;
    for (FileNumber number : change.removed) {
      if (record.files.contains(number) && removed.insert(number).second) continue;
      return bad(tree + " removes unknown file " + std::to_string(number.value));
    }
    std::set<FileNumber> added;
    for (const FileMetadata& file : change.added) {
      VARVE_RETURN_IF_ERROR(check_file(file));
      if (file.number >= next)
        return bad("file number " + std::to_string(file.number.value) + " not given out");
      const bool there = record.files.contains(file.number) && !removed.contains(file.number);
      if (there || !added.insert(file.number).second) {
        return bad(tree + " adds file " + std::to_string(file.number.value) + " twice");
      }
    }
    if (!change.flushed_through) continue;
    if (*change.flushed_through < record.flushed_through) return bad(tree + ": flushed_through falls");
    if (*change.flushed_through > kMaxSequence) return bad(tree + ": flushed_through out of range");
  }
  return {};
}

Status ManifestState::apply(const VersionEdit& edit) {
  VARVE_RETURN_IF_ERROR(check(edit));
  if (edit.next_file.value != 0) next_file = edit.next_file;
  greatest_sequence = std::max(greatest_sequence, edit.greatest_sequence);
  for (const TreeEdit& change : edit.trees) {
    if (change.dropped) {
      trees.erase(change.tree);
      continue;
    }
    TreeRecord& record = trees[change.tree];
    for (FileNumber number : change.removed) record.files.erase(number);
    for (const FileMetadata& file : change.added) {
      record.files.emplace(file.number, file);
      greatest_sequence = std::max(greatest_sequence, file.max_sequence);
    }
    if (change.flushed_through && change.flushed_through->value != 0) {
      record.flushed_through = *change.flushed_through;
      greatest_sequence = std::max(greatest_sequence, SequenceNumber(record.flushed_through.value - 1));
    }
  }
  for (const auto& [name, value] : edit.attributes) {
    if (value.empty()) {
      attributes.erase(name);
    } else {
      attributes[name] = value;
    }
  }
  return {};
}

Status ManifestState::check_levels() const {
  for (const auto& [tree, record] : trees) {
    std::vector<const FileMetadata*> sorted;
    for (const auto& [number, file] : record.files) sorted.push_back(&file);
    std::sort(sorted.begin(), sorted.end(), [](const FileMetadata* a, const FileMetadata* b) {
      if (a->level != b->level) return a->level < b->level;
      return a->level.value == 0 ? a->run_order < b->run_order : a->smallest < b->smallest;
    });
    for (size_t i = 1; i < sorted.size(); ++i) {
      const FileMetadata& before = *sorted[i - 1];
      const FileMetadata& after = *sorted[i];
      if (before.level != after.level) continue;
      const bool wrong =
          after.level.value == 0 ? before.run_order == after.run_order : after.smallest <= before.largest;
      if (wrong) {
        return bad("tree " + std::to_string(tree.value) + ": files " + std::to_string(before.number.value) +
                   " and " + std::to_string(after.number.value) + " of level " +
                   std::to_string(after.level.value) + " overlap");
      }
    }
  }
  return {};
}

VersionEdit ManifestState::snapshot() const {
  VersionEdit edit;
  edit.next_file = next_file;
  edit.greatest_sequence = greatest_sequence;
  edit.attributes = attributes;
  for (const auto& [tree, record] : trees) {
    TreeEdit change;
    change.tree = tree;
    for (const auto& [number, file] : record.files) change.added.push_back(file);
    if (record.flushed_through.value != 0) change.flushed_through = record.flushed_through;
    if (!change.added.empty() || change.flushed_through) edit.trees.push_back(std::move(change));
  }
  return edit;
}

}  // namespace varve::lsm
