// Retention: which entries of a sorted run have to be kept, seen one by one in internal key order. Used by flush and
// compaction.
//
//   I1 For each key and each retained sequence s (every registered snapshot, and the visible sequence when the job
//      began), the newest entry at or below s is kept; so is every entry above the visible sequence.
//   I2 A tombstone is dropped only when the caller says that nothing older of its key lies outside the inputs, and
//      it is at or below every retained sequence.
//
// A snapshot registered after the job began is at or above that visible sequence, so I1 covers it.
//
// Threads: one at a time.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/slice.h"
#include "lsm/internal_key.h"

namespace varve::lsm {

class Retention {
 public:
  // retained: any order, at least one; the greatest is the visible sequence.
  explicit Retention(std::vector<SequenceNumber> retained);

  // nothing_below(user_key): no file outside the inputs holds older entries of the key. Asked for tombstones only.
  template <typename NothingBelow>
  bool keep(Slice internal_key, NothingBelow&& nothing_below) {
    const Slice user_key = user_key_of(internal_key);
    const uint64_t trailer = trailer_of(internal_key);
    const SequenceNumber sequence = trailer_sequence(trailer);
    if (!any_ || user_key != current_key_) {
      current_key_.assign(user_key);
      any_ = true;
      last_stripe_ = kNoStripe;
      last_sequence_ = kMaxSequence;
    }
    if (sequence == last_sequence_) return false;  // applied twice across a crash
    last_sequence_ = sequence;
    const size_t stripe = stripe_of(sequence);
    if (stripe == kAboveAll) return true;
    if (stripe == last_stripe_) return false;  // a newer entry serves the same readers
    last_stripe_ = stripe;
    return !(stripe == 0 && trailer_kind(trailer) == ValueKind::kDelete && nothing_below(user_key));
  }

 private:
  static constexpr size_t kNoStripe = SIZE_MAX;
  static constexpr size_t kAboveAll = SIZE_MAX - 1;
  // The index of the smallest retained sequence >= sequence.
  size_t stripe_of(SequenceNumber sequence) const;

  std::vector<SequenceNumber> retained_;  // ascending, distinct
  bool any_ = false;
  std::string current_key_;
  size_t last_stripe_ = kNoStripe;
  SequenceNumber last_sequence_ = kMaxSequence;
};

}  // namespace varve::lsm
