#include "base/io/simulated/disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/io/simulated/disk_state.h"

namespace varve::io {
namespace {

// The next part of a path that is neither empty nor "."; empty at the end.
std::string_view next_part(std::string_view* rest) {
  while (!rest->empty()) {
    const size_t slash = rest->find('/');
    const std::string_view part = rest->substr(0, slash);
    rest->remove_prefix(slash == std::string_view::npos ? rest->size() : slash + 1);
    if (!part.empty() && part != ".") return part;
  }
  return {};
}

}  // namespace

SimulatedDisk::Impl::Impl() {
  auto root = std::make_shared<Node>();
  root->number = kRootDirectory;
  root->is_directory = true;
  nodes.emplace(kRootDirectory, std::move(root));
}

Result<SimulatedDisk::Impl::Place> SimulatedDisk::Impl::find(const std::string& path) const {
  Place place;
  place.node = nodes.at(kRootDirectory);
  std::string_view rest = path;
  for (std::string_view part = next_part(&rest); !part.empty(); part = next_part(&rest)) {
    if (place.node == nullptr) return Status::from_errno(ENOENT, "resolve", path);
    if (!place.node->is_directory) return Status::from_errno(ENOTDIR, "resolve", path);
    place.parent = place.node->number;
    place.name = part;
    const auto found = current.find(NameSlotView(place.parent, part));
    place.node = found == current.end() ? nullptr : nodes.at(found->second);
  }
  return place;
}

Result<std::shared_ptr<Node>> SimulatedDisk::Impl::find_directory(const std::string& path) const {
  VARVE_ASSIGN_OR_RETURN(const Place place, find(path));
  if (place.node == nullptr) return Status::from_errno(ENOENT, "open directory", path);
  if (!place.node->is_directory) return Status::from_errno(ENOTDIR, "open directory", path);
  return place.node;
}

std::shared_ptr<Node> SimulatedDisk::Impl::create(const Place& place, bool is_directory) {
  CHECK(place.node == nullptr && !place.name.empty());
  auto node = std::make_shared<Node>();
  node->number = ++last_inode;
  node->is_directory = is_directory;
  nodes.emplace(node->number, node);
  NameChange change;
  change.sequence = next_sequence();
  change.to = {place.parent, std::string(place.name)};
  change.inode = node->number;
  change.apply(&current);
  changes.push_back(std::move(change));
  return node;
}

void SimulatedDisk::Impl::remove(const Place& place) {
  NameChange change;
  change.sequence = next_sequence();
  change.kind = NameChange::Kind::kRemove;
  change.from = {place.parent, std::string(place.name)};
  change.inode = place.node->number;
  change.apply(&current);
  changes.push_back(std::move(change));
}

Status SimulatedDisk::Impl::rename(const std::string& from, const std::string& to) {
  VARVE_ASSIGN_OR_RETURN(const Place source, find(from));
  VARVE_ASSIGN_OR_RETURN(const Place target, find(to));
  if (source.node == nullptr) return Status::from_errno(ENOENT, "rename to " + to, from);
  if (source.name.empty() || target.name.empty()) return Status::from_errno(EBUSY, "rename to " + to, from);
  if (source.node == target.node) return {};
  if (source.node->is_directory) {
    // Not into itself: no directory on the way to the target may be the source.
    for (size_t slash = to.find('/'); slash != std::string::npos; slash = to.find('/', slash + 1)) {
      VARVE_ASSIGN_OR_RETURN(const Place above, find(to.substr(0, slash)));
      if (above.node == source.node) return Status::from_errno(EINVAL, "rename to " + to, from);
    }
  }
  if (target.node != nullptr) {
    if (target.node->is_directory && !source.node->is_directory) {
      return Status::from_errno(EISDIR, "rename to " + to, from);
    }
    if (!target.node->is_directory && source.node->is_directory) {
      return Status::from_errno(ENOTDIR, "rename to " + to, from);
    }
    if (target.node->is_directory && !list(target.node->number).empty()) {
      return Status::from_errno(ENOTEMPTY, "rename to " + to, from);
    }
  }
  NameChange change;
  change.sequence = next_sequence();
  change.kind = NameChange::Kind::kRename;
  change.from = {source.parent, std::string(source.name)};
  change.to = {target.parent, std::string(target.name)};
  change.inode = source.node->number;
  change.apply(&current);
  changes.push_back(std::move(change));
  return {};
}

std::vector<std::string> SimulatedDisk::Impl::list(InodeNumber directory) const {
  std::vector<std::string> listed;
  for (auto entry = current.lower_bound(NameSlotView(directory, ""));
       entry != current.end() && entry->first.directory == directory; ++entry) {
    listed.push_back(entry->first.name);
  }
  return listed;
}

void SimulatedDisk::Impl::settle_names(InodeNumber directory, uint64_t until) {
  std::vector<bool> selected(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    selected[i] = changes[i].touches(directory) && changes[i].sequence <= until && !changes[i].doomed;
  }
  select_predecessors(changes, &selected);
  std::vector<NameChange> kept;
  bool displaced = false;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (selected[i] && !changes[i].doomed) {
      changes[i].apply(&durable);
      // A doomed change below it must not come back over what is durable now.
      std::erase_if(kept, [&](const NameChange& older) { return older.shares_slot_with(changes[i]); });
      displaced |= changes[i].kind != NameChange::Kind::kCreate;
    } else {
      kept.push_back(std::move(changes[i]));
    }
  }
  changes = std::move(kept);
  if (displaced) forget_unnamed();
}

