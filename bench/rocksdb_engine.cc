// RocksDB with the options of rocksdb_options.h. Debian's librocksdb has assertions on, which costs it
// 1.3 to 1.9 x: figures against it say so.
#include <rocksdb/db.h>
#include <rocksdb/version.h>

#include "base/io/clock.h"
#include "bench/engine.h"
#include "bench/rocksdb_options.h"

namespace varve::bench {

namespace {

Status from_rocksdb(const rocksdb::Status& status) {
  return status.ok() ? Status() : Status::io_error("rocksdb: " + status.ToString());
}

rocksdb::Slice to_rocksdb(Slice s) { return {s.data(), s.size()}; }

class RocksdbCursor final : public Cursor {
 public:
  explicit RocksdbCursor(rocksdb::Iterator* iterator) : iterator_(iterator) {}
  void seek(Slice key) override { iterator_->Seek(to_rocksdb(key)); }
  bool valid() const override { return iterator_->Valid(); }
  void next() override { iterator_->Next(); }
  Slice key() const override { return {iterator_->key().data(), iterator_->key().size()}; }
  Slice value() const override { return {iterator_->value().data(), iterator_->value().size()}; }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksdbEngine final : public Engine {
 public:
  std::string name() const override { return "rocksdb"; }
  std::string options() const override { return text_; }

  Status open(const EngineOptions& options) override {
    write_options_.sync = options.sync;
    text_ = "RocksDB " + std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
            std::to_string(ROCKSDB_PATCH) + " (Debian's, assertions on), " +
            (options.sync ? "sync" : "no sync") +
            ", write buffer 64 MiB x 4, 2 background jobs, dynamic level bytes, level base 256 MiB, 4 KiB "
            "blocks, format 5, "
            "full Bloom 10, LRU cache, bytes_per_sync 1 MiB, no compression";
    rocksdb::DB* opened = nullptr;
    Status status = from_rocksdb(rocksdb::DB::Open(rocksdb_options(options), options.directory, &opened));
    db_.reset(opened);
    return status;
  }

  Status put(Slice key, Slice value) override {
    return from_rocksdb(db_->Put(write_options_, to_rocksdb(key), to_rocksdb(value)));
  }

  Result<bool> get(Slice key, std::string* value) override {
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), to_rocksdb(key), value);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return from_rocksdb(status);
    return true;
  }

  std::unique_ptr<Cursor> cursor() override {
    return std::make_unique<RocksdbCursor>(db_->NewIterator(rocksdb::ReadOptions()));
  }

  Status flush_and_quiesce() override {
    VARVE_RETURN_IF_ERROR(from_rocksdb(db_->Flush(rocksdb::FlushOptions())));
    uint64_t due = 1;
    while (due != 0) {
      due = 0;
      for (const char* property : {"rocksdb.compaction-pending", "rocksdb.num-running-compactions",
                                   "rocksdb.mem-table-flush-pending", "rocksdb.num-running-flushes"}) {
        uint64_t value = 0;
        db_->GetIntProperty(property, &value);
        due += value;
      }
      if (due != 0) io::sleep_ns(50'000'000);
    }
    return {};
  }

  Status close() override {
    Status status = from_rocksdb(db_->Close());
    db_.reset();
    return status;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_options_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Engine> make_rocksdb_engine() { return std::make_unique<RocksdbEngine>(); }

}  // namespace varve::bench
