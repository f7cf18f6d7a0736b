// Manifest: the log of the physical state of all trees of a store. Bytes and the naming rule: lsm/FORMAT.md.
//
// The current manifest is the one with the highest number. A manifest gets its final name by rename, after its
// superblocks and its first frame (the whole state) are synced, and is used only once the directory is synced; so
// nothing that says "current" is ever rewritten. Every open, and growth past a bound, starts a new one: what was
// read is made durable again before anything acts on it, and nothing is ever appended after a torn tail.
//
//   I1 append returns ok only when the edit is durable. After any other answer the edit may or may not survive: the
//      caller deletes nothing that it adds, and nothing that it removes.
//   I2 A block that holds an acknowledged edit is never rewritten.
//   I3 After a failed write nothing is appended to that file. When the disk was full, the next append starts a new
//      manifest; any other failure is final, and append answers it for ever.
//
// Torn tail: a frame is written only after its predecessor is durable. A bad frame with a frame header anywhere
// after it was therefore acknowledged: corruption. A bad last frame never was (or it is the one edit that only the
// log can vouch for, which stamps the last durable edit's number into its frames).
//
// Threads: Manifest from one at a time; read_manifest pure. Ownership: borrows the driver.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"
#include "lsm/manifest/manifest_format.h"
#include "lsm/manifest/version_edit.h"

namespace varve::lsm {

struct RecoveredManifest {
  ManifestState state;
  Superblock superblock;
  uint64_t last_edit = 0;
  uint64_t end_offset = 0;       // where the good frames end
  uint64_t torn_tail_bytes = 0;  // from there to the last non-zero byte
  Status damaged_copy;           // not ok when one of the two superblocks is bad: the other served
};

// Decodes the bytes of one manifest file; `name` is for messages and is held against the superblock.
Result<RecoveredManifest> decode_manifest(const std::string& name, Slice bytes);
// Finds and decodes the current manifest of a directory. kNotFound when there is none.
Result<RecoveredManifest> read_manifest(io::Driver* driver, const std::string& directory);

class Manifest {
 public:
  // Starts manifest `number` (higher than any in the directory) with this state, durably. Older ones stay: the
  // caller removes them.
  static Result<std::unique_ptr<Manifest>> create(io::Driver* driver, const std::string& directory,
                                                  uint64_t store_uuid, uint64_t number, uint64_t last_edit,
                                                  ManifestState state, uint64_t rotate_bytes = 1u << 20);

  // Logs one edit. new_number is asked for a number when a new file is due.
  Status append(VersionEdit edit, const std::function<FileNumber()>& new_number);

  const ManifestState& state() const { return state_; }
  uint64_t last_edit() const { return last_edit_; }
  uint64_t number() const { return number_; }

 private:
  Manifest(io::Driver* driver, std::string directory, uint64_t store_uuid, uint64_t rotate_bytes)
      : driver_(driver),
        directory_(std::move(directory)),
        store_uuid_(store_uuid),
        rotate_bytes_(rotate_bytes) {}
  bool rotation_due() const;
  Status rotate(uint64_t number);
  Status write_new_file(uint64_t number, bool* renamed);
  Status append_frame(const VersionEdit& edit);

  io::Driver* driver_;
  std::string directory_;
  uint64_t store_uuid_;
  uint64_t rotate_bytes_;

  std::unique_ptr<io::File> file_;
  Superblock superblock_;
  uint64_t number_ = 0;
  uint64_t end_ = 0;
  uint64_t snapshot_bytes_ = 0;
  uint64_t chain_ = 0;
  uint64_t last_edit_ = 0;
  ManifestState state_;
  bool abandoned_ = false;  // the disk was full: this file is not appended to again
  Status failed_;
};

}  // namespace varve::lsm
