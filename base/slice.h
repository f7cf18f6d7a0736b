// Slice: a borrowed view of bytes. Keys and values are byte strings ordered by unsigned comparison, which is what
// std::string_view's operators do. Whoever owns the bytes must outlive the view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace varve {

using Slice = std::string_view;
using MutableSlice = std::span<char>;

}  // namespace varve
