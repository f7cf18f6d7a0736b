#include "base/io/simulated/inode.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace varve::io {
namespace {

uint64_t sector_begin(uint64_t offset) { return offset / kSectorBytes * kSectorBytes; }
uint64_t sector_end(uint64_t offset) { return sector_begin(offset + kSectorBytes - 1); }

}  // namespace

Content* Inode::writable(std::shared_ptr<Content>* content) {
  if (content->use_count() > 1) *content = std::make_shared<Content>(**content);
  return content->get();
}

void Inode::write(uint64_t sequence, uint64_t offset, Slice bytes, bool doomed) {
  DCHECK(pending_.empty() || pending_.back().sequence < sequence);
  if (bytes.empty()) return;
  Pending pending;
  pending.sequence = sequence;
  pending.offset = offset;
  pending.length = bytes.size();
  pending.bytes = std::make_shared<const std::string>(bytes);
  pending.doomed = doomed;
  if (pending.end() > current_->size()) {
    pending.size_change = Pending::Size::kGrows;
    pending.size_to = pending.end();
  }
  writable(&current_)->write(offset, bytes);
  pending_.push_back(std::move(pending));
}

void Inode::truncate(uint64_t sequence, uint64_t size_bytes) {
  DCHECK(pending_.empty() || pending_.back().sequence < sequence);
  if (size_bytes == current_->size()) return;
  Pending pending;
  pending.sequence = sequence;
  pending.size_change = size_bytes > current_->size() ? Pending::Size::kGrows : Pending::Size::kShrinks;
  pending.size_to = size_bytes;
  writable(&current_)->resize(size_bytes);
  pending_.push_back(std::move(pending));
}

void Inode::subtract(std::vector<Pending>* log, uint64_t begin, uint64_t end) {
  for (size_t i = 0; i < log->size(); ++i) {
    Pending& piece = (*log)[i];
    const uint64_t cut_begin = std::max(begin, piece.offset);
    const uint64_t cut_end = std::min(end, piece.end());
    if (cut_begin >= cut_end) continue;
    Pending right = piece;
    right.size_change = Pending::Size::kSame;  // the left piece, even when it has no bytes left, carries it
    right.offset = cut_end;
    right.length = static_cast<size_t>(piece.end() - cut_end);
    right.bytes_begin += static_cast<size_t>(cut_end - piece.offset);
    piece.length = static_cast<size_t>(cut_begin - piece.offset);
    if (right.length == 0) continue;
    log->insert(log->begin() + static_cast<ptrdiff_t>(++i), std::move(right));
  }
}

template <typename Selected>
void Inode::settle(Selected selected) {
  if (std::none_of(pending_.begin(), pending_.end(), selected)) return;
  Content* durable = writable(&durable_);
  std::vector<Pending> kept;
  for (Pending& pending : pending_) {
    if (!selected(pending)) {
      kept.push_back(std::move(pending));
      continue;
    }
    if (pending.size_change == Pending::Size::kShrinks) {
      durable->resize(pending.size_to);
      subtract(&kept, pending.size_to, UINT64_MAX);
      for (Pending& older : kept) older.size_change = Pending::Size::kSame;
      continue;
    }
    if (pending.size_change == Pending::Size::kGrows && durable->size() < pending.size_to) {
      durable->resize(pending.size_to);
    }
    if (pending.length == 0) continue;
    if (pending.doomed) {
      pending.size_change = Pending::Size::kSame;
      kept.push_back(std::move(pending));
      continue;
    }
    durable->write(pending.offset, pending.slice());
    subtract(&kept, pending.offset, pending.end());
  }
  // What grows no further than the durable size changes nothing any more.
  std::erase_if(kept, [durable](Pending& pending) {
    if (pending.size_change == Pending::Size::kGrows && pending.size_to <= durable->size()) {
      pending.size_change = Pending::Size::kSame;
    }
    return pending.length == 0 && pending.size_change == Pending::Size::kSame;
  });
  pending_ = std::move(kept);
}

void Inode::settle_until(uint64_t sequence) {
  settle([sequence](const Pending& pending) { return pending.sequence <= sequence; });
}

