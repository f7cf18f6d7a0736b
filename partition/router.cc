#include "partition/router.h"

#include <algorithm>

#include "base/check.h"

namespace varve::partition {

Router::Router(std::vector<Range> ranges) : ranges_(std::move(ranges)) {
  CHECK(!ranges_.empty());
  CHECK(ranges_[0].lower.empty());
  for (size_t i = 0; i < ranges_.size(); ++i) {
    CHECK(ranges_[i].tree != nullptr);
    CHECK(i == 0 || ranges_[i - 1].lower < ranges_[i].lower);
  }
}

size_t Router::index_of(Slice key) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), key,
                                      [](Slice k, const Range& range) { return k < Slice(range.lower); });
  return static_cast<size_t>(after - ranges_.begin()) - 1;
}

}  // namespace varve::partition
