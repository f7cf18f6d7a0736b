#include <utility>

#include "bench/engine.h"
#include "partition/store.h"

namespace varve::bench {

namespace {

using partition::ReadPoint;
using partition::Store;

class VarveCursor final : public Cursor {
 public:
  explicit VarveCursor(std::unique_ptr<partition::Iterator> iterator) : iterator_(std::move(iterator)) {}
  void seek(Slice key) override { iterator_->seek(key); }
  bool valid() const override { return iterator_->valid(); }
  void next() override { iterator_->next(); }
  Slice key() const override { return iterator_->key(); }
  Slice value() const override { return iterator_->value(); }

 private:
  std::unique_ptr<partition::Iterator> iterator_;
};

class VarveEngine final : public Engine {
 public:
  std::string name() const override { return "varve"; }
  std::string options() const override { return text_; }

  Status open(const EngineOptions& options) override {
    partition::StoreOptions store;
    store.durability = options.sync ? partition::Durability::kSync : partition::Durability::kInterval;
    store.memory_bytes = 2 * options.cache_bytes;
    store.block_cache_bytes = options.cache_bytes;
    store.write_buffer_bytes = options.write_buffer_bytes;
    store.compress = false;
    VARVE_ASSIGN_OR_RETURN(store_, Store::open(options.directory, store));
    if (const auto id = store_->find_keyspace("bench")) {
      keyspace_ = *id;
    } else {
      VARVE_ASSIGN_OR_RETURN(keyspace_, store_->create_keyspace("bench"));
    }
    text_ = std::string(options.sync ? "sync" : "interval 10 ms") + ", cache " +
            std::to_string(options.cache_bytes >> 20) + " MiB, write buffer " +
            std::to_string(options.write_buffer_bytes >> 20) +
            " MiB, 8 KiB blocks, blocked Bloom 10 bits, no compression";
    return {};
  }

  Status put(Slice key, Slice value) override {
    thread_local partition::WriteBatch batch;
    batch.clear();
    batch.put(keyspace_, key, value);
    return store_->write(&batch).status();
  }

  Result<bool> get(Slice key, std::string* value) override {
    partition::PinnedValue pinned;
    VARVE_ASSIGN_OR_RETURN(const lsm::Lookup lookup,
                           store_->get(keyspace_, key, ReadPoint::visible(), &pinned));
    if (lookup.found) value->assign(pinned.slice());
    return lookup.found;
  }

  std::unique_ptr<Cursor> cursor() override {
    auto iterator = store_->iterate(keyspace_, {}, ReadPoint::visible());
    CHECK(iterator.ok());
    return std::make_unique<VarveCursor>(std::move(*iterator));
  }

  Status flush_and_quiesce() override {
    VARVE_RETURN_IF_ERROR(store_->flush());
    return store_->quiesce();
  }

  Status close() override {
    Status status = store_->close();
    store_.reset();
    return status;
  }

 private:
  std::unique_ptr<Store> store_;
  KeyspaceId keyspace_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Engine> make_varve_engine() { return std::make_unique<VarveEngine>(); }

std::vector<std::string> engine_names() { return {"varve", "rocksdb", "leveldb"}; }

std::unique_ptr<Engine> make_engine(const std::string& name) {
  if (name == "varve") return make_varve_engine();
  if (name == "rocksdb") return make_rocksdb_engine();
  if (name == "leveldb") return make_leveldb_engine();
  return nullptr;
}

}  // namespace varve::bench
