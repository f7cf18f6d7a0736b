// The words that DynamoDB does not accept as bare attribute names (developer guide, "Reserved words in DynamoDB").
#pragma once

#include "base/slice.h"

namespace varve::api::expression {

// Compares without regard to case.
bool is_reserved_word(Slice word);

}  // namespace varve::api::expression
