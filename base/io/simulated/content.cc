#include "base/io/simulated/content.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"

namespace varve::io {
namespace {

size_t pages_for(uint64_t size_bytes) {
  return static_cast<size_t>((size_bytes + kPageBytes - 1) / kPageBytes);
}

uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
  z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53u;
  return z ^ (z >> 33);
}

uint64_t hash_page(const char* bytes) {
  static const char kZeros[kPageBytes] = {};
  static const uint64_t kZeroHash = hash64({kZeros, kPageBytes});
  const uint64_t hash = hash64({bytes, kPageBytes});
  // A page of zeros hashes as a missing one does: to 1, which hash() leaves out.
  if (hash == kZeroHash && std::memcmp(bytes, kZeros, kPageBytes) == 0) return 1;
  return hash <= 1 ? 2 : hash;
}

}  // namespace

Content::Page* Content::writable_page(size_t index, bool overwritten) {
  PageRef& page = pages_[index];
  if (page == nullptr) {
    page = std::make_shared<Page>();
    if (!overwritten) std::memset(page->bytes, 0, kPageBytes);
  } else if (page.use_count() > 1) {
    auto copy = std::make_shared<Page>();
    if (!overwritten) std::memcpy(copy->bytes, page->bytes, kPageBytes);
    page = std::move(copy);
  }
  page->hash = 0;
  return page.get();
}

void Content::grow_to(uint64_t end) {
  if (end <= size_) return;
  size_ = end;
  pages_.resize(pages_for(end));
}

size_t Content::read(uint64_t offset, MutableSlice out) const {
  if (offset >= size_) return 0;
  const auto count = static_cast<size_t>(std::min<uint64_t>(out.size(), size_ - offset));
  for (size_t done = 0; done < count;) {
    const uint64_t at = offset + done;
    const uint64_t within = at % kPageBytes;
    const auto length = static_cast<size_t>(std::min<uint64_t>(count - done, kPageBytes - within));
    const Page* page = pages_[at / kPageBytes].get();
    if (page != nullptr) {
      std::memcpy(out.data() + done, page->bytes + within, length);
    } else {
      std::memset(out.data() + done, 0, length);
    }
    done += length;
  }
  return count;
}

void Content::write(uint64_t offset, Slice bytes) {
  if (bytes.empty()) return;
  hash_ = 0;
  grow_to(offset + bytes.size());
  for (size_t done = 0; done < bytes.size();) {
    const uint64_t at = offset + done;
    const uint64_t within = at % kPageBytes;
    const auto length = static_cast<size_t>(std::min<uint64_t>(bytes.size() - done, kPageBytes - within));
    Page* page = writable_page(at / kPageBytes, length == kPageBytes);
    std::memcpy(page->bytes + within, bytes.data() + done, length);
    done += length;
  }
}

void Content::resize(uint64_t size_bytes) {
  if (size_bytes == size_) return;
  hash_ = 0;
  const uint64_t tail = size_bytes % kPageBytes;
  if (size_bytes < size_ && tail != 0 && pages_[size_bytes / kPageBytes] != nullptr) {
    std::memset(writable_page(size_bytes / kPageBytes, false)->bytes + tail, 0, kPageBytes - tail);
  }
  size_ = size_bytes;
  pages_.resize(pages_for(size_bytes));
}

void Content::copy_range(const Content& from, uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  hash_ = 0;
  grow_to(end);
  for (uint64_t at = begin; at < end;) {
    const size_t index = at / kPageBytes;
    const uint64_t within = at % kPageBytes;
    const uint64_t length = std::min(end - at, kPageBytes - within);
    const PageRef shared = index < from.pages_.size() ? from.pages_[index] : nullptr;
    const Page* source = shared.get();
    // The end of the content counts as the end of its page: both are zero beyond.
    if (within == 0 && (length == kPageBytes || (at + length == size_ && end >= from.size_))) {
      pages_[index] = shared;
    } else if (source != nullptr || pages_[index] != nullptr) {
      Page* page = writable_page(index, false);
      if (source != nullptr) {
        std::memcpy(page->bytes + within, source->bytes + within, length);
      } else {
        std::memset(page->bytes + within, 0, length);
      }
    }
    at += length;
  }
}

uint64_t Content::hash() const {
  if (hash_ != 0) return hash_;
  uint64_t hash = mix(size_, 0);
  for (size_t i = 0; i < pages_.size(); ++i) {
    const Page* page = pages_[i].get();
    if (page == nullptr) continue;
    if (page->hash == 0) page->hash = hash_page(page->bytes);
    if (page->hash != 1) hash = mix(hash, mix(page->hash, i));
  }
  return hash_ = hash == 0 ? 1 : hash;
}

}  // namespace varve::io
