// Inode: one simulated file below its names: what is durable, what a reader sees now, and between the two the ordered
// log of changes that no sync has made durable.
//
// I1 current() == durable() when nothing is pending.
// I2 A pending write never overlaps a newer durable one: making bytes durable takes them out of older pending writes.
// I3 A doomed write (its write or sync failed) is in current() and in the log, yet settles never: a later sync that
//    succeeds leaves it out of durable(). A crash may still show pieces of it, as of any un-synced write.
//
// A crash picks, for each 512-byte sector, one of its versions since the last sync: the sectors of one write may come
// apart, but a sector never holds a newer write without the older ones below it. The size is picked apart from the
// data. A lost shrink takes all later changes with it, for they may live in blocks that it freed.
//
// Threads: one real thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/io/simulated/content.h"
#include "base/random.h"

namespace varve::io {

// Which un-synced changes a crash keeps, by their disk-wide sequence number.
struct CrashChoice {
  // Those below survive whole.
  uint64_t kept_below = 0;
  // The one that is torn (UINT64_MAX: none). The others above kept_below are lost...
  uint64_t torn = UINT64_MAX;
  // ...or, when set, each takes its chance.
  bool coins = false;
  // Chance of a coin in 256ths; of an image, so that images with few and with many survivors both occur.
  uint64_t keep_in_256 = 128;
  Random* random = nullptr;

  bool coin() const { return random->below(256) < keep_in_256; }
};

class Inode {
 public:
  const Content& current() const { return *current_; }
  const Content& durable() const { return *durable_; }

  // Changes `current` and logs it under `sequence`, which rises. doomed: I3.
  void write(uint64_t sequence, uint64_t offset, Slice bytes, bool doomed);
  void truncate(uint64_t sequence, uint64_t size_bytes);

  // Makes the changes up to `sequence` durable.
  void settle_until(uint64_t sequence);
  // Makes the write of exactly this sequence, and the size it needs, durable; not older ones.
  void settle_write(uint64_t sequence);
  // What a failed sync does to the writes up to `sequence`, and a failed durable write to its own.
  void doom_until(uint64_t sequence);
  void doom_write(uint64_t sequence);

  // The file as a crash leaves it.
  Inode crash(const CrashChoice& choice) const;
  Inode crash_keeping_all() const;

  // Un-synced sectors and size changes.
  size_t pending_units() const;
  void append_pending_sequences(std::vector<uint64_t>* out) const;

 private:
  // A write, the rest of one, or a change of size alone (no bytes).
  struct Pending {
    uint64_t sequence = 0;
    uint64_t offset = 0;
    size_t length = 0;
    std::shared_ptr<const std::string> bytes;
    size_t bytes_begin = 0;
    enum class Size : uint8_t { kSame, kGrows, kShrinks } size_change = Size::kSame;
    uint64_t size_to = 0;  // unless kSame
    bool doomed = false;

    uint64_t end() const { return offset + length; }
    Slice slice() const { return Slice(*bytes).substr(bytes_begin, length); }
  };

  Content* writable(std::shared_ptr<Content>* content);
  template <typename Selected>
  void settle(Selected selected);
  // Takes [begin, end) out of the pending writes in `log`.
  static void subtract(std::vector<Pending>* log, uint64_t begin, uint64_t end);
  void crash_with_coins(const CrashChoice& choice, Content* image) const;
  void crash_torn(const Pending& last, const CrashChoice& choice, Content* image) const;

  // One object while both are the same.
  std::shared_ptr<Content> durable_ = std::make_shared<Content>();
  std::shared_ptr<Content> current_ = durable_;
  std::vector<Pending> pending_;  // by sequence; the pieces of one write are neighbours
};

}  // namespace varve::io
