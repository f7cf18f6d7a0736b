// Items and values as bytes (FORMAT.md "Item"). The encoding is canonical: two items are equal exactly when
// their bytes are, so "did this write change anything" is one memcmp.
//
// Errors: kCorruption, naming the offset, for anything that encode_item would not have written: another
// version, a directory that does not cover its entries exactly, a width that is not the narrowest, names or
// set elements out of order, a number not in normal form, nesting beyond kMaxNestingDepth. Memory while
// decoding is bounded by a constant times the bytes.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"
#include "index/item_view.h"

namespace varve::index {

inline constexpr uint8_t kItemFormatVersion = 1;

// The item's nesting is within kMaxNestingDepth: check_nesting said so.
std::string encode_item(const Item& item);
// Those attributes of an encoded item that have one of the names, as encode_item would write them; what is encoded is copied as it is. The
// names are in ascending order, none twice.
std::string encode_part(const ItemView& item, std::span<const Slice> names);
Result<Item> decode_item(Slice encoded);
// As decode_item, but builds nothing.
Status validate_item(Slice encoded);

// One value: tag, then payload.
void append_encoded_value(const AttributeValue& value, std::string* out);
Result<AttributeValue> decode_value(Slice encoded);

}  // namespace varve::index
