#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/io/aligned_buffer.h"
#include "base/io/clock.h"
#include "base/io/scheduler.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/disk_state.h"
#include "base/io/simulated/seeded_ring.h"
#include "base/io/simulated/simulation.h"

namespace varve::io {
namespace {

// What free_space_bytes answers of a disk without a bound: enough for all, and safe to add to.
constexpr uint64_t kUnboundedFreeBytes = uint64_t{1} << 50;

void scheduling_point(const char* what) {
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) scheduler->yield(what);
}

}  // namespace

const char* io_event_name(IoEvent event) {
  switch (event) {
    case IoEvent::kOpen:
      return "open";
    case IoEvent::kCreate:
      return "create";
    case IoEvent::kRead:
      return "read";
    case IoEvent::kWrite:
      return "write";
    case IoEvent::kWriteDurable:
      return "write durable";
    case IoEvent::kSync:
      return "sync";
    case IoEvent::kTruncate:
      return "truncate";
    case IoEvent::kRename:
      return "rename";
    case IoEvent::kRemove:
      return "remove";
    case IoEvent::kSyncDirectory:
      return "sync directory";
    case IoEvent::kMkdir:
      return "create directory";
    case IoEvent::kList:
      return "list";
  }
  return "unknown";
}

class SimulatedDriver::Impl {
 public:
  Impl(SimulatedDisk* disk, DriverCounters* driver_counters) : disk_(disk), counters(driver_counters) {}

  SimulatedDisk::Impl& disk() { return *disk_->impl(); }
  bool has_room_for(uint64_t more_bytes) {
    if (capacity_bytes == UINT64_MAX || more_bytes == 0) return true;
    const uint64_t used = disk().total_bytes();
    return used <= capacity_bytes && more_bytes <= capacity_bytes - used;
  }

  std::function<void(const IoEventInfo&)> observer;
  std::function<FaultKind(const IoEventInfo&)> faults;
  uint64_t capacity_bytes = UINT64_MAX;
  uint64_t read_latency_ns = 0;
  uint64_t write_latency_ns = 0;
  uint64_t sync_latency_ns = 20'000;
  uint64_t operations = 0;

 private:
  SimulatedDisk* const disk_;

 public:
  DriverCounters* const counters;
};

namespace {

// One operation on its way: scheduling points, trace, observer, fault and latency in the order that all
// share. Between the constructor and finish(), only pass_time() lets others run.
template <typename DriverImpl>
class Operation {
 public:
  Operation(DriverImpl* driver, IoEvent event, const std::string& path, uint64_t offset = 0,
            uint64_t size = 0, Slice bytes = {})
      : driver_(driver), info_{event, path, offset, size, false, 0} {
    scheduling_point(io_event_name(event));
    if (Simulation* simulation = Simulation::current(); simulation != nullptr) {
      const uint64_t where[] = {hash64(path), offset, size};
      simulation->note(io_event_name(event), hash64({reinterpret_cast<const char*>(where), sizeof(where)}),
                       bytes.empty() ? 0 : hash64(bytes));
    }
    info_.index = driver_->operations++;
    observe();
    if (driver_->faults) fault_ = driver_->faults(info_);
  }

  FaultKind fault() const { return fault_; }

  // The fault as an error, for operations that then have no effect; ok when there is none.
  Status refusal(bool needs_space) const {
    if (fault_ == FaultKind::kEio) return error(EIO);
    if (fault_ == FaultKind::kNoSpace && needs_space) return error(ENOSPC);
    return {};
  }
  Status error(int number) const {
    std::string what = io_event_name(info_.event);
    if (info_.event == IoEvent::kRead || info_.event == IoEvent::kWrite ||
        info_.event == IoEvent::kWriteDurable) {
      what += " at " + std::to_string(info_.offset);
    }
    return Status::from_errno(number, what, info_.path);
  }

  void pass_time(uint64_t latency_ns) {
    Simulation* simulation = Simulation::current();
    if (latency_ns != 0 && simulation != nullptr) sleep_ns(latency_ns / 2 + simulation->draw(latency_ns + 1));
  }
  void in_flight() {
    info_.in_flight = true;
    observe();
    info_.in_flight = false;
  }
  Status finish(Status status) {
    info_.after = true;
    info_.failed = !status.ok();
    observe();
    scheduling_point("done");
    return status;
  }

 private:
  void observe() {
    if (driver_->observer) driver_->observer(info_);
  }

