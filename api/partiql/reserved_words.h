// The words that PartiQL does not take for a name unless they stand in double quotes: the keywords of SQL-92 and PartiQL's own (partiql.org,
// "PartiQL Reserved Keywords"). They are not those of the expressions (api/expression/reserved_words.h): "name", "status" and "total" are names
// here, and the developer guide's own statements use such words bare.
#pragma once

#include "base/slice.h"

namespace varve::api::partiql {

// Compares without regard to case.
bool is_reserved_word(Slice word);

}  // namespace varve::api::partiql
