// SimulatedDisk and SimulatedDriver: a file system in memory that forgets, at a crash, what was never synced.
//
// The disk keeps, for each file, what is durable and the ordered un-synced writes and size changes above it; and for
// the directories what is durable and the un-synced creates, renames and removes. Pages are shared copy-on-write, so a
// crash image costs what differs. crash_image() picks, seeded, which un-synced pieces survived: writes are kept, lost,
// reordered or torn at 512 bytes, sizes kept or lost apart from their data, directory operations kept or lost. A file
// whose create or rename was lost is not there under that name, however well its bytes were synced (D4).
//
// The driver is used inside a Simulation (each operation is a scheduling point, in the trace hash with its bytes) or
// outside one (no scheduling points, no latency). It knows neither "..", links nor permissions; "." and the empty part
// of a path are skipped, and "/" is there from the start. Direct files insist on alignment, as the real drivers do.
//
// Threads: one real thread. Ownership: a SimulatedDriver borrows its disk; files and rings borrow the driver.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/io/driver.h"
#include "base/random.h"

namespace varve::io {

// How a crash image treats what was not synced.
enum class CrashStyle {
  // Each un-synced 512-byte sector, size and directory operation takes its chance; some writes take theirs whole. A
  // sector shows one of its versions since the last sync.
  kRandom,
  kLoseAll,  // nothing un-synced survives
  kKeepAll,  // everything a reader could see survives (as after SIGKILL)
  kPrefix,   // un-synced operations survive up to a random one, in order over the whole disk
  // All but the last un-synced operation survive; the last, if a write, is torn at a random 512-byte boundary, else lost.
  kTearLast,
};

class SimulatedDisk {
 public:
  SimulatedDisk();
  ~SimulatedDisk();
  SimulatedDisk(SimulatedDisk&&) noexcept;
  SimulatedDisk& operator=(SimulatedDisk&&) noexcept;

  // What a machine would find after losing power now. The image is all durable, unlocked, and independent of this disk.
  SimulatedDisk crash_image(CrashStyle style, Random* random) const;
  // An independent copy, un-synced state included, unlocked.
  SimulatedDisk clone() const;

  // Hash of every path and byte as a reader would see them now; equal images have equal hashes.
  uint64_t content_hash() const;
  // Un-synced sectors, size changes and directory operations.
  size_t pending_units() const;
  // Sizes of all files that have a name.
  uint64_t total_bytes() const;

  struct Impl;
  Impl* impl() const { return impl_.get(); }

 private:
  explicit SimulatedDisk(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class FaultKind { kNone, kEio, kNoSpace, kShort };
enum class IoEvent {
  kOpen,
  kCreate,
  kRead,
  kWrite,
  kWriteDurable,
  kSync,
  kTruncate,
  kRename,
  kRemove,
  kSyncDirectory,
  kMkdir,
  kList,
};

// "write durable", for messages and traces.
const char* io_event_name(IoEvent event);

// An operation calls its observer before it takes effect (after = false), and once it has or has failed
// (after = true). A durable write also does so in between (in_flight = true, after = false), when its bytes
// can be read and are pending but not durable: an image taken there may hold any part of them. `path` is the
// file or directory (of a rename: the old name), `offset` of a truncation is the new size.
struct IoEventInfo {
  IoEvent event;
  const std::string& path;
  uint64_t offset;
  uint64_t size;
  bool after;
  uint64_t index;  // rises by one per operation of this driver, in the order they start
  bool in_flight = false;
  bool failed = false;  // with after: the operation answers an error
};

class SimulatedDriver : public Driver {
 public:
  explicit SimulatedDriver(SimulatedDisk* disk);
  ~SimulatedDriver() override;

  // Observes every operation. Crash lanes take images here: no operation is half applied at a call but as
  // described at IoEventInfo. It may run a Simulation of its own on an image; it must not use this driver.
  void set_observer(std::function<void(const IoEventInfo&)> observer);
  // Chooses a fault for an operation; kNone lets it pass. Asked once per operation, with after = false.
  //   kEio      write: half of it is there to read, but un-synced for ever.
  //             durable write, sync, directory sync: fails, and what it should have saved stays visible but un-synced
  //             for ever ("the pages are marked clean": a later sync succeeds and does not save it).
  //             everything else: no effect.
  //   kNoSpace  sync, directory sync: as kEio. Everything else that writes: no effect. Others ignore it.
  //   kShort    reads and writes: the first transfer moves half, others may run, and the driver goes on as the real
  //             ones do. Others ignore it.
  void set_faults(std::function<FaultKind(const IoEventInfo&)> faults);
  // Free space until kNoSpace; UINT64_MAX by default. Counts sizes, holes included.
  void set_capacity_bytes(uint64_t capacity_bytes);
  // Mean simulated latency in nanoseconds of reads, of writes, and of syncs (durable writes too), on the simulation's
  // clock. Each operation draws between half and one and a half of it, so that concurrent ones end in any order. By
  // default 0, 0 and 20000.
  void set_latency_ns(uint64_t read, uint64_t write, uint64_t sync);

  const char* name() const override { return "simulated"; }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, Caching caching) override;
  // Performs requests through the virtual functions of their File (so the files of a decorator work too), in a seeded
  // order: some at flush(), the others at wait().
  Result<std::unique_ptr<Ring>> make_ring(size_t depth) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status create_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<uint64_t> free_space_bytes(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;

 private:
  friend class SimulatedFile;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::io