  DriverImpl* const driver_;
  IoEventInfo info_;
  FaultKind fault_ = FaultKind::kNone;
};

class HeldLock final : public DirectoryLock {
 public:
  HeldLock(std::shared_ptr<std::set<InodeNumber>> locked, InodeNumber inode)
      : locked_(std::move(locked)), inode_(inode) {}
  ~HeldLock() override { locked_->erase(inode_); }

 private:
  const std::shared_ptr<std::set<InodeNumber>> locked_;
  const InodeNumber inode_;
};

}  // namespace

class SimulatedFile final : public File {
 public:
  using Driver = SimulatedDriver::Impl;

  SimulatedFile(Driver* driver, std::shared_ptr<Node> node, std::string path, bool writable, bool direct)
      : driver_(driver),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        direct_(direct) {}

  Result<size_t> read_at(uint64_t offset, MutableSlice out) override {
    VARVE_RETURN_IF_ERROR(check_transfer("read", offset, out.data(), out.size()));
    driver_->counters->reads.fetch_add(1, std::memory_order_relaxed);
    Operation operation(driver_, IoEvent::kRead, path_, offset, out.size());
    operation.pass_time(driver_->read_latency_ns);
    if (Status refusal = operation.refusal(false); !refusal.ok()) return operation.finish(std::move(refusal));
    // As the kernel moves bytes: in pieces, until it moves none.
    size_t done = 0;
    size_t wanted = first_transfer(operation.fault(), out.size());
    while (done < out.size()) {
      const size_t count = node_->file.current().read(offset + done, out.subspan(done, wanted));
      if (count == 0) break;
      done += count;
      wanted = out.size() - done;
      if (wanted != 0) scheduling_point("short read");
    }
    driver_->counters->read_bytes.fetch_add(done, std::memory_order_relaxed);
    VARVE_RETURN_IF_ERROR(operation.finish({}));
    return done;
  }

  Status write_at(uint64_t offset, Slice bytes) override {
    VARVE_RETURN_IF_ERROR(check_writable("write"));
    VARVE_RETURN_IF_ERROR(check_transfer("write", offset, bytes.data(), bytes.size()));
    driver_->counters->writes.fetch_add(1, std::memory_order_relaxed);
    Operation operation(driver_, IoEvent::kWrite, path_, offset, bytes.size(), bytes);
    operation.pass_time(driver_->write_latency_ns);
    if (operation.fault() == FaultKind::kEio) {
      node_->file.write(driver_->disk().next_sequence(), offset, bytes.substr(0, bytes.size() / 2), true);
      return operation.finish(operation.error(EIO));
    }
    return operation.finish(transfer(operation, offset, bytes).status());
  }

  Status write_at_durable(uint64_t offset, Slice bytes) override {
    VARVE_RETURN_IF_ERROR(check_writable("write"));
    VARVE_RETURN_IF_ERROR(check_transfer("write", offset, bytes.data(), bytes.size()));
    driver_->counters->durable_writes.fetch_add(1, std::memory_order_relaxed);
    Operation operation(driver_, IoEvent::kWriteDurable, path_, offset, bytes.size(), bytes);
    auto pending = transfer(operation, offset, bytes);
    if (!pending.ok()) return operation.finish(pending.status());
    operation.in_flight();
    operation.pass_time(driver_->sync_latency_ns);
    for (const uint64_t sequence : {pending->first, pending->last}) {
      if (operation.fault() == FaultKind::kEio) {
        node_->file.doom_write(sequence);
      } else {
        node_->file.settle_write(sequence);
      }
    }
    return operation.finish(operation.refusal(false));
  }

  Status sync() override {
    driver_->counters->syncs.fetch_add(1, std::memory_order_relaxed);
    Operation operation(driver_, IoEvent::kSync, path_);
    const uint64_t until = driver_->disk().last_sequence;
    operation.pass_time(driver_->sync_latency_ns);
    Status failure = operation.refusal(true);
    if (failure.ok()) {
      node_->file.settle_until(until);
    } else {
      node_->file.doom_until(until);
    }
    return operation.finish(std::move(failure));
  }

  Status truncate(uint64_t size_bytes) override {
    VARVE_RETURN_IF_ERROR(check_writable("truncate"));
    Operation operation(driver_, IoEvent::kTruncate, path_, size_bytes);
    operation.pass_time(driver_->write_latency_ns);
    if (Status refusal = operation.refusal(true); !refusal.ok()) return operation.finish(std::move(refusal));
    const uint64_t before = node_->file.current().size();
    if (size_bytes > before && !driver_->has_room_for(size_bytes - before)) {
      return operation.finish(operation.error(ENOSPC));
    }
    node_->file.truncate(driver_->disk().next_sequence(), size_bytes);
    return operation.finish({});
  }

