#include "api/dynamo/capacity.h"

#include <algorithm>

#include "api/dynamo/requests.h"

namespace varve::api {

double ConsumedCapacity::total() const {
  double sum = units;
  for (const Index& index : indexes) sum += index.units;
  return sum;
}

void ConsumedCapacity::add_index(const std::string& name, index::IndexKind kind, double index_units) {
  const auto same =
      std::find_if(indexes.begin(), indexes.end(), [&](const Index& index) { return index.name == name; });
  if (same != indexes.end()) {
    same->units += index_units;
  } else {
    indexes.push_back({name, kind, index_units});
  }
}

void ConsumedCapacity::add(const ConsumedCapacity& other, double factor) {
  units += factor * other.units;
  for (const Index& index : other.indexes) add_index(index.name, index.kind, factor * index.units);
}

}  // namespace varve::api
