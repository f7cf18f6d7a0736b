// KinesisQueues: the queues of all tables that have, or had, a Kinesis destination, and their delivery into files.
//
// Durable in the keyspace "kinesis-queues" (kinesis_queue_name -> encode_kinesis_queue), written in one commit with the table's entry when
// a queue is made or closed, and with the removal of what was delivered; and in the keyspace "kinesis-files" (table id -> length of the
// file). A table has one queue at a time.
//
// Invariants
//   I1 A record leaves its queue in the commit that notes the length of the file with it, which is durable before. So each is
//      delivered at least once, in the order of commits.
//
// Threads: any; a Change and a delivery exclude each other. Ownership: borrows the store and the driver.
// Errors: kCorruption when an entry is damaged or a keyspace missing; those of the files.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/kinesis_file.h"
#include "api/dynamo/kinesis_queue.h"
#include "api/dynamo/table.h"
#include "base/io/mutex.h"
#include "partition/store.h"

namespace varve::api::dynamo {

class KinesisQueues {
 public:
  // Drops keyspaces that no entry names: what a crash leaves. file_bytes: at which a file is set aside.
  static Result<std::unique_ptr<KinesisQueues>> open(partition::Store* store, io::Driver* driver,
                                                     const std::string& data_directory, uint64_t file_bytes);

  // One change of a table's destination: used inside a change of the table in the catalog, whose commit carries it, and published when
  // that has succeeded. While it lives nothing is delivered.
  class VARVE_SCOPED_CAPABILITY Change {
   public:
    explicit Change(KinesisQueues* queues) VARVE_ACQUIRE(queues->change_mutex_);
    ~Change() VARVE_RELEASE();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    Failure enable(const std::string& stream_arn, bool microseconds, Table* table,
                   partition::WriteBatch* batch);
    // What is in the queue is still delivered. Nothing when there is no active destination.
    Failure disable(Table* table, partition::WriteBatch* batch);
    Failure set_precision(bool microseconds, Table* table, partition::WriteBatch* batch);
    void publish();

   private:
    Failure store(KinesisQueue next, partition::WriteBatch* batch);
    Outcome<KinesisQueue> queue_of(const Table& table) const;
    KinesisQueues* const queues_;
    KinesisQueueRef next_;
  };

  // Brings what is visible into the files, until keep_going() answers false. An error of one table's does not keep the others waiting.
  Status deliver(const std::function<bool()>& keep_going);
  // The table's destination was disabled, and not all is delivered yet.
  bool is_draining(const Table& table) const;

 private:
  struct Lines;
  KinesisQueues(partition::Store* store, io::Driver* driver, std::string data_directory, uint64_t file_bytes)
      : store_(store), driver_(driver), data_directory_(std::move(data_directory)), file_bytes_(file_bytes) {}
  Status load();
  KinesisQueueRef find(const std::string& name) const;
  std::vector<std::string> names() const;
  void publish(const KinesisQueueRef& queue);
  Status deliver_some(const std::string& name, bool* more);
  Status collect(const KinesisQueue& queue, Lines* lines) const;
  Status append(const KinesisQueue& queue, const Lines& lines) VARVE_REQUIRES(change_mutex_);
  Status finish(const KinesisQueue& queue) VARVE_REQUIRES(change_mutex_);
  // Of a file that is not what was noted, before anything is appended to it: else a crash would not know what to cut off.
  Status note_length(const KinesisQueue& queue, uint64_t length_bytes);
  Result<KinesisFile*> file_of(const KinesisQueue& queue) VARVE_REQUIRES(change_mutex_);

  partition::Store* const store_;
  io::Driver* const driver_;
  const std::string data_directory_;
  const uint64_t file_bytes_;
  KeyspaceId entries_, lengths_;

  io::Mutex change_mutex_;                                                    // before the catalog's
  std::map<std::string, KinesisFile> files_ VARVE_GUARDED_BY(change_mutex_);  // by table id
  mutable io::Mutex mutex_;                                                   // short: no I/O under it
  std::map<std::string, KinesisQueueRef> queues_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::api::dynamo