void Inode::settle_write(uint64_t sequence) {
  // A shrink below it goes along: the log cannot keep the write and lose the shrink.
  settle([sequence](const Pending& pending) {
    return pending.sequence == sequence ||
           (pending.sequence < sequence && pending.size_change == Pending::Size::kShrinks);
  });
}

void Inode::doom_until(uint64_t sequence) {
  for (Pending& pending : pending_) pending.doomed |= pending.sequence <= sequence;
}

void Inode::doom_write(uint64_t sequence) {
  for (Pending& pending : pending_) pending.doomed |= pending.sequence == sequence;
}

Inode Inode::crash_keeping_all() const {
  Inode image;
  image.durable_ = image.current_ = current_;
  return image;
}

Inode Inode::crash(const CrashChoice& choice) const {
  Inode image;
  image.durable_ = image.current_ = durable_;
  const bool untouched =
      pending_.empty() || (!choice.coins && pending_.front().sequence >= choice.kept_below &&
                           pending_.back().sequence < choice.torn);
  if (untouched) return image;
  image.durable_ = image.current_ = nullptr;
  auto content = std::make_shared<Content>(*durable_);
  if (choice.coins) {
    crash_with_coins(choice, content.get());
  } else {
    const Pending* torn = nullptr;
    for (const Pending& pending : pending_) {
      if (pending.sequence == choice.torn) torn = &pending;
      if (pending.sequence >= choice.kept_below) continue;
      if (pending.size_change == Pending::Size::kShrinks) content->resize(pending.size_to);
      if (pending.size_change == Pending::Size::kGrows && content->size() < pending.size_to) {
        content->resize(pending.size_to);
      }
      if (pending.length > 0) content->write(pending.offset, pending.slice());
    }
    if (torn != nullptr) crash_torn(*torn, choice, content.get());
  }
  image.durable_ = image.current_ = std::move(content);
  return image;
}

void Inode::crash_with_coins(const CrashChoice& choice, Content* image) const {
  // Every change so far, whether it survives or not: a sector that survives is copied from here, with the
  // older un-synced writes below it.
  Content all = *image;
  uint64_t size = image->size();
  for (const Pending& pending : pending_) {
    if (pending.size_change == Pending::Size::kShrinks) {
      if (!choice.coin()) break;
      all.resize(pending.size_to);
      image->resize(pending.size_to);
      size = pending.size_to;
      continue;
    }
    if (pending.size_change == Pending::Size::kGrows && choice.coin()) size = std::max(size, pending.size_to);
    if (pending.length == 0) continue;
    all.write(pending.offset, pending.slice());
    // The whole write on one coin, or each of its sectors on its own: with sectors alone, a long write would
    // never survive or vanish as a whole.
    const uint64_t begin = sector_begin(pending.offset);
    const uint64_t end = sector_end(pending.end());
    const uint64_t step = choice.random->one_in(2) ? end - begin : kSectorBytes;
    for (uint64_t at = begin; at < end; at += step) {
      if (choice.coin()) image->copy_range(all, at, std::min(at + step, all.size()));
    }
  }
  image->resize(size);
}

void Inode::crash_torn(const Pending& last, const CrashChoice& choice, Content* image) const {
  if (last.length == 0) return;  // a change of size alone is lost
  const uint64_t sectors = (sector_end(last.end()) - sector_begin(last.offset)) / kSectorBytes;
  const uint64_t boundary = sector_begin(last.offset) + choice.random->below(sectors) * kSectorBytes;
  if (boundary > last.offset) {
    image->write(last.offset, last.slice().substr(0, static_cast<size_t>(boundary - last.offset)));
  }
  const bool size_survives = last.size_change == Pending::Size::kGrows && choice.random->one_in(2);
  if (size_survives && image->size() < last.size_to) image->resize(last.size_to);
}

size_t Inode::pending_units() const {
  size_t units = 0;
  for (const Pending& pending : pending_) {
    if (pending.size_change != Pending::Size::kSame) ++units;
    if (pending.length > 0)
      units += (sector_end(pending.end()) - sector_begin(pending.offset)) / kSectorBytes;
  }
  return units;
}

void Inode::append_pending_sequences(std::vector<uint64_t>* out) const {
  for (const Pending& pending : pending_) {
    if (out->empty() || out->back() != pending.sequence) out->push_back(pending.sequence);
  }
}

}  // namespace varve::io
