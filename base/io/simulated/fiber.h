// Fiber contexts: a stack, and a switch between stacks that makes no system call. The layer below Simulation;
// it knows nothing of scheduling.
//
// x86-64 has a switch of its own (callee-saved registers only: about 2 ns); elsewhere ucontext does it. Both
// tell AddressSanitizer and ThreadSanitizer about each switch when those are built in.
//
// Threads: one real thread uses a context; stacks are pooled per real thread, because a crash lane makes and
// ends hundreds of thousands of simulations. Ownership: a started context borrows its stack from the pool
// until finish().
#pragma once

#include <cstddef>

namespace varve::io {

// One mapped stack with a guard page below it, committed by the kernel as it is touched.
struct FiberStack {
  char* bottom = nullptr;  // lowest usable byte, above the guard page
  size_t size_bytes = 0;
  void* tsan_fiber = nullptr;
};

class FiberContext {
 public:
  FiberContext() = default;
  FiberContext(const FiberContext&) = delete;
  FiberContext& operator=(const FiberContext&) = delete;

  // Makes this the context of the caller's own stack, to which fibers switch back.
  void adopt_caller();
  // Prepares a stack on which entry(argument) runs at the first switch_to. entry never returns: it ends in
  // finish().
  void start(void (*entry)(void*), void* argument);

  // Leaves this context, which is the running one, for `to`; returns when something switches back here.
  void switch_to(FiberContext* to);
  // As switch_to, and gives this context's stack back to the pool. Nothing may switch here again.
  [[noreturn]] void finish(FiberContext* to);

 private:
  static void enter(void* context);
  void leave_for(FiberContext* to, bool ends);
  void resumed();

  void* stack_pointer_ = nullptr;
  FiberStack stack_;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  FiberContext* resumed_from_ = nullptr;
  // What AddressSanitizer is told of this stack; of an adopted one it is learned at the first switch away.
  const void* asan_bottom_ = nullptr;
  size_t asan_size_ = 0;
  void* asan_fake_stack_ = nullptr;
  void* tsan_fiber_ = nullptr;
};

}  // namespace varve::io
