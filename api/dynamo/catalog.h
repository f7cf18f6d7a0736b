// Catalog: the tables of a store. Durable in a keyspace of its own ("catalog": table name -> encode_table), and in memory as
// an immutable map that requests read without a lock.
//
// A table's items live in the keyspace "table/<table id>" and the entries of an index in "index/<index id>", so that a table or an index
// which is deleted and created again under its name never meets what the old one held. Creation makes the keyspaces first and the
// entry second; deletion removes the entry first and the keyspaces second. A crash in between leaves a keyspace that no entry names:
// open drops it.
//
// With a delay, tables stay CREATING, UPDATING or DELETING that long, as DynamoDB's do for seconds. A deleted table is gone, for all
// that find and list say, when its time is over; its entry and its items go with the next change of any table, or at the next open.
//
// Invariants
//   I1 An entry in the catalog has its keyspaces.
//   I2 What find and list answer is durable.
//   I3 Once a changed form of a table is answered by anyone, no write is applied that knows only the form before (Successor).
//
// Threads: find, list, all from any, never waiting for a change under way; changes are serialized inside and block on the log.
// Ownership: borrows the store.
// Errors: kCorruption when an entry is damaged or its keyspace missing.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/table.h"
#include "base/io/mutex.h"
#include "partition/store.h"

namespace varve::api::dynamo {

class Catalog {
 public:
  // delay_us: how long a table stays in each state that is not ACTIVE.
  static Result<std::unique_ptr<Catalog>> open(partition::Store* store, uint64_t delay_us = 0);

  // nullptr when there is none. In the steady state this touches one atomic that nobody writes, and the thread's own copy of the
  // map's pointer.
  TableRef find(Slice name) const;
  // Names after `after` in the order of their bytes, at most `limit`; *more says whether there are further ones.
  std::vector<std::string> list(Slice after, size_t limit, bool* more) const;
  size_t size() const;
  // Above 0: what DynamoDB makes callers wait for, they wait for here too.
  uint64_t delay_us() const { return delay_us_; }
  // Every table, for those who look after them in the background.
  std::vector<TableRef> all() const;

  // Adds entries of its own to the commit that stores the table's entry, so that both become durable or neither, and may change
  // the table for it. Its error refuses.
  using Companion = std::function<Failure(Table*, partition::WriteBatch*)>;

  using Change = std::function<Failure(Table*)>;
  // Gives the table and its indexes fresh ids, keyspaces and an entry. ResourceInUseException when the name is taken.
  Outcome<TableRef> create(Table table, const Companion& companion = nullptr);
  // Applies `change` to the table's newest form and stores the result; its error refuses. An index that it adds has no id yet: it gets
  // one, and a keyspace; the keyspace of one that it removes is dropped. ResourceNotFoundException. update is UpdateTable's: the table must
  // be ACTIVE (ResourceInUseException), and is UPDATING from then on. amend leaves the state alone.
  Outcome<TableRef> update(Slice name, const Change& change, const Companion& companion = nullptr);
  Outcome<TableRef> amend(Slice name, const Change& change, const Companion& companion = nullptr);
  // Removes the table unless `check` refuses; answers what it was. ResourceInUseException while it is created or updated; a table
  // that is being deleted already is answered as it is.
  Outcome<TableRef> remove(Slice name, const std::function<Failure(const Table&)>& check,
                           const Companion& companion = nullptr);

 private:
  using Tables = std::map<std::string, TableRef, std::less<>>;
  Catalog(partition::Store* store, KeyspaceId entries, uint64_t delay_us);
  Status load();
  Transition transition(TableStatus status) const;
  // What a change of tables begins with: the newest form of a table that is there; removes those whose time is over.
  Outcome<TableRef> begin_change(Slice name) VARVE_REQUIRES(changes_mutex_);
  Failure erase_deleted() VARVE_REQUIRES(changes_mutex_);
  Outcome<TableRef> store_changed(Table table, const Companion& companion) VARVE_REQUIRES(changes_mutex_);
  Outcome<TableRef> erase(TableRef table, const Companion& companion = nullptr)
      VARVE_REQUIRES(changes_mutex_);
  std::shared_ptr<const Tables> current() const;
  void publish(Tables tables);
  Status find_keyspaces(Table* table) const;
  // For indexes without an id.
  Status create_index_keyspaces(Table* table);
  void drop_keyspaces_of(const Table& table, const Table* kept);

  partition::Store* const store_;
  const KeyspaceId entries_;
  const uint64_t delay_us_;
  const uint64_t identity_;  // of this object among all catalogs of the process

  io::Mutex changes_mutex_;  // one change at a time; before mutex_
  mutable io::Mutex mutex_;
  std::shared_ptr<const Tables> tables_ VARVE_GUARDED_BY(mutex_);
  // Rises with every publish (release); pairs with current's load (acquire), which sees that its copy is old.
  std::atomic<uint64_t> version_{0};
};

// The table of a name, or of its ARN, in a request; ResourceNotFoundException with its name when it is not there.
Outcome<TableRef> find_table(const Catalog& catalog, Slice name_or_arn);

// ResourceInUseException for a table that is being created or deleted: its settings cannot be changed yet, or any more.
Failure check_changeable(const Table& table);

}  // namespace varve::api::dynamo