void SimulatedDisk::Impl::doom_names(InodeNumber directory, uint64_t until) {
  for (NameChange& change : changes) change.doomed |= change.touches(directory) && change.sequence <= until;
}

void SimulatedDisk::Impl::forget_unnamed() {
  std::set<InodeNumber> named{kRootDirectory};
  for (const auto& [slot, number] : current) named.insert(number);
  for (const auto& [slot, number] : durable) named.insert(number);
  for (const NameChange& change : changes) named.insert(change.inode);
  std::erase_if(nodes, [&named](const auto& entry) { return !named.contains(entry.first); });
}

uint64_t SimulatedDisk::Impl::total_bytes() const {
  uint64_t total = 0;
  for (const auto& [slot, number] : current) total += nodes.at(number)->file.current().size();
  return total;
}

std::unique_ptr<SimulatedDisk::Impl> SimulatedDisk::Impl::clone() const {
  auto copy = std::make_unique<Impl>();
  copy->current = current;
  copy->durable = durable;
  copy->changes = changes;
  for (const auto& [number, node] : nodes) copy->nodes[number] = std::make_shared<Node>(*node);
  copy->last_sequence = last_sequence;
  copy->last_inode = last_inode;
  return copy;
}

CrashChoice SimulatedDisk::Impl::choose(CrashStyle style, Random* random) const {
  CrashChoice choice;
  choice.random = random;
  if (style == CrashStyle::kRandom) {
    static constexpr uint64_t kChances[] = {32, 128, 128, 224};
    choice.coins = true;
    choice.keep_in_256 = kChances[random->below(std::size(kChances))];
  }
  if (style != CrashStyle::kPrefix && style != CrashStyle::kTearLast) return choice;
  std::vector<uint64_t> sequences;
  for (const auto& [number, node] : nodes) node->file.append_pending_sequences(&sequences);
  for (const NameChange& change : changes) sequences.push_back(change.sequence);
  if (sequences.empty()) return choice;
  std::sort(sequences.begin(), sequences.end());
  sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
  if (style == CrashStyle::kTearLast) {
    choice.kept_below = choice.torn = sequences.back();
  } else {
    const size_t survivors = random->below(sequences.size() + 1);
    choice.kept_below = survivors == sequences.size() ? UINT64_MAX : sequences[survivors];
  }
  return choice;
}

