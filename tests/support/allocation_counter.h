// Counts every operator new of a thread, so that a test can assert that a path allocates nothing, whatever background threads do.
// Linked into the programs that say COUNTS_ALLOCATIONS.
#pragma once

#include <cstdint>

namespace varve {

// Sanitizers bring their own operator new; nothing is counted under them.
#ifdef VARVE_DCHECKS
inline constexpr bool kAllocationsCounted = false;
#else
inline constexpr bool kAllocationsCounted = true;
#endif

// Of the calling thread, since it began.
uint64_t allocations();

}  // namespace varve
