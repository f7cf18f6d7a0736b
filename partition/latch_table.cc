#include "partition/latch_table.h"

#include <bit>

#include "base/check.h"
#include "base/hash.h"

namespace varve::partition {

LatchTable::LatchTable(size_t stripes)
    : stripes_(std::make_unique<Latch[]>(std::bit_ceil(stripes))), mask_(std::bit_ceil(stripes) - 1) {}

LatchTable::Stripe LatchTable::stripe_of(KeyspaceId keyspace, Slice key) const {
  return static_cast<Stripe>(hash64(key, keyspace.value) & mask_);
}

void LatchTable::pass_through() {
  for (size_t i = 0; i <= mask_; ++i) io::MutexLock lock(&stripes_[i].mutex);
}

// The stripes held are data, which the static analysis cannot follow.
LatchTable::Holder::Holder(LatchTable* table,
                           const std::vector<Stripe>& stripes) VARVE_NO_THREAD_SAFETY_ANALYSIS
    : table_(table),
      held_(stripes) {
  for (size_t i = 0; i < held_.size(); ++i) {
    DCHECK(i == 0 || held_[i - 1] < held_[i]);
    table_->stripes_[held_[i]].mutex.lock();
  }
}

LatchTable::Holder::~Holder() VARVE_NO_THREAD_SAFETY_ANALYSIS {
  for (size_t i = held_.size(); i-- > 0;) table_->stripes_[held_[i]].mutex.unlock();
}

}  // namespace varve::partition
