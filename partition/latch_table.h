// LatchTable: short locks on stripes of keys, store-wide. A commit reads and decides without any latch, then takes the
// stripes of its keys in stripe order, checks that nothing was committed under them since it read, and holds them
// only while it reserves its place in the log and applies to the memtables: no I/O and no callback runs under one.
//
// The check is Silo's (Tu et al., SOSP 2013) with a version per stripe instead of per record: version(stripe) is the sequence
// number of the last commit under it. Two keys that share a stripe can cost each other a retry, never a wrong answer.
//
// Threads: any. Stripes are taken in rising order, so latches cannot deadlock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/io/mutex.h"
#include "base/slice.h"

namespace varve::partition {

class LatchTable {
 public:
  using Stripe = uint32_t;

  explicit LatchTable(size_t stripes);

  Stripe stripe_of(KeyspaceId keyspace, Slice key) const;

  // The last sequence committed under the stripe. The acquire pairs with set_version's release: whoever sees a version sees what
  // was applied before it was set.
  SequenceNumber version(Stripe stripe) const {
    return SequenceNumber(stripes_[stripe].version.load(std::memory_order_acquire));
  }
  // Under the stripe's latch, after the commit was applied.
  void set_version(Stripe stripe, SequenceNumber sequence) {
    stripes_[stripe].version.store(sequence.value, std::memory_order_release);
  }

  // Takes and releases every stripe, one after the other: whoever held one before has let go of it.
  void pass_through();

  // Holds a set of stripes; releases them when destroyed.
  class Holder {
   public:
    // stripes: sorted, without repetition; borrowed until release.
    Holder(LatchTable* table, const std::vector<Stripe>& stripes);
    ~Holder();
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    LatchTable* table_;
    const std::vector<Stripe>& held_;
  };

 private:
  struct alignas(64) Latch {
    io::Mutex mutex;
    std::atomic<uint64_t> version{0};
  };
  std::unique_ptr<Latch[]> stripes_;
  const size_t mask_;
};

}  // namespace varve::partition
