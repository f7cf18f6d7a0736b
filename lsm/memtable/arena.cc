#include "lsm/memtable/arena.h"

#include <algorithm>
#include <new>

namespace varve::lsm {

Arena::~Arena() {
  io::MutexLock lock(&mutex_);
  while (all_ != nullptr) {
    Chunk* previous = all_->previous;
    ::operator delete(all_);
    all_ = previous;
  }
}

char* Arena::allocate(size_t bytes) {
  bytes = (bytes + 7) & ~size_t{7};
  Chunk* chunk = current_.load(std::memory_order_acquire);
  if (chunk != nullptr) {
    const size_t at = chunk->used.fetch_add(bytes, std::memory_order_relaxed);
    if (at + bytes <= chunk->capacity) return chunk->bytes() + at;
  }
  return allocate_slow(bytes, chunk);
}

char* Arena::allocate_slow(size_t bytes, Chunk* full) {
  io::MutexLock lock(&mutex_);
  Chunk* chunk = current_.load(std::memory_order_relaxed);
  if (chunk != full && chunk != nullptr) {  // another thread was faster
    const size_t at = chunk->used.fetch_add(bytes, std::memory_order_relaxed);
    if (at + bytes <= chunk->capacity) return chunk->bytes() + at;
  }
  const size_t capacity = next_chunk_bytes_ - sizeof(Chunk);
  if (bytes > capacity / 4) {
    // A chunk of its own, so that a large value does not waste the rest of the current chunk.
    Chunk* own = new_chunk(bytes);
    own->used.store(bytes, std::memory_order_relaxed);
    next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kMaxChunkBytes);
    return own->bytes();
  }
  Chunk* fresh = new_chunk(capacity);
  next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kMaxChunkBytes);
  fresh->used.store(bytes, std::memory_order_relaxed);
  current_.store(fresh, std::memory_order_release);
  return fresh->bytes();
}

Arena::Chunk* Arena::new_chunk(size_t capacity) {
  const size_t total = sizeof(Chunk) + capacity;
  Chunk* chunk = new (::operator new(total)) Chunk{all_, capacity, {}};
  all_ = chunk;
  allocated_bytes_.fetch_add(total, std::memory_order_relaxed);
  return chunk;
}

}  // namespace varve::lsm
