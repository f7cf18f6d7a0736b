// Invariants. A CHECK guards against bugs, never against data: no byte of a file or of a request may trip one.
//
//   CHECK(cond)            always on, cheap; prints file, line and the condition, then aborts
//   DCHECK(cond)           on in sanitizer builds (VARVE_DCHECKS)
//   EXPENSIVE_CHECK(cond)  whole-structure checks; on where DCHECK is
#pragma once

namespace varve {

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace varve

#define CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::varve::check_failed(__FILE__, __LINE__, #condition))

#ifdef VARVE_DCHECKS
#define DCHECK(condition) CHECK(condition)
#define EXPENSIVE_CHECK(condition) CHECK(condition)
#else
#define DCHECK(condition) ((void)sizeof(!(condition)))
#define EXPENSIVE_CHECK(condition) ((void)sizeof(!(condition)))
#endif
