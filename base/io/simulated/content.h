// Content: the bytes of a simulated file, as 4096-byte pages shared copy-on-write. Copying one costs a
// pointer per page, and a page is copied when one of its owners writes to it. A null page is all zeros.
//
// I1 Bytes at and after size() are zero, so growing needs no clearing.
// I2 Two contents with equal size and bytes have equal hashes, however their pages came about.
//
// Threads: one real thread for all contents that share pages.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/slice.h"

namespace varve::io {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kSectorBytes = 512;

class Content {
 public:
  uint64_t size() const { return size_; }
  // Copies what there is from offset on; the count is short at the end.
  size_t read(uint64_t offset, MutableSlice out) const;
  // Grows the content where needed.
  void write(uint64_t offset, Slice bytes);
  void resize(uint64_t size_bytes);
  // Makes [begin, end) here equal to [begin, end) there, sharing whole pages. Grows where needed.
  void copy_range(const Content& from, uint64_t begin, uint64_t end);
  // Page hashes are kept with the pages, so that an image which shares most pages with another hashes fast.
  uint64_t hash() const;

 private:
  struct Page {
    Page() {}  // the bytes stay uninitialized: each creation fills them
    char bytes[kPageBytes];
    mutable uint64_t hash = 0;  // 0: not computed
  };
  using PageRef = std::shared_ptr<Page>;

  // The page, unshared, for a change of all its bytes (overwritten) or of some.
  Page* writable_page(size_t index, bool overwritten);
  void grow_to(uint64_t end);

  uint64_t size_ = 0;
  std::vector<PageRef> pages_;  // exactly as many as size_ needs
  mutable uint64_t hash_ = 0;   // 0: not computed
};

}  // namespace varve::io
