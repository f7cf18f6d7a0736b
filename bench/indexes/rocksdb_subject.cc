#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

#include "base/coding.h"
#include "base/io/clock.h"
#include "bench/indexes/subject.h"
#include "bench/rocksdb_options.h"
#include "index/expiry_entry.h"
#include "index/index_entry.h"
#include "index/item_codec.h"
#include "index/key_codec.h"
#include "index/stream_record.h"

namespace varve::bench {
namespace {

using index::ItemImage;

Status from_rocksdb(const rocksdb::Status& status) {
  return status.ok() ? Status() : Status::io_error("rocksdb: " + status.ToString());
}

rocksdb::Slice to_rocksdb(Slice s) { return {s.data(), s.size()}; }

// Items and what is derived from them lie in one column family, each kind under a byte of its own; stream records, which are only
// appended and dropped in ranges, in a second one.
constexpr char kItemsPrefix = 0;
constexpr char kExpiryPrefix = 1;
constexpr char kFirstIndexPrefix = 2;

index::KeySchema table_key() {
  return {{"pk", index::AttributeType::kString}, index::KeyAttribute{"sk", index::AttributeType::kNumber}};
}

class RocksdbSubject final : public Subject {
 public:
  RocksdbSubject(const Arrangement& arrangement, std::string directory)
      : arrangement_(arrangement), directory_(std::move(directory)), table_key_(table_key()) {
    for (size_t i = 0; i < arrangement.indexes; ++i) {
      index::IndexSchema schema;
      schema.name = "by-" + index_attribute(i);
      schema.partition = {{index_attribute(i), index::AttributeType::kString}};
      schema.projection = arrangement.projection;
      schemas_.push_back(std::move(schema));
    }
  }

  Status open() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(std::filesystem::path(directory_).parent_path());
    EngineOptions engine;
    engine.cache_bytes = 256u << 20;
    rocksdb::Options options = rocksdb_options(engine);
    options.create_missing_column_families = true;
    const rocksdb::ColumnFamilyOptions family(options);
    std::vector<rocksdb::ColumnFamilyHandle*> opened;
    rocksdb::DB* db = nullptr;
    VARVE_RETURN_IF_ERROR(from_rocksdb(
        rocksdb::DB::Open(rocksdb::DBOptions(options), directory_,
                          {{rocksdb::kDefaultColumnFamilyName, family}, {"stream", family}}, &opened, &db)));
    db_.reset(db);
    items_.reset(opened[0]);
    stream_.reset(opened[1]);
    return {};
  }

  Status put(api::Item item) override {
    VARVE_ASSIGN_OR_RETURN(const index::PrimaryKey primary, index::key_of_item(table_key_, item));
    key_.assign(1, kItemsPrefix);
    const std::string tree_key = index::encode_tree_key(primary);
    key_.append(tree_key);
    const std::string encoded = index::encode_item(item);
    old_.Reset();
    const rocksdb::Status found = db_->Get(rocksdb::ReadOptions(), items_.get(), to_rocksdb(key_), &old_);
    if (!found.ok() && !found.IsNotFound()) return from_rocksdb(found);
    ItemImage before;
    if (found.ok()) {
      VARVE_ASSIGN_OR_RETURN(before, ItemImage::of(Slice(old_.data(), old_.size())));
    }
    VARVE_ASSIGN_OR_RETURN(const ItemImage after, ItemImage::of(encoded));
    batch_.Clear();
    batch_.Put(items_.get(), to_rocksdb(key_), encoded);
    for (size_t i = 0; i < schemas_.size(); ++i) add_index_change(i, tree_key, before, after);
    if (arrangement_.expires) add_expiry_change(tree_key, before, after);
    if (arrangement_.stream) add_stream_record(tree_key, before, after);
    return from_rocksdb(db_->Write(rocksdb::WriteOptions(), &batch_));
  }

  Status settle() override {
    while (true) {
      uint64_t due = 0;
      for (const char* property : {"rocksdb.compaction-pending", "rocksdb.num-running-compactions",
                                   "rocksdb.mem-table-flush-pending", "rocksdb.num-running-flushes"}) {
        for (rocksdb::ColumnFamilyHandle* family : {items_.get(), stream_.get()}) {
          uint64_t value = 0;
          db_->GetIntProperty(family, property, &value);
          due += value;
        }
      }
      if (due == 0) return {};
      io::sleep_ns(1'000'000);
    }
  }

  Status close() override {
    old_.Reset();
    items_.reset();
    stream_.reset();
    const Status status = from_rocksdb(db_->Close());
    db_.reset();
    std::filesystem::remove_all(directory_);
    return status;
  }

 private:
  void add_index_change(size_t i, Slice tree_key, const ItemImage& before, const ItemImage& after) {
    const auto change = index::IndexChange::between(schemas_[i], table_key_, tree_key, before, after);
    const auto prefixed = [&](Slice key) {
      derived_key_.assign(1, static_cast<char>(kFirstIndexPrefix + i));
      derived_key_.append(key);
      return to_rocksdb(derived_key_);
    };
    if (!change.removed_key.empty()) batch_.Delete(items_.get(), prefixed(change.removed_key));
    if (change.put) {
      batch_.Put(items_.get(), prefixed(change.put->key()), to_rocksdb(change.put->value()));
    }
  }

  void add_expiry_change(Slice tree_key, const ItemImage& before, const ItemImage& after) {
    const auto was = index::time_to_live(before.view, kExpiryAttribute);
    const auto is = index::time_to_live(after.view, kExpiryAttribute);
    if (was == is) return;
    const auto prefixed = [&](const index::Number& time) {
      derived_key_.assign(1, kExpiryPrefix);
      derived_key_.append(index::encode_expiry_key(time, tree_key));
      return to_rocksdb(derived_key_);
    };
    if (was) batch_.Delete(items_.get(), prefixed(*was));
    if (is) batch_.Put(items_.get(), prefixed(*is), rocksdb::Slice());
  }

  void add_stream_record(Slice tree_key, const ItemImage& before, const ItemImage& after) {
    index::StreamChange change;
    change.event = !before.found() ? index::StreamEvent::kInsert : index::StreamEvent::kModify;
    change.tree_key = tree_key;
    if (index::keeps_new_image(*arrangement_.stream)) change.new_image = after.encoded;
    if (index::keeps_old_image(*arrangement_.stream)) change.old_image = before.encoded;
    const std::string key = index::encode_stream_key({SequenceNumber(++sequence_), 0});
    std::string value(sizeof(uint64_t), '\0');
    store_big64(value.data(), io::wall_us());
    value.append(index::encode_stream_change(change));
    batch_.Put(stream_.get(), key, value);
  }

  const Arrangement arrangement_;
  const std::string directory_;
  const index::KeySchema table_key_;
  std::vector<index::IndexSchema> schemas_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> items_, stream_;
  rocksdb::WriteBatch batch_;
  rocksdb::PinnableSlice old_;
  std::string key_, derived_key_;
  uint64_t sequence_ = 0;
};

}  // namespace

Result<std::unique_ptr<Subject>> open_rocksdb(const Arrangement& arrangement, const std::string& directory) {
  auto subject = std::make_unique<RocksdbSubject>(arrangement, directory);
  VARVE_RETURN_IF_ERROR(subject->open());
  return std::unique_ptr<Subject>(std::move(subject));
}

}  // namespace varve::bench
