#include "tests/lsm/tree_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace varve::lsm {

std::vector<ModelConfiguration> model_configurations() {
  std::vector<ModelConfiguration> all;
  all.push_back({.name = "small"});
  all.push_back({.name = "tiny blocks, many levels",
                 .write_buffer_bytes = 2 << 10,
                 .block_bytes = 128,
                 .target_file_bytes = 4 << 10,
                 .level_base_bytes = 8 << 10,
                 .level_fanout = 2,
                 .trees = 1,
                 .keys = 1000});
  all.push_back(
      {.name = "no cache, large values", .cache_bytes = 0, .compress = false, .max_value_bytes = 3000});
  all.push_back({.name = "few keys", .trees = 3, .keys = 12});
  all.push_back({.name = "background", .background = true});
  return all;
}

TreeSetOptions options_for(const ModelConfiguration& configuration, io::Driver* driver,
                           const std::string& directory) {
  TreeSetOptions options;
  options.driver = driver;
  options.directory = directory;
  options.store_uuid = 77;
  options.write_buffer_bytes = configuration.write_buffer_bytes;
  options.manifest_bytes = configuration.manifest_bytes;
  options.block_cache_bytes = configuration.cache_bytes;
  options.block_bytes = configuration.block_bytes;
  options.target_file_bytes = configuration.target_file_bytes;
  options.level_base_bytes = configuration.level_base_bytes;
  options.level_fanout = configuration.level_fanout;
  options.level0_compaction_trigger = configuration.level0_trigger;
  options.compress = configuration.compress;
  options.background = configuration.background;
  return options;
}

TreeModel::TreeModel(io::Driver* driver, std::string directory, const ModelConfiguration& configuration,
                     uint64_t seed)
    : driver_(driver),
      directory_(std::move(directory)),
      configuration_(configuration),
      seed_(seed),
      random_(seed) {}

TreeModel::~TreeModel() {
  if (set_ == nullptr) return;
  EXPECT_TRUE(set_->close().ok());
}

bool TreeModel::open() {
  TreeSetOptions options = options_for(configuration_, driver_, directory_);
  auto opened = TreeSet::open(options, true);
  EXPECT_TRUE(opened.ok()) << opened.status().to_string() << " seed " << seed_;
  if (!opened.ok()) return false;
  set_ = std::move(*opened);
  for (const LogEntry& entry : log_)
    set_->tree(entry.tree)->apply(entry.sequence, entry.kind, entry.key, entry.value);
  set_->publish_visible(last_);
  EXPECT_LE(set_->greatest_sequence(), last_);
  return true;
}

bool TreeModel::reopen() {
  snapshots_.clear();
  const std::map<std::string, std::string> before = set_->attributes();
  const uint64_t edit = set_->last_manifest_edit();
  std::map<TreeId, SequenceNumber> flushed;
  for (TreeId id : set_->tree_ids()) flushed[id] = set_->find(id)->flushed_through();
  if (random_.one_in(2)) {
    const Status closed = set_->close();
    EXPECT_TRUE(closed.ok()) << closed.to_string();
  }
  set_.reset();
  if (!open()) return false;
  EXPECT_EQ(set_->attributes(), before) << "seed " << seed_;
  EXPECT_GE(set_->last_manifest_edit(), edit);
  for (const auto& [id, through] : flushed) EXPECT_GE(set_->tree(id)->flushed_through(), through);
  return true;
}

std::string TreeModel::random_key() {
  const uint64_t n = random_.below(configuration_.keys);
  // Keys of many lengths, prefixes of each other among them, zero and 0xff bytes included.
  std::string key = "k" + std::to_string(n % 37);
  if (n % 3 == 0) key = std::string(n % 5, '\0') + key;
  if (n % 7 == 0) key += std::string(1 + n % 4, '\xff');
  if (n % 11 == 0) return {};
  return key + (n % 2 == 0 ? std::to_string(n) : std::string(n % 30, 'x'));
}

