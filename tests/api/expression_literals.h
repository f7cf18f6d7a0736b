// Placeholders as people write them, for test tables: names "n=name x=a.b" define #n and #x; values "{v: 1, s: 'x'}"
// (see tests/index/item_literal.h) define :v and :s.
#pragma once

#include <sstream>
#include <string>

#include "api/expression/placeholders.h"
#include "tests/index/item_literal.h"

namespace varve::api::expression {

inline Placeholders placeholders_of(Slice names, Slice values) {
  Placeholders out;
  std::istringstream words{std::string(names)};
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    CHECK(out.add_name("#" + word.substr(0, equals), word.substr(equals + 1)).ok());
  }
  for (const index::Attribute& a : index::item_of(values)) CHECK(out.add_value(":" + a.name, a.value).ok());
  return out;
}

}  // namespace varve::api::expression
