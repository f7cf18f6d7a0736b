// Arena: memory for one memtable, freed all at once. Chunks grow from small, so that thousands of idle trees cost
// little, to 1 MiB, so that a busy one rarely asks the allocator.
//
//   I1 What allocate returns stays until the arena dies, is aligned to 8 bytes, and belongs to one caller alone.
//   I2 allocated_bytes() is exactly what was asked of the heap, chunk headers included; 0 before the first allocate.
//
// Threads: all methods from any thread. An allocation is one fetch_add on the current chunk; only a full chunk takes
// the lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/io/mutex.h"

namespace varve::lsm {

class Arena {
 public:
  static constexpr size_t kFirstChunkBytes = 512;
  static constexpr size_t kMaxChunkBytes = 1u << 20;

  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  char* allocate(size_t bytes);
  uint64_t allocated_bytes() const { return allocated_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Chunk {
    Chunk* previous;
    size_t capacity;
    // Bytes handed out; runs past capacity when the last askers found no room.
    std::atomic<size_t> used;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };
  static_assert(sizeof(Chunk) % 8 == 0);

  char* allocate_slow(size_t bytes, Chunk* full);
  Chunk* new_chunk(size_t capacity) VARVE_REQUIRES(mutex_);

  // Release on publication of a chunk, acquire here: pairs allocate_slow with allocate.
  std::atomic<Chunk*> current_{nullptr};
  std::atomic<uint64_t> allocated_bytes_{0};
  io::Mutex mutex_;
  Chunk* all_ VARVE_GUARDED_BY(mutex_) = nullptr;
  size_t next_chunk_bytes_ VARVE_GUARDED_BY(mutex_) = kFirstChunkBytes;
};

}  // namespace varve::lsm