std::string TreeModel::random_value() {
  std::string value(random_.below(configuration_.max_value_bytes + 1), '\0');
  const char base = static_cast<char>(random_.next());
  for (size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(base + static_cast<char>(i % 7));
  return value;
}

const TreeModel::Write* TreeModel::newest(TreeId tree, const std::string& key, SequenceNumber at) const {
  const auto keys = model_.find(tree);
  if (keys == model_.end()) return nullptr;
  const auto found = keys->second.find(key);
  if (found == keys->second.end()) return nullptr;
  for (auto it = found->second.rbegin(); it != found->second.rend(); ++it) {
    if (it->sequence <= at) return &*it;
  }
  return nullptr;
}

void TreeModel::commit() {
  last_ = last_.next();
  const uint64_t operations = random_.between(1, 4);
  std::map<std::pair<TreeId, std::string>, bool> used;
  for (uint64_t i = 0; i < operations; ++i) {
    const TreeId tree(1 + random_.below(configuration_.trees));
    const std::string key = random_key();
    if (!used.emplace(std::make_pair(tree, key), true).second) continue;
    const bool remove = random_.one_in(4);
    const std::string value = remove ? std::string() : random_value();
    const ValueKind kind = remove ? ValueKind::kDelete : ValueKind::kPut;
    set_->tree(tree)->apply(last_, kind, key, value);
    model_[tree][key].push_back({last_, kind, value});
    log_.push_back({last_, tree, kind, key, value});
  }
  set_->publish_visible(last_);
  for (uint64_t i = 1; i <= configuration_.trees; ++i) {
    Tree* tree = set_->tree(TreeId(i));
    if (tree->wants_seal()) tree->seal([this] { return last_.next(); });
  }
}

std::pair<ReadPoint, SequenceNumber> TreeModel::random_point() {
  if (!snapshots_.empty() && random_.one_in(2)) {
    const SequenceNumber at = snapshots_[random_.below(snapshots_.size())];
    return {ReadPoint::at(at), at};
  }
  return {random_.one_in(2) ? ReadPoint::visible() : ReadPoint::applied(), last_};
}

bool TreeModel::check_get() {
  const TreeId id(1 + random_.below(configuration_.trees));
  const std::string key = random_key();
  const auto [point, at] = random_point();
  PinnedValue value;
  Result<Lookup> found = set_->tree(id)->get(key, point, &value);
  EXPECT_TRUE(found.ok()) << found.status().to_string();
  if (!found.ok()) return false;
  const Write* expected = newest(id, key, at);
  const bool live = expected != nullptr && expected->kind == ValueKind::kPut;
  EXPECT_EQ(found->found, live) << "seed " << seed_ << " at " << at.value;
  // A dropped tombstone reads as "no entry"; anything else names its sequence.
  if (live) {
    EXPECT_EQ(found->sequence, expected->sequence) << "seed " << seed_;
    EXPECT_EQ(value.slice(), expected->value) << "seed " << seed_;
  }
  return !::testing::Test::HasFailure();
}

bool TreeModel::compare_scan(Tree* tree, const Bounds& bounds, std::pair<ReadPoint, SequenceNumber> point,
                             bool zigzag) {
  std::vector<std::pair<std::string, const Write*>> expected;
  const TreeId id = tree->id();
  for (const auto& [key, writes] : model_[id]) {
    if (key < bounds.lower || (bounds.upper && key >= *bounds.upper)) continue;
    const Write* write = newest(id, key, point.second);
    if (write != nullptr && write->kind == ValueKind::kPut) expected.emplace_back(key, write);
  }
  auto made = tree->iterate(bounds, point.first);
  EXPECT_TRUE(made.ok());
  if (!made.ok()) return false;
  TreeIterator& it = **made;
  // Position as an index into expected; expected.size() and -1 are the ends.
  int64_t at = 0;
  const auto size = static_cast<int64_t>(expected.size());
  const auto agrees = [&] {
    EXPECT_TRUE(it.status().ok()) << it.status().to_string();
    const bool inside = at >= 0 && at < size;
    EXPECT_EQ(it.valid(), inside) << "seed " << seed_ << " position " << at << " of " << size;
    if (!inside || !it.valid()) return !::testing::Test::HasFailure();
    const auto& [key, write] = expected[static_cast<size_t>(at)];
    EXPECT_EQ(it.key(), key) << "seed " << seed_;
    EXPECT_EQ(it.value(), write->value) << "seed " << seed_;
    EXPECT_EQ(it.sequence(), write->sequence) << "seed " << seed_;
    return !::testing::Test::HasFailure();
  };
  if (!zigzag) {
    for (it.seek_to_first(); at < size; it.next(), ++at) {
      if (!agrees()) return false;
    }
    if (!agrees()) return false;
    at = size - 1;
    for (it.seek_to_last(); at >= 0; it.prev(), --at) {
      if (!agrees()) return false;
    }
    return agrees();
  }
  for (int i = 0; i < 30; ++i) {
    const std::string target = random_key();
    const auto lower =
        std::lower_bound(expected.begin(), expected.end(), target,
                         [](const auto& entry, const std::string& key) { return entry.first < key; });
    if (random_.one_in(2)) {
      it.seek(target);
      at = lower - expected.begin();
    } else {
      it.seek_for_prev(target);
      at = lower - expected.begin();
      if (at == size || expected[static_cast<size_t>(at)].first != target) --at;
    }
    if (!agrees()) return false;
    for (int steps = 0; steps < 10 && it.valid(); ++steps) {
      if (random_.one_in(2)) {
        it.next();
        ++at;
      } else {
        it.prev();
        --at;
      }
      if (!agrees()) return false;
    }
  }
  return true;
}

bool TreeModel::check_scan() {
  const TreeId id(1 + random_.below(configuration_.trees));
  std::string lower = random_.one_in(2) ? random_key() : std::string();
  std::string upper = random_key();
  Bounds bounds{lower, std::nullopt};
  if (random_.one_in(2) && lower <= upper) bounds.upper = upper;
  return compare_scan(set_->tree(id), bounds, random_point(), random_.one_in(2));
}

bool TreeModel::check_everything() {
  for (uint64_t i = 1; i <= configuration_.trees; ++i) {
    if (!compare_scan(set_->tree(TreeId(i)), Bounds{}, {ReadPoint::visible(), last_}, false)) return false;
    for (SequenceNumber at : snapshots_) {
      if (!compare_scan(set_->tree(TreeId(i)), Bounds{}, {ReadPoint::at(at), at}, false)) return false;
    }
  }
  return true;
}

bool TreeModel::check_flushed(TreeSet* other) {
  for (TreeId id : other->tree_ids()) {
    Tree* tree = other->find(id);
    const SequenceNumber through = tree->flushed_through();
    const SequenceNumber at(through.value == 0 ? 0 : through.value - 1);
    if (!compare_scan(tree, Bounds{}, {ReadPoint::applied(), at}, false)) return false;
  }
  return true;
}

void TreeModel::seal() {
  set_->tree(TreeId(1 + random_.below(configuration_.trees)))->seal([this] { return last_.next(); });
}

bool TreeModel::flush() {
  const Status status = set_->flush_all([this] { return last_.next(); });
  EXPECT_TRUE(status.ok()) << status.to_string() << " seed " << seed_;
  EXPECT_EQ(set_->oldest_unflushed(), kMaxSequence);
  return status.ok();
}

bool TreeModel::compact() {
  const Status status = set_->compact_all();
  EXPECT_TRUE(status.ok()) << status.to_string() << " seed " << seed_;
  return status.ok();
}

void TreeModel::toggle_snapshot() {
  if (snapshots_.size() < 4 && random_.one_in(2)) {
    const SequenceNumber at = set_->acquire_snapshot();
    EXPECT_EQ(at, last_);
    snapshots_.push_back(at);
  } else if (!snapshots_.empty()) {
    const size_t i = random_.below(snapshots_.size());
    set_->release_snapshot(snapshots_[i]);
    snapshots_.erase(snapshots_.begin() + static_cast<ptrdiff_t>(i));
  }
}

bool TreeModel::step() {
  switch (random_.below(40)) {
    case 0:
      return reopen();
    case 1:
      return flush();
    case 2:
      return compact();
    case 3:
      seal();
      return true;
    case 4:
    case 5:
      toggle_snapshot();
      return true;
    case 6:
    case 7:
      return check_scan();
    case 8:
      return set_->set_attributes({{"a" + std::to_string(random_.below(4)), random_value()}}).ok();
    default:
      break;
  }
  if (random_.one_in(3)) return check_get();
  commit();
  return true;
}

bool TreeModel::run(uint64_t steps) {
  if (!open()) return false;
  for (uint64_t i = 0; i < steps; ++i) {
    if (!step() || ::testing::Test::HasFailure()) return false;
  }
  return check_everything();
}

}  // namespace varve::lsm
