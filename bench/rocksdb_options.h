// RocksDB's options in every bench: those of its own advice for this size, and as near as can be to what Varve does.
#pragma once

#include <rocksdb/options.h>

#include "bench/engine.h"

namespace varve::bench {

// Of one column family; the database makes the directory.
rocksdb::Options rocksdb_options(const EngineOptions& options);

}  // namespace varve::bench