Names SimulatedDisk::Impl::names_after(CrashStyle style, const CrashChoice& choice) const {
  if (style == CrashStyle::kKeepAll) return current;
  Names names = durable;
  // Nothing moves into a directory that never came to be: that would lose what was durable elsewhere.
  std::set<InodeNumber> lost_directories;
  for (const NameChange& change : changes) {
    const bool kept = choice.coins ? choice.coin() : change.sequence < choice.kept_below;
    if (kept && !lost_directories.contains(change.to.directory)) {
      change.apply(&names);
      lost_directories.erase(change.inode);
    } else if (change.kind == NameChange::Kind::kCreate && nodes.at(change.inode)->is_directory) {
      lost_directories.insert(change.inode);
    }
  }
  return names;
}

std::unique_ptr<SimulatedDisk::Impl> SimulatedDisk::Impl::crash_image(CrashStyle style,
                                                                      Random* random) const {
  const CrashChoice choice = choose(style, random);
  Names names = names_after(style, choice);
  auto image = std::make_unique<Impl>();
  image->last_sequence = last_sequence;
  image->last_inode = last_inode;
  // Walks the tree, so that what lay in a directory that was lost is lost with it.
  std::vector<InodeNumber> directories{kRootDirectory};
  for (size_t next = 0; next < directories.size(); ++next) {
    for (auto entry = names.lower_bound(NameSlotView(directories[next], ""));
         entry != names.end() && entry->first.directory == directories[next];) {
      const Node& node = *nodes.at(entry->second);
      auto survivor = std::make_shared<Node>();
      survivor->number = node.number;
      survivor->is_directory = node.is_directory;
      if (node.is_directory) {
        directories.push_back(node.number);
      } else {
        survivor->file =
            style == CrashStyle::kKeepAll ? node.file.crash_keeping_all() : node.file.crash(choice);
      }
      image->nodes[node.number] = std::move(survivor);
      image->durable.insert(names.extract(entry++));
    }
  }
  image->current = image->durable;
  return image;
}

SimulatedDisk::SimulatedDisk() : impl_(std::make_unique<Impl>()) {}
SimulatedDisk::~SimulatedDisk() = default;
SimulatedDisk::SimulatedDisk(SimulatedDisk&&) noexcept = default;
SimulatedDisk& SimulatedDisk::operator=(SimulatedDisk&&) noexcept = default;
SimulatedDisk::SimulatedDisk(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SimulatedDisk SimulatedDisk::crash_image(CrashStyle style, Random* random) const {
  return SimulatedDisk(impl_->crash_image(style, random));
}

SimulatedDisk SimulatedDisk::clone() const { return SimulatedDisk(impl_->clone()); }

uint64_t SimulatedDisk::content_hash() const {
  // By path, not by inode number: two disks that look alike may number their files differently.
  uint64_t hash = 0;
  const auto visit = [&](const auto& self, InodeNumber directory, uint64_t above) -> void {
    for (auto entry = impl_->current.lower_bound(NameSlotView(directory, ""));
         entry != impl_->current.end() && entry->first.directory == directory; ++entry) {
      const Node& node = *impl_->nodes.at(entry->second);
      const uint64_t path = hash64(entry->first.name, above);
      const uint64_t words[] = {path, node.is_directory ? 0 : node.file.current().hash()};
      hash = hash64({reinterpret_cast<const char*>(words), sizeof(words)}, hash);
      if (node.is_directory) self(self, node.number, path);
    }
  };
  visit(visit, kRootDirectory, 0);
  return hash;
}

size_t SimulatedDisk::pending_units() const {
  size_t units = impl_->changes.size();
  for (const auto& [number, node] : impl_->nodes) units += node->file.pending_units();
  return units;
}

uint64_t SimulatedDisk::total_bytes() const { return impl_->total_bytes(); }

}  // namespace varve::io
