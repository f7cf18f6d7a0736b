// SimulatedDisk::Impl: inodes, the names that lead to them, and which of those a crash would find. Private to
// base/io/simulated: the driver calls it, and knows about faults, events and scheduling, of which this knows nothing.
//
// Threads: one real thread. Ownership: open files share their inode, as unlinked files live on until closed.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/simulated/disk.h"
#include "base/io/simulated/inode.h"
#include "base/io/simulated/names.h"

namespace varve::io {

struct Node {
  InodeNumber number = 0;
  bool is_directory = false;
  Inode file;
};

struct SimulatedDisk::Impl {
  Impl();

  // Where a path leads. node is null when the last name does not exist.
  struct Place {
    InodeNumber parent = 0;
    std::string_view name;  // within the caller's path; empty for the root
    std::shared_ptr<Node> node;
  };
  // kNotFound when a directory on the way is missing; what is no directory answers ENOTDIR's io_error.
  Result<Place> find(const std::string& path) const;
  Result<std::shared_ptr<Node>> find_directory(const std::string& path) const;

  std::shared_ptr<Node> create(const Place& place, bool is_directory);
  void remove(const Place& place);
  Status rename(const std::string& from, const std::string& to);
  std::vector<std::string> list(InodeNumber directory) const;

  uint64_t next_sequence() { return ++last_sequence; }
  void settle_names(InodeNumber directory, uint64_t until);
  void doom_names(InodeNumber directory, uint64_t until);

  uint64_t total_bytes() const;
  std::unique_ptr<Impl> clone() const;
  std::unique_ptr<Impl> crash_image(CrashStyle style, Random* random) const;

  Names current;
  Names durable;
  std::vector<NameChange> changes;  // what leads from durable to current, by sequence
  // Every inode that current, durable or a change names.
  std::map<InodeNumber, std::shared_ptr<Node>> nodes;
  uint64_t last_sequence = 0;
  InodeNumber last_inode = kRootDirectory;
  // Inodes whose lock someone holds; shared with the locks, which may outlive the disk. Not part of a copy.
  std::shared_ptr<std::set<InodeNumber>> locked = std::make_shared<std::set<InodeNumber>>();

 private:
  void forget_unnamed();
  CrashChoice choose(CrashStyle style, Random* random) const;
  Names names_after(CrashStyle style, const CrashChoice& choice) const;
};

}  // namespace varve::io
