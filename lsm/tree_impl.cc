#include "lsm/tree_impl.h"

#include <algorithm>

#include "lsm/merging_iterator.h"
#include "lsm/tree_iterator.h"
#include "lsm/version/level_iterator.h"

namespace varve::lsm {

class TreeImpl::View {
 public:
  explicit View(const TreeImpl* tree)
      : guard_(tree->environment_->reclaimer->epochs()),
        state_(tree->state_.load(std::memory_order_seq_cst)) {}
  const TreeState* operator->() const { return state_; }
  const TreeState& operator*() const { return *state_; }

 private:
  ReadEpochs::Guard guard_;
  const TreeState* state_;
};

namespace {

void unpin_memtable(const void* memtable) { static_cast<const Memtable*>(memtable)->unref(); }

const TreeState* first_state(std::shared_ptr<const Version> version) {
  auto* memtable = new Memtable;
  const auto* state = new TreeState({memtable}, std::move(version));
  memtable->unref();
  return state;
}

}  // namespace

TreeImpl::TreeImpl(TreeId id, const TreeEnvironment* environment, std::shared_ptr<const Version> version,
                   SequenceNumber flushed_through)
    : id_(id),
      environment_(environment),
      state_(first_state(std::move(version))),
      flushed_through_(flushed_through.value) {}

TreeImpl::~TreeImpl() { state_.load(std::memory_order_seq_cst)->unref(); }

SequenceNumber TreeImpl::snapshot_of(ReadPoint point) const {
  switch (point.kind) {
    case ReadPoint::Kind::kLatestVisible:
      return SequenceNumber(environment_->visible->load(std::memory_order_acquire));
    case ReadPoint::Kind::kLatestApplied:
      return kMaxSequence;
    case ReadPoint::Kind::kAt:
      return std::min(point.sequence, kMaxSequence);
  }
  return kMaxSequence;
}

Memtable* TreeImpl::route(const TreeState& state, SequenceNumber sequence) {
  const std::vector<Memtable*>& memtables = state.memtables();
  for (size_t i = 0; i + 1 < memtables.size(); ++i) {
    const Memtable* older = memtables[i + 1];
    if (older->boundary_pending()) {
      // The sealer holds the lock until the boundary is published. The lock and not a spin: the boundary comes from
      // the log, whose lock a writer of a large record may hold.
      io::MutexLock wait(&seal_mutex_);
    }
    if (sequence >= older->boundary()) return memtables[i];
  }
  return memtables.back();
}

void TreeImpl::apply(SequenceNumber sequence, ValueKind kind, Slice key, Slice value) {
  // Replay after a crash may offer what the files have. Putting it into a memtable would show it above newer entries.
  if (sequence < flushed_through() || dropped()) return;
  const View state(this);
  route(*state, sequence)->insert(sequence, kind, key, value);
}

Result<Lookup> TreeImpl::get(Slice key, ReadPoint point, PinnedValue* value) {
  if (value != nullptr) value->reset();
  const View state(this);  // before the sequence: I2
  const LookupKey lookup(key, snapshot_of(point));
  for (const Memtable* memtable : state->memtables()) {
    Memtable::Found found;
    if (!memtable->get(lookup, &found)) continue;
    const bool live = found.kind != ValueKind::kDelete;
    if (live && value != nullptr) {
      memtable->ref();
      *value = PinnedValue(memtable, unpin_memtable, found.value);
    }
    return Lookup{live, found.sequence};
  }
  Result<std::optional<FoundEntry>> found = state->version()->get(lookup);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return Lookup{};
  FoundEntry& entry = **found;
  const bool live = entry.kind != ValueKind::kDelete;
  if (live && value != nullptr) *value = std::move(entry.value);
  return Lookup{live, entry.sequence};
}

Result<std::unique_ptr<TreeIterator>> TreeImpl::iterate(const Bounds& bounds, ReadPoint point) {
  const TreeState* state = nullptr;
  SequenceNumber snapshot;
  {
    const View view(this);
    snapshot = snapshot_of(point);
    state = &*view;
    state->ref();
  }
  std::vector<std::unique_ptr<InternalIterator>> cursors;
  for (const Memtable* memtable : state->memtables()) {
    if (!memtable->empty() || memtable == state->active()) cursors.push_back(memtable->iterate());
  }
  if (Status status = open_file_cursors(*state->version(), bounds, &cursors); !status.ok()) {
    cursors.clear();
    state->unref();
    return status;
  }
  return make_tree_iterator(state, make_merging_iterator(std::move(cursors)), bounds, snapshot);
}

Status TreeImpl::open_file_cursors(const Version& version, const Bounds& bounds,
                                   std::vector<std::unique_ptr<InternalIterator>>* cursors) const {
  TableIteratorOptions options;
  options.lower = bounds.lower;
  options.upper = bounds.upper;
  const Slice prefix = common_filter_prefix(bounds);
  const auto may_contain = [&](const VersionFile& file) -> Result<bool> {
    if (file.metadata.largest < bounds.lower) return false;
    if (bounds.upper && file.metadata.smallest >= *bounds.upper) return false;
    if (prefix.empty()) return true;
    VARVE_ASSIGN_OR_RETURN(const bool contains, file.table->reader().may_contain_prefix(prefix));
    if (!contains) environment_->filter_negatives.fetch_add(1, std::memory_order_relaxed);
    return contains;
  };
  for (const VersionFilePointer& file : version.level(0)) {
    VARVE_ASSIGN_OR_RETURN(const bool wanted, may_contain(*file));
    if (wanted) cursors->push_back(file->table->reader().iterate(options));
  }
  for (uint32_t n = 1; n < kLevels; ++n) {
    const Version::Files& level = version.level(n);
    const size_t first = find_file(level, bounds.lower);
    if (first == level.size()) continue;
    const bool only =
        first + 1 == level.size() || (bounds.upper && level[first + 1]->metadata.smallest >= *bounds.upper);
    bool wanted = !bounds.upper || level[first]->metadata.smallest < *bounds.upper;
    if (wanted && only) {
      VARVE_ASSIGN_OR_RETURN(wanted, may_contain(*level[first]));
    }
    if (wanted) cursors->push_back(make_level_iterator(&level, options));
  }
  return {};
}

// The filter prefix that every key within the bounds has; empty when there is none such. The bounds share the prefix of
// the lower one when the upper one is not beyond the last key that can have it.
Slice TreeImpl::common_filter_prefix(const Bounds& bounds) const {
  if (environment_->filter_prefix == nullptr || !bounds.upper) return {};
  const Slice prefix = bounds.lower.substr(0, environment_->filter_prefix(bounds.lower));
  const Slice upper = *bounds.upper;
  // upper <= prefix + 1, that is: upper has the prefix, or it is the prefix's successor or below.
  if (upper.starts_with(prefix)) return prefix;
  size_t counted = prefix.size();
  while (counted > 0 && prefix[counted - 1] == '\xff') --counted;
  if (counted == 0 || upper.size() != counted) return {};
  const bool successor =
      upper.substr(0, counted - 1) == prefix.substr(0, counted - 1) &&
      static_cast<unsigned char>(upper[counted - 1]) == static_cast<unsigned char>(prefix[counted - 1]) + 1;
  return successor ? prefix : Slice();
}

void TreeImpl::seal(const std::function<SequenceNumber()>& boundary) {
  {
    io::MutexLock seal_lock(&seal_mutex_);
    Memtable* sealed = nullptr;
    {
      io::MutexLock lock(&state_mutex_);
      const TreeState* current = state_.load(std::memory_order_seq_cst);
      sealed = current->active();
      if (sealed->empty()) return;
      sealed->begin_seal();
      auto* successor = new Memtable;
      std::vector<Memtable*> memtables{successor};
      memtables.insert(memtables.end(), current->memtables().begin(), current->memtables().end());
      sealed->ref();
      exchange(new TreeState(std::move(memtables), current->version()));
      successor->unref();
    }
    // Every writer that reserves after this call sees the successor; every one that reserved before has a smaller
    // sequence.
    const SequenceNumber b = boundary();
    CHECK(b > sealed->oldest_sequence());
    sealed->set_boundary(b);
    sealed->unref();
  }
  environment_->on_sealed();
}

bool TreeImpl::wants_seal() const {
  const View state(this);
  return state->active()->memory_bytes() >= environment_->write_buffer_bytes && !state->active()->empty();
}

SequenceNumber TreeImpl::oldest_unflushed() const {
  const View state(this);
  SequenceNumber oldest = kMaxSequence;
  for (const Memtable* memtable : state->memtables()) oldest = std::min(oldest, memtable->oldest_sequence());
  return oldest;
}

TreeStatistics TreeImpl::statistics() const {
  const View state(this);
  TreeStatistics out;
  out.flushed_through = flushed_through();
  for (const Memtable* memtable : state->memtables()) {
    out.memtable_bytes += memtable->memory_bytes();
    out.memtable_entries += memtable->entries();
  }
  static_assert(std::size(decltype(out.level_files){}) == kLevels);
  for (uint32_t n = 0; n < kLevels; ++n) {
    for (const VersionFilePointer& file : state->version()->level(n)) {
      ++out.files;
      ++out.level_files[n];
      out.file_bytes += file->metadata.size_bytes;
      out.file_entries += file->metadata.entries;
      out.file_tombstones += file->metadata.tombstones;
    }
  }
  return out;
}

const Memtable* TreeImpl::oldest_sealed() const {
  const View state(this);
  const Memtable* oldest = state->oldest();
  if (oldest == state->active() || !oldest->sealed()) return nullptr;
  oldest->ref();
  return oldest;
}

SequenceNumber TreeImpl::newest_boundary() const {
  const View state(this);
  for (const Memtable* memtable : state->memtables()) {
    if (memtable->sealed()) return memtable->boundary();
  }
  return {};
}

std::shared_ptr<const Version> TreeImpl::version() const {
  const View state(this);
  return state->version();
}

TreeImpl::Pressure TreeImpl::pressure() const {
  const View state(this);
  Pressure pressure;
  pressure.sealed = state->memtables().size() - 1;
  for (size_t i = 1; i < state->memtables().size(); ++i) {
    pressure.sealed_bytes += state->memtables()[i]->memory_bytes();
  }
  pressure.level0_runs = state->version()->level(0).size();
  return pressure;
}

void TreeImpl::exchange(const TreeState* next) {
  const TreeState* previous = state_.exchange(next, std::memory_order_seq_cst);
  environment_->reclaimer->retire(previous);
}

void TreeImpl::install_flush(const Memtable* flushed, const Version::Files& added) {
  {
    io::MutexLock lock(&state_mutex_);
    const TreeState* current = state_.load(std::memory_order_seq_cst);
    CHECK(current->oldest() == flushed && current->memtables().size() > 1);
    std::vector<Memtable*> memtables(current->memtables().begin(), current->memtables().end() - 1);
    exchange(new TreeState(std::move(memtables),
                           added.empty() ? current->version() : current->version()->edit({}, added)));
  }
  flushed_through_.store(flushed->boundary().value, std::memory_order_release);
}

void TreeImpl::install_compaction(const std::vector<FileNumber>& removed, const Version::Files& added) {
  io::MutexLock lock(&state_mutex_);
  const TreeState* current = state_.load(std::memory_order_seq_cst);
  exchange(new TreeState(current->memtables(), current->version()->edit(removed, added)));
}

Version::Files TreeImpl::install_drop() {
  dropped_.store(true, std::memory_order_release);
  io::MutexLock seal_lock(&seal_mutex_);
  io::MutexLock lock(&state_mutex_);
  const TreeState* current = state_.load(std::memory_order_seq_cst);
  Version::Files files = current->version()->all_files();
  exchange(first_state(std::make_shared<const Version>()));
  return files;
}

}  // namespace varve::lsm
