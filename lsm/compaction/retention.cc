#include "lsm/compaction/retention.h"

#include <algorithm>

namespace varve::lsm {

Retention::Retention(std::vector<SequenceNumber> retained) : retained_(std::move(retained)) {
  CHECK(!retained_.empty());
  std::sort(retained_.begin(), retained_.end());
  retained_.erase(std::unique(retained_.begin(), retained_.end()), retained_.end());
}

size_t Retention::stripe_of(SequenceNumber sequence) const {
  const auto at = std::lower_bound(retained_.begin(), retained_.end(), sequence);
  return at == retained_.end() ? kAboveAll : static_cast<size_t>(at - retained_.begin());
}

}  // namespace varve::lsm
