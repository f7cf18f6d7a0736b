// Names: the directory tree of a simulated disk as a map from (directory, name) to inode number, and
// NameChange, one un-synced step from one such map to the next.
//
// A change is applied to a map that may lack the changes before it (a crash lost them), and still leaves a
// sensible tree: each inode has one name at most, and only what is there is taken away.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve::io {

using InodeNumber = uint64_t;
inline constexpr InodeNumber kRootDirectory = 1;

struct NameSlot {
  InodeNumber directory = 0;
  std::string name;

  bool operator==(const NameSlot&) const = default;
};

struct NameSlotView {
  InodeNumber directory;
  std::string_view name;

  NameSlotView(InodeNumber d, std::string_view n) : directory(d), name(n) {}
  NameSlotView(const NameSlot& slot) : directory(slot.directory), name(slot.name) {}  // NOLINT: implicit
};

struct NameSlotLess {
  using is_transparent = void;
  bool operator()(NameSlotView a, NameSlotView b) const {
    return a.directory != b.directory ? a.directory < b.directory : a.name < b.name;
  }
};

using Names = std::map<NameSlot, InodeNumber, NameSlotLess>;

struct NameChange {
  enum class Kind { kCreate, kRemove, kRename };
  uint64_t sequence = 0;
  Kind kind = Kind::kCreate;
  NameSlot from;  // kRemove, kRename
  NameSlot to;    // kCreate, kRename; replaces what is there
  InodeNumber inode = 0;
  bool doomed = false;  // its sync failed: no later one makes it durable

  bool touches(InodeNumber directory) const {
    return (kind != Kind::kCreate && from.directory == directory) ||
           (kind != Kind::kRemove && to.directory == directory);
  }
  bool shares_slot_with(const NameChange& other) const;
  void apply(Names* names) const;
};

// Marks, in `selected` (one per change), the earlier changes that a selected one builds upon: those of a same
// slot.
void select_predecessors(const std::vector<NameChange>& changes, std::vector<bool>* selected);

}  // namespace varve::io
