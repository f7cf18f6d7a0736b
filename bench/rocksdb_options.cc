#include "bench/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace varve::bench {

rocksdb::Options rocksdb_options(const EngineOptions& options) {
  rocksdb::Options db;
  db.create_if_missing = true;
  db.compression = rocksdb::kNoCompression;
  db.write_buffer_size = options.write_buffer_bytes;
  db.max_write_buffer_number = 4;
  db.max_background_jobs = 2;
  db.level_compaction_dynamic_level_bytes = true;
  db.max_bytes_for_level_base = 256u << 20;
  db.bytes_per_sync = 1u << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 4096;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return db;
}

}  // namespace varve::bench
