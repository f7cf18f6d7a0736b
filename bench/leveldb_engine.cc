#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include "base/io/clock.h"
#include "bench/engine.h"

namespace varve::bench {

namespace {

Status from_leveldb(const leveldb::Status& status) {
  return status.ok() ? Status() : Status::io_error("leveldb: " + status.ToString());
}

leveldb::Slice to_leveldb(Slice s) { return {s.data(), s.size()}; }

class LeveldbCursor final : public Cursor {
 public:
  explicit LeveldbCursor(leveldb::Iterator* iterator) : iterator_(iterator) {}
  void seek(Slice key) override { iterator_->Seek(to_leveldb(key)); }
  bool valid() const override { return iterator_->Valid(); }
  void next() override { iterator_->Next(); }
  Slice key() const override { return {iterator_->key().data(), iterator_->key().size()}; }
  Slice value() const override { return {iterator_->value().data(), iterator_->value().size()}; }

 private:
  std::unique_ptr<leveldb::Iterator> iterator_;
};

class LeveldbEngine final : public Engine {
 public:
  std::string name() const override { return "leveldb"; }
  std::string options() const override { return text_; }

  Status open(const EngineOptions& options) override {
    filter_.reset(leveldb::NewBloomFilterPolicy(10));
    cache_.reset(leveldb::NewLRUCache(options.cache_bytes));
    leveldb::Options db;
    db.create_if_missing = true;
    db.compression = leveldb::kNoCompression;
    db.write_buffer_size = options.write_buffer_bytes;
    db.max_file_size = 32u << 20;
    db.filter_policy = filter_.get();
    db.block_cache = cache_.get();
    write_options_.sync = options.sync;
    text_ = "LevelDB " + std::to_string(leveldb::kMajorVersion) + "." +
            std::to_string(leveldb::kMinorVersion) + ", " + (options.sync ? "sync" : "no sync") +
            ", write buffer 64 MiB, files 32 MiB, 4 KiB blocks, Bloom 10, LRU cache, no compression";
    leveldb::DB* opened = nullptr;
    Status status = from_leveldb(leveldb::DB::Open(db, options.directory, &opened));
    db_.reset(opened);
    return status;
  }

  Status put(Slice key, Slice value) override {
    return from_leveldb(db_->Put(write_options_, to_leveldb(key), to_leveldb(value)));
  }

  Result<bool> get(Slice key, std::string* value) override {
    const leveldb::Status status = db_->Get(leveldb::ReadOptions(), to_leveldb(key), value);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return from_leveldb(status);
    return true;
  }

  std::unique_ptr<Cursor> cursor() override {
    return std::make_unique<LeveldbCursor>(db_->NewIterator(leveldb::ReadOptions()));
  }

  // LevelDB has no call for either: a compaction of an empty range flushes the memory table, and its level counts
  // standing still for a second means that nothing is due.
  Status flush_and_quiesce() override {
    const leveldb::Slice nothing("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 17);
    db_->CompactRange(&nothing, nullptr);
    std::string before;
    for (int still = 0; still < 4;) {
      std::string now;
      db_->GetProperty("leveldb.sstables", &now);
      still = now == before ? still + 1 : 0;
      before = std::move(now);
      io::sleep_ns(250'000'000);
    }
    return {};
  }

  Status close() override {
    db_.reset();
    return {};
  }

 private:
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
  leveldb::WriteOptions write_options_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Engine> make_leveldb_engine() { return std::make_unique<LeveldbEngine>(); }

}  // namespace varve::bench
