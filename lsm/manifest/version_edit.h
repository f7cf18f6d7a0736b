// VersionEdit: one atomic change of the physical state of any number of trees, as the manifest logs it; ManifestState:
// what all edits of a manifest add up to. Bytes: lsm/FORMAT.md.
//
//   I1 encode and decode are inverse: decode(encode(e)) == e.
//   I2 decode answers kCorruption or kUnsupported for any other bytes, in memory proportional to the input.
//   I3 ManifestState::apply accepts only what a correct writer could have logged: no file removed that is not there,
//      none added twice to one tree, levels below 0 disjoint, flushed_through never falling.
//
// Threads: values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/manifest/file_metadata.h"

namespace varve::lsm {

// The change of one tree. Removals come first, so that a file can move between levels in one edit.
struct TreeEdit {
  TreeId tree;
  bool dropped = false;  // forget the tree and all its files; nothing else in this TreeEdit then
  std::vector<FileNumber> removed;
  std::vector<FileMetadata> added;
  std::optional<SequenceNumber> flushed_through;

  bool operator==(const TreeEdit&) const = default;
};

struct VersionEdit {
  std::vector<TreeEdit> trees;
  std::map<std::string, std::string> attributes;  // an empty value removes the name
  FileNumber next_file;                           // 0: says nothing
  SequenceNumber greatest_sequence;               // 0: says nothing

  bool operator==(const VersionEdit&) const = default;

  std::string encode() const;
  static Result<VersionEdit> decode(Slice bytes);
};

struct ManifestState {
  struct TreeRecord {
    std::map<FileNumber, FileMetadata> files;
    SequenceNumber flushed_through;
    bool operator==(const TreeRecord&) const = default;
  };
  std::map<TreeId, TreeRecord> trees;
  std::map<std::string, std::string> attributes;
  FileNumber next_file{1};
  // Of every file ever named, and below every flushed_through, dropped trees included.
  SequenceNumber greatest_sequence;

  bool operator==(const ManifestState&) const = default;

  // Whether apply would take the edit (I3). Costs what the edit costs, however large the state.
  Status check(const VersionEdit& edit) const;
  // check, then the change. After an error nothing has changed.
  Status apply(const VersionEdit& edit);
  // Checks that levels below 0 are disjoint; apply does not, since only the state between edits must be.
  Status check_levels() const;
  // One edit that makes an empty state into this one.
  VersionEdit snapshot() const;
};

}  // namespace varve::lsm