  Result<uint64_t> size() override { return node_->file.current().size(); }
  bool direct() const override { return direct_; }
  const std::string& path() const override { return path_; }

 private:
  // The log entries of one write: one, or two when it was short.
  struct Logged {
    uint64_t first;
    uint64_t last;
  };

  size_t first_transfer(FaultKind fault, size_t size) const {
    if (fault != FaultKind::kShort) return size;
    const size_t half = direct_ ? align_down(size / 2, kSectorBytes) : size / 2;
    return half == 0 ? size : half;
  }

  // Puts the bytes where readers see them, un-synced.
  Result<Logged> transfer(const Operation<Driver>& operation, uint64_t offset, Slice bytes) {
    const uint64_t before = node_->file.current().size();
    const uint64_t end = offset + bytes.size();
    if (operation.fault() == FaultKind::kNoSpace || (end > before && !driver_->has_room_for(end - before))) {
      return operation.error(ENOSPC);
    }
    const size_t count = first_transfer(operation.fault(), bytes.size());
    Logged logged;
    logged.first = logged.last = driver_->disk().next_sequence();
    node_->file.write(logged.first, offset, bytes.substr(0, count), false);
    if (count < bytes.size()) {
      scheduling_point("short write");
      logged.last = driver_->disk().next_sequence();
      node_->file.write(logged.last, offset + count, bytes.substr(count), false);
    }
    driver_->counters->write_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
    return logged;
  }

  Status check_writable(const char* operation) const {
    return writable_ ? Status() : Status::from_errno(EBADF, operation, path_);
  }
  Status check_transfer(const char* operation, uint64_t offset, const void* data, size_t size) const {
    if (size > INT64_MAX || offset > INT64_MAX - size) return Status::from_errno(EINVAL, operation, path_);
    if (!direct_ || (offset | size | reinterpret_cast<uintptr_t>(data)) % kIoAlignment == 0) return {};
    return Status::invalid_argument(path_ + ": " + operation + ": offset " + std::to_string(offset) +
                                    " and length " + std::to_string(size) +
                                    " or their memory are not aligned for direct I/O");
  }

  Driver* const driver_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const bool writable_;
  const bool direct_;
};

SimulatedDriver::SimulatedDriver(SimulatedDisk* disk) : impl_(std::make_unique<Impl>(disk, &counters_)) {}
SimulatedDriver::~SimulatedDriver() = default;

void SimulatedDriver::set_observer(std::function<void(const IoEventInfo&)> observer) {
  impl_->observer = std::move(observer);
}
void SimulatedDriver::set_faults(std::function<FaultKind(const IoEventInfo&)> faults) {
  impl_->faults = std::move(faults);
}
void SimulatedDriver::set_capacity_bytes(uint64_t capacity_bytes) { impl_->capacity_bytes = capacity_bytes; }
void SimulatedDriver::set_latency_ns(uint64_t read, uint64_t write, uint64_t sync) {
  impl_->read_latency_ns = read;
  impl_->write_latency_ns = write;
  impl_->sync_latency_ns = sync;
}

Result<std::unique_ptr<File>> SimulatedDriver::open(const std::string& path, OpenMode mode, Caching caching) {
  const bool creates = mode == OpenMode::kCreate || mode == OpenMode::kCreateOrTruncate;
  Operation operation(impl_.get(), creates ? IoEvent::kCreate : IoEvent::kOpen, path);
  if (Status refusal = operation.refusal(creates); !refusal.ok()) return operation.finish(std::move(refusal));
  auto found = impl_->disk().find(path);
  if (!found.ok()) return operation.finish(found.status());
  std::shared_ptr<Node> node = found->node;
  if (node == nullptr) {
    if (!creates) return operation.finish(operation.error(ENOENT));
    node = impl_->disk().create(*found, false);
  } else {
    if (mode == OpenMode::kCreate) return operation.finish(operation.error(EEXIST));
    if (node->is_directory) return operation.finish(Status::invalid_argument(path + ": not a regular file"));
    if (creates) node->file.truncate(impl_->disk().next_sequence(), 0);
  }
  VARVE_RETURN_IF_ERROR(operation.finish({}));
  return std::unique_ptr<File>(std::make_unique<SimulatedFile>(
      impl_.get(), std::move(node), path, mode != OpenMode::kRead, caching == Caching::kDirect));
}

