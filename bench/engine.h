// Engine: the little of a key-value engine that the workloads need, so that Varve and its rivals run the same loops.
// Threads: put, get and cursors from any thread; a Cursor from one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::bench {

struct EngineOptions {
  std::string directory;  // does not exist yet, or holds what the same engine left
  bool sync = false;      // every put is durable on return
  uint64_t cache_bytes = 1u << 30;
  uint64_t write_buffer_bytes = 64u << 20;
};

class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void seek(Slice key) = 0;
  virtual bool valid() const = 0;
  virtual void next() = 0;
  virtual Slice key() const = 0;
  virtual Slice value() const = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;
  // Options as set, for the record.
  virtual std::string options() const = 0;
  virtual Status open(const EngineOptions& options) = 0;
  virtual Status put(Slice key, Slice value) = 0;
  // True when found; the value is copied into *value, as an application that keeps it would.
  virtual Result<bool> get(Slice key, std::string* value) = 0;
  virtual std::unique_ptr<Cursor> cursor() = 0;
  // Everything out of memory tables, and no compaction due.
  virtual Status flush_and_quiesce() = 0;
  virtual Status close() = 0;
};

std::unique_ptr<Engine> make_varve_engine();
std::unique_ptr<Engine> make_rocksdb_engine();
std::unique_ptr<Engine> make_leveldb_engine();

// "varve", "rocksdb", "leveldb"; null for anything else.
std::unique_ptr<Engine> make_engine(const std::string& name);
std::vector<std::string> engine_names();

}  // namespace varve::bench
