// Lists of reserved words: sorted, in capitals, searched without regard to case.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "base/slice.h"

namespace varve::api::expression {

inline bool is_word_of(std::span<const Slice> sorted_words, Slice word) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  const auto is_before = [&](Slice a, Slice b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [&](char x, char y) { return upper(x) < upper(y); });
  };
  return std::binary_search(sorted_words.begin(), sorted_words.end(), word, is_before);
}

}  // namespace varve::api::expression
