// Bytes as the FORMAT.md examples write them: lower-case, without spaces.
#pragma once

#include <string>

#include "base/slice.h"

namespace varve {

inline std::string hex(Slice bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace varve