Result<std::unique_ptr<Ring>> SimulatedDriver::make_ring(size_t depth) {
  Simulation* simulation = Simulation::current();
  const uint64_t seed = simulation != nullptr ? simulation->draw(UINT64_MAX) : 1;
  return std::unique_ptr<Ring>(std::make_unique<SeededRing>(seed, depth, &counters_));
}

Status SimulatedDriver::rename(const std::string& from, const std::string& to) {
  Operation operation(impl_.get(), IoEvent::kRename, from, 0, 0, to);
  Status status = operation.refusal(true);
  if (status.ok()) status = impl_->disk().rename(from, to);
  return operation.finish(std::move(status));
}

Status SimulatedDriver::remove(const std::string& path) {
  Operation operation(impl_.get(), IoEvent::kRemove, path);
  if (Status refusal = operation.refusal(false); !refusal.ok()) return operation.finish(std::move(refusal));
  const auto found = impl_->disk().find(path);
  if (!found.ok()) return operation.finish(found.status());
  if (found->node == nullptr) return operation.finish(operation.error(ENOENT));
  if (found->node->is_directory) return operation.finish(operation.error(EISDIR));
  impl_->disk().remove(*found);
  return operation.finish({});
}

Status SimulatedDriver::create_directory(const std::string& path) {
  Operation operation(impl_.get(), IoEvent::kMkdir, path);
  if (Status refusal = operation.refusal(true); !refusal.ok()) return operation.finish(std::move(refusal));
  const auto found = impl_->disk().find(path);
  if (!found.ok()) return operation.finish(found.status());
  if (found->node == nullptr) {
    impl_->disk().create(*found, true);
  } else if (!found->node->is_directory) {
    return operation.finish(operation.error(EEXIST));
  }
  return operation.finish({});
}

Status SimulatedDriver::sync_directory(const std::string& path) {
  counters_.directory_syncs.fetch_add(1, std::memory_order_relaxed);
  Operation operation(impl_.get(), IoEvent::kSyncDirectory, path);
  const auto directory = impl_->disk().find_directory(path);
  if (!directory.ok()) return operation.finish(directory.status());
  const uint64_t until = impl_->disk().last_sequence;
  operation.pass_time(impl_->sync_latency_ns);
  Status failure = operation.refusal(true);
  if (failure.ok()) {
    impl_->disk().settle_names((*directory)->number, until);
  } else {
    impl_->disk().doom_names((*directory)->number, until);
  }
  return operation.finish(std::move(failure));
}

Result<std::vector<std::string>> SimulatedDriver::list(const std::string& path) {
  Operation operation(impl_.get(), IoEvent::kList, path);
  if (Status refusal = operation.refusal(false); !refusal.ok()) return operation.finish(std::move(refusal));
  const auto directory = impl_->disk().find_directory(path);
  VARVE_RETURN_IF_ERROR(operation.finish(directory.status()));
  return impl_->disk().list((*directory)->number);
}

Result<bool> SimulatedDriver::exists(const std::string& path) {
  scheduling_point("exists");
  const auto found = impl_->disk().find(path);
  return found.ok() && found->node != nullptr;
}

Result<uint64_t> SimulatedDriver::free_space_bytes(const std::string& path) {
  VARVE_RETURN_IF_ERROR(impl_->disk().find_directory(path).status());
  const uint64_t used = impl_->disk().total_bytes();
  if (used >= impl_->capacity_bytes) return uint64_t{0};
  return std::min(impl_->capacity_bytes - used, kUnboundedFreeBytes);
}

Result<std::unique_ptr<DirectoryLock>> SimulatedDriver::lock(const std::string& path) {
  auto found = impl_->disk().find(path);
  if (found.ok() && found->node == nullptr) {
    VARVE_RETURN_IF_ERROR(open(path, OpenMode::kCreateOrTruncate, Caching::kBuffered).status());
    found = impl_->disk().find(path);
  }
  if (!found.ok()) return found.status();
  if (found->node == nullptr) return Status::from_errno(ENOENT, "lock", path);
  std::shared_ptr<std::set<InodeNumber>>& locked = impl_->disk().locked;
  if (!locked->insert(found->node->number).second) {
    return Status(ErrorCode::kBusy, path + ": in use by another holder");
  }
  return std::unique_ptr<DirectoryLock>(std::make_unique<HeldLock>(locked, found->node->number));
}

}  // namespace varve::io
