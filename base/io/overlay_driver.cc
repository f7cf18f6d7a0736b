#include "base/io/overlay_driver.h"

#include <algorithm>
#include <utility>

#include "base/io/synchronous_ring.h"

namespace varve::io {
namespace {

constexpr uint64_t kPageBytes = 4096;

Status no_such_file(const std::string& path) { return Status::not_found(path + ": no such file"); }

bool is_zero(Slice bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace

// A file's content: the first base_size_ bytes of the base's file, where no page lies above them; zeros; pages.
class OverlayDriver::Node {
 public:
  Node(std::unique_ptr<File> base, uint64_t size)
      : base_(std::move(base)), base_size_(base_ == nullptr ? 0 : size), size_(size) {}

  uint64_t size() {
    MutexLock lock(&mutex_);
    return size_;
  }

  Result<size_t> read(uint64_t offset, MutableSlice out) {
    MutexLock lock(&mutex_);
    if (offset >= size_) return size_t{0};
    const size_t count = std::min<uint64_t>(out.size(), size_ - offset);
    VARVE_RETURN_IF_ERROR(read_base(offset, {out.data(), count}));
    for (auto page = pages_.lower_bound(offset / kPageBytes); page != pages_.end(); ++page) {
      const uint64_t begin = page->first * kPageBytes;
      if (begin >= offset + count) break;
      const uint64_t from = std::max(begin, offset);
      const uint64_t to = std::min(begin + kPageBytes, offset + count);
      std::copy_n(page->second.data() + (from - begin), to - from, out.data() + (from - offset));
    }
    return count;
  }

  Status write(uint64_t offset, Slice bytes) {
    MutexLock lock(&mutex_);
    while (!bytes.empty()) {
      const uint64_t number = offset / kPageBytes;
      const uint64_t within = offset % kPageBytes;
      const Slice part = bytes.substr(0, kPageBytes - within);
      const bool is_hole = number * kPageBytes >= base_size_ && !pages_.contains(number);
      if (!is_hole || !is_zero(part)) {
        VARVE_ASSIGN_OR_RETURN(std::string* const page, writable(number));
        page->replace(within, part.size(), part);
      }
      offset += part.size();
      bytes.remove_prefix(part.size());
    }
    size_ = std::max(size_, offset);
    return {};
  }

  Status truncate(uint64_t size) {
    MutexLock lock(&mutex_);
    if (size < size_) {
      pages_.erase(pages_.lower_bound((size + kPageBytes - 1) / kPageBytes), pages_.end());
      const auto last = pages_.find(size / kPageBytes);
      if (last != pages_.end()) std::fill(last->second.begin() + size % kPageBytes, last->second.end(), '\0');
    }
    base_size_ = std::min(base_size_, size);
    size_ = size;
    return {};
  }

 private:
  // The base's bytes, zeros where it has none.
  Status read_base(uint64_t offset, MutableSlice out) VARVE_REQUIRES(mutex_) {
    const uint64_t there = offset < base_size_ ? std::min<uint64_t>(out.size(), base_size_ - offset) : 0;
    std::fill(out.data() + there, out.data() + out.size(), '\0');
    if (there == 0) return {};
    VARVE_ASSIGN_OR_RETURN(const size_t read, base_->read_at(offset, {out.data(), there}));
    if (read == there) return {};
    return Status(ErrorCode::kIoError, base_->path() + ": became shorter while it was read");
  }

  Result<std::string*> writable(uint64_t number) VARVE_REQUIRES(mutex_) {
    const auto [page, is_new] = pages_.try_emplace(number);
    if (is_new) {
      page->second.resize(kPageBytes);
      Status status = read_base(number * kPageBytes, {page->second.data(), kPageBytes});
      if (!status.ok()) {
        pages_.erase(page);
        return status;
      }
    }
    return &page->second;
  }

  Mutex mutex_;
  const std::unique_ptr<File> base_;
  uint64_t base_size_ VARVE_GUARDED_BY(mutex_);
  uint64_t size_ VARVE_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> pages_ VARVE_GUARDED_BY(mutex_);
};

class OverlayDriver::OpenFile final : public File {
 public:
  OpenFile(std::string path, std::shared_ptr<Node> node, DriverCounters* counters)
      : path_(std::move(path)), node_(std::move(node)), counters_(counters) {}

  Result<size_t> read_at(uint64_t offset, MutableSlice out) override {
    VARVE_ASSIGN_OR_RETURN(const size_t count, node_->read(offset, out));
    counters_->reads.fetch_add(1, std::memory_order_relaxed);
    counters_->read_bytes.fetch_add(count, std::memory_order_relaxed);
    return count;
  }
  Status write_at(uint64_t offset, Slice bytes) override {
    counters_->writes.fetch_add(1, std::memory_order_relaxed);
    counters_->write_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
    return node_->write(offset, bytes);
  }
  Status write_at_durable(uint64_t offset, Slice bytes) override {
    counters_->durable_writes.fetch_add(1, std::memory_order_relaxed);
    counters_->write_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
    return node_->write(offset, bytes);
  }
  Status sync() override {
    counters_->syncs.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  Status truncate(uint64_t size_bytes) override { return node_->truncate(size_bytes); }
  Result<uint64_t> size() override { return node_->size(); }
  bool direct() const override { return false; }
  const std::string& path() const override { return path_; }

 private:
  const std::string path_;
  const std::shared_ptr<Node> node_;  // shared with the name, which may be removed before
  DriverCounters* const counters_;
};

Result<std::shared_ptr<OverlayDriver::Node>> OverlayDriver::find(const std::string& path) {
  const auto found = nodes_.find(path);
  if (found != nodes_.end()) return found->second;
  if (removed_.contains(path)) return std::shared_ptr<Node>();
  auto file = base_->open(path, OpenMode::kRead, Caching::kBuffered);
  if (file.code() == ErrorCode::kNotFound) return std::shared_ptr<Node>();
  if (!file.ok()) return file.status();
  VARVE_ASSIGN_OR_RETURN(const uint64_t size, (*file)->size());
  auto node = std::make_shared<Node>(*std::move(file), size);
  nodes_.emplace(path, node);
  return node;
}

Result<bool> OverlayDriver::is_there(const std::string& path) {
  if (nodes_.contains(path) || directories_.contains(path)) return true;
  if (removed_.contains(path)) return false;
  return base_->exists(path);
}

Status OverlayDriver::check_directory(const std::string& path) {
  if (directories_.contains(path)) return {};
  return base_->list(path).status();
}

Result<std::unique_ptr<File>> OverlayDriver::open(const std::string& path, OpenMode mode,
                                                  Caching /*caching*/) {
  MutexLock lock(&mutex_);
  VARVE_ASSIGN_OR_RETURN(std::shared_ptr<Node> node, find(path));
  if (node == nullptr) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite) return no_such_file(path);
    VARVE_RETURN_IF_ERROR(check_directory(parent_path(path)));
    node = std::make_shared<Node>(nullptr, 0);
    nodes_[path] = node;
  } else if (mode == OpenMode::kCreate) {
    return Status::already_exists(path + ": exists");
  } else if (mode == OpenMode::kCreateOrTruncate) {
    VARVE_RETURN_IF_ERROR(node->truncate(0));
  }
  return std::unique_ptr<File>(std::make_unique<OpenFile>(path, std::move(node), &counters_));
}

Result<std::unique_ptr<Ring>> OverlayDriver::make_ring(size_t depth) {
  return std::unique_ptr<Ring>(std::make_unique<SynchronousRing>(depth));
}

Status OverlayDriver::rename(const std::string& from, const std::string& to) {
  MutexLock lock(&mutex_);
  VARVE_ASSIGN_OR_RETURN(std::shared_ptr<Node> node, find(from));
  if (node == nullptr) return no_such_file(from);
  nodes_.erase(from);
  removed_.insert(from);
  removed_.erase(to);
  nodes_[to] = std::move(node);
  return {};
}

Status OverlayDriver::remove(const std::string& path) {
  MutexLock lock(&mutex_);
  VARVE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, find(path));
  if (node == nullptr) return no_such_file(path);
  nodes_.erase(path);
  removed_.insert(path);
  return {};
}

Status OverlayDriver::create_directory(const std::string& path) {
  MutexLock lock(&mutex_);
  if (check_directory(path).ok()) return {};
  VARVE_RETURN_IF_ERROR(check_directory(parent_path(path)));
  directories_.insert(path);
  return {};
}

Status OverlayDriver::sync_directory(const std::string& path) {
  counters_.directory_syncs.fetch_add(1, std::memory_order_relaxed);
  MutexLock lock(&mutex_);
  return check_directory(path);
}

Result<std::vector<std::string>> OverlayDriver::list(const std::string& path) {
  MutexLock lock(&mutex_);
  std::set<std::string> names;
  if (!directories_.contains(path)) {
    VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> in_base, base_->list(path));
    for (const std::string& name : in_base) {
      if (!removed_.contains(join_path(path, name))) names.insert(name);
    }
  }
  const auto add = [&](const std::string& full) {
    if (parent_path(full) == path) names.insert(full.substr(full.rfind('/') + 1));
  };
  for (const auto& [full, node] : nodes_) add(full);
  for (const std::string& full : directories_) add(full);
  return std::vector<std::string>(names.begin(), names.end());
}

Result<bool> OverlayDriver::exists(const std::string& path) {
  MutexLock lock(&mutex_);
  return is_there(path);
}

}  // namespace varve::io
