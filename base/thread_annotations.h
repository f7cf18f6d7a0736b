// Clang's thread-safety annotations (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html); nothing under GCC.
#pragma once

#if defined(__clang__)
#define VARVE_ATTRIBUTE_(x) __attribute__((x))
#else
#define VARVE_ATTRIBUTE_(x)
#endif

#define VARVE_CAPABILITY(name) VARVE_ATTRIBUTE_(capability(name))
#define VARVE_SCOPED_CAPABILITY VARVE_ATTRIBUTE_(scoped_lockable)
#define VARVE_GUARDED_BY(mutex) VARVE_ATTRIBUTE_(guarded_by(mutex))
#define VARVE_PT_GUARDED_BY(mutex) VARVE_ATTRIBUTE_(pt_guarded_by(mutex))
#define VARVE_REQUIRES(...) VARVE_ATTRIBUTE_(requires_capability(__VA_ARGS__))
#define VARVE_ACQUIRE(...) VARVE_ATTRIBUTE_(acquire_capability(__VA_ARGS__))
#define VARVE_TRY_ACQUIRE(...) VARVE_ATTRIBUTE_(try_acquire_capability(__VA_ARGS__))
#define VARVE_RELEASE(...) VARVE_ATTRIBUTE_(release_capability(__VA_ARGS__))
#define VARVE_EXCLUDES(...) VARVE_ATTRIBUTE_(locks_excluded(__VA_ARGS__))
#define VARVE_NO_THREAD_SAFETY_ANALYSIS VARVE_ATTRIBUTE_(no_thread_safety_analysis)
