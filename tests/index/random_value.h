// Seeded random numbers, values and items for property tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "index/attribute_value.h"

namespace varve::index {

// Spread over the whole range, with clusters of near neighbours, which is where an order-preserving encoding goes
// wrong.
inline Number random_number(Random* random) {
  if (random->one_in(40)) return Number();
  const size_t digits = random->one_in(3) ? random->between(1, 3) : random->between(1, 38);
  std::string text = random->one_in(2) ? "-" : "";
  for (size_t i = 0; i < digits; ++i) {
    const bool edge = random->one_in(3);
    text += static_cast<char>(edge ? (random->one_in(2) ? '0' : '9') : '0' + random->below(10));
  }
  const int64_t low = -130;
  const int64_t high = 125 - static_cast<int64_t>(digits) + 1;
  const int64_t exponent = random->one_in(2) ? static_cast<int64_t>(random->between(0, 6)) - 3
                                             : low + static_cast<int64_t>(random->between(0, high - low));
  Result<Number> n = Number::parse(text + "e" + std::to_string(exponent));
  return n.ok() ? *n : Number();
}

inline std::string random_bytes(Random* random, size_t max) {
  std::string out;
  for (size_t n = random->between(0, max); n > 0; --n) {
    out.push_back(random->one_in(3) ? static_cast<char>(random->one_in(2) ? 0 : 255)
                                    : static_cast<char>('a' + random->below(3)));
  }
  return out;
}

inline AttributeValue random_key_value(Random* random) {
  switch (random->below(3)) {
    case 0:
      return AttributeValue::string(random_bytes(random, 6));
    case 1:
      return AttributeValue::binary(random_bytes(random, 6));
    default:
      return AttributeValue::number(random_number(random));
  }
}

inline AttributeValue random_value(Random* random, size_t depth);

inline AttributeMap random_map(Random* random, size_t max, size_t depth) {
  std::vector<Attribute> attributes;
  for (size_t n = random->between(0, max); n > 0; --n) {
    attributes.push_back({random_bytes(random, 4), random_value(random, depth)});
  }
  return AttributeMap::from_unsorted(std::move(attributes));
}

inline AttributeValue random_value(Random* random, size_t depth) {
  std::vector<std::string> strings = {random_bytes(random, 5)};
  std::vector<Number> numbers = {random_number(random)};
  for (size_t n = random->below(4); n > 0; --n) {
    strings.push_back(random_bytes(random, 5) + std::to_string(n));
    numbers.push_back(random_number(random));
  }
  switch (random->below(depth > 0 ? 10 : 8)) {
    case 0:
      return AttributeValue::null();
    case 1:
      return AttributeValue::boolean(random->one_in(2));
    case 2:
      return AttributeValue::string(random_bytes(random, random->one_in(10) ? 400 : 8));
    case 3:
      return AttributeValue::number(random_number(random));
    case 4:
      return AttributeValue::binary(random_bytes(random, 8));
    case 5: {
      Result<AttributeValue> set = AttributeValue::string_set(std::move(strings));
      return set.ok() ? *set : AttributeValue::null();
    }
    case 6: {
      Result<AttributeValue> set = AttributeValue::number_set(std::move(numbers));
      return set.ok() ? *set : AttributeValue::null();
    }
    case 7: {
      Result<AttributeValue> set = AttributeValue::binary_set(std::move(strings));
      return set.ok() ? *set : AttributeValue::null();
    }
    case 8:
      return AttributeValue::map(random_map(random, 4, depth - 1));
    default: {
      AttributeValue::List list;
      for (size_t n = random->between(0, 4); n > 0; --n) list.push_back(random_value(random, depth - 1));
      return AttributeValue::list(std::move(list));
    }
  }
}

}  // namespace varve::index
