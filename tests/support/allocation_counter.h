// Counts every operator new of the test program, from any thread, so that a test can assert that a path allocates nothing.
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

// Since the program began.
uint64_t allocations();

}  // namespace varve
