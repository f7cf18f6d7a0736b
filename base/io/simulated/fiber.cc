#include "base/io/simulated/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VARVE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define VARVE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define VARVE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define VARVE_TSAN 1
#endif

#ifdef VARVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef VARVE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace varve::io {
namespace {

// Sanitizers pad every frame. Only touched pages cost memory.
#if defined(VARVE_ASAN) || defined(VARVE_TSAN)
constexpr size_t kStackBytes = size_t{2} << 20;
#else
constexpr size_t kStackBytes = size_t{256} << 10;
#endif
constexpr size_t kMaxPooledStacks = 256;

FiberStack map_stack() {
  const auto guard = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* mapped = mmap(nullptr, kStackBytes + guard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  CHECK(mapped != MAP_FAILED);
  CHECK(mprotect(mapped, guard, PROT_NONE) == 0);
  FiberStack stack;
  stack.bottom = static_cast<char*>(mapped) + guard;
  stack.size_bytes = kStackBytes;
#ifdef VARVE_TSAN
  stack.tsan_fiber = __tsan_create_fiber(0);
#endif
  return stack;
}

void unmap_stack(const FiberStack& stack) {
#ifdef VARVE_TSAN
  __tsan_destroy_fiber(stack.tsan_fiber);
#endif
  const auto guard = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  munmap(stack.bottom - guard, stack.size_bytes + guard);
}

class StackPool {
 public:
  ~StackPool() {
    for (const FiberStack& stack : free_) unmap_stack(stack);
  }

  FiberStack take() {
    if (free_.empty()) return map_stack();
    FiberStack stack = free_.back();
    free_.pop_back();
#ifdef VARVE_TSAN
    // ThreadSanitizer's own call stack of the fiber has the same frames left on it, and would overflow.
    __tsan_destroy_fiber(stack.tsan_fiber);
    stack.tsan_fiber = __tsan_create_fiber(0);
#endif
#ifdef VARVE_ASAN
    // The frames that called finish() never returned, so their red zones are still poisoned.
    __asan_unpoison_memory_region(stack.bottom, stack.size_bytes);
#endif
    return stack;
  }

  // The caller may still be running on the stack, so it is never unmapped here: an excess one waits for the
  // next give.
  void give(const FiberStack& stack) {
    if (free_.size() > kMaxPooledStacks) {
      unmap_stack(free_.back());
      free_.pop_back();
    }
    free_.push_back(stack);
  }

 private:
  std::vector<FiberStack> free_;
};

thread_local StackPool stack_pool;

}  // namespace

#if defined(__x86_64__)

// The System V callee-saved registers go on the stack; the stack pointer is the context. A new stack is laid
// out as if it had been left by this switch, with varve_fiber_start as the return address, r12 = argument and
// r13 = function.
asm(R"(
.text
.p2align 4
.globl varve_fiber_switch
.hidden varve_fiber_switch
.type varve_fiber_switch, @function
varve_fiber_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size varve_fiber_switch, .-varve_fiber_switch

.p2align 4
.globl varve_fiber_start
.hidden varve_fiber_start
.type varve_fiber_start, @function
varve_fiber_start:
  .cfi_startproc
  .cfi_undefined rip
  movq %r12, %rdi
  callq *%r13
  ud2
  .cfi_endproc
.size varve_fiber_start, .-varve_fiber_start
)");
extern "C" void varve_fiber_switch(void** save_stack_pointer, void* load_stack_pointer);
extern "C" void varve_fiber_start();

namespace {

void* prepare_stack(const FiberStack& stack, void (*function)(void*), void* argument) {
  auto* top = reinterpret_cast<uint64_t*>(stack.bottom + stack.size_bytes);
  uint64_t* pointer = top - 9;  // 7 words popped by the switch, and two that keep the call 16-byte aligned
  pointer[0] = 0;               // r15
  pointer[1] = 0;               // r14
  pointer[2] = reinterpret_cast<uint64_t>(function);            // r13
  pointer[3] = reinterpret_cast<uint64_t>(argument);            // r12
  pointer[4] = 0;                                               // rbx
  pointer[5] = 0;                                               // rbp: frame-pointer walks end here
  pointer[6] = reinterpret_cast<uint64_t>(&varve_fiber_start);  // return address
  pointer[7] = pointer[8] = 0;
  return pointer;
}

void switch_stacks(void** save, void* load) { varve_fiber_switch(save, load); }

}  // namespace

#else

namespace {

struct PortableContext {
  ucontext_t context;
  void (*function)(void*);
  void* argument;
};

void portable_start(unsigned high, unsigned low) {
  auto* self = reinterpret_cast<PortableContext*>((static_cast<uintptr_t>(high) << 32) | low);
  self->function(self->argument);
}

// The ucontext lives at the top of the stack it describes.
void* prepare_stack(const FiberStack& stack, void (*function)(void*), void* argument) {
  const size_t room = (sizeof(PortableContext) + 63) / 64 * 64;
  auto* self = new (stack.bottom + stack.size_bytes - room) PortableContext;
  self->function = function;
  self->argument = argument;
  CHECK(getcontext(&self->context) == 0);
  self->context.uc_stack.ss_sp = stack.bottom;
  self->context.uc_stack.ss_size = stack.size_bytes - room;
  self->context.uc_link = nullptr;
  const auto address = reinterpret_cast<uintptr_t>(self);
  makecontext(&self->context, reinterpret_cast<void (*)()>(portable_start), 2,
              static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
  return self;
}

void switch_stacks(void** save, void* load) {
  PortableContext here;
  *save = &here;
  CHECK(swapcontext(&here.context, &static_cast<PortableContext*>(load)->context) == 0);
}

}  // namespace

#endif

void FiberContext::adopt_caller() {
#ifdef VARVE_TSAN
  tsan_fiber_ = __tsan_get_current_fiber();
#endif
}

void FiberContext::start(void (*entry)(void*), void* argument) {
  CHECK(stack_.bottom == nullptr);
  stack_ = stack_pool.take();
  entry_ = entry;
  argument_ = argument;
  asan_bottom_ = stack_.bottom;
  asan_size_ = stack_.size_bytes;
  tsan_fiber_ = stack_.tsan_fiber;
  stack_pointer_ = prepare_stack(stack_, &FiberContext::enter, this);
}

void FiberContext::enter(void* context) {
  auto* self = static_cast<FiberContext*>(context);
  self->resumed();
  self->entry_(self->argument_);
  check_failed(__FILE__, __LINE__, "a fiber's entry ends in finish()");
}

void FiberContext::leave_for(FiberContext* to, bool ends) {
  to->resumed_from_ = this;
#ifdef VARVE_ASAN
  __sanitizer_start_switch_fiber(ends ? nullptr : &asan_fake_stack_, to->asan_bottom_, to->asan_size_);
#endif
#ifdef VARVE_TSAN
  __tsan_switch_to_fiber(to->tsan_fiber_, 0);
#endif
  (void)ends;
  switch_stacks(&stack_pointer_, to->stack_pointer_);
}

void FiberContext::resumed() {
#ifdef VARVE_ASAN
  __sanitizer_finish_switch_fiber(asan_fake_stack_, &resumed_from_->asan_bottom_, &resumed_from_->asan_size_);
#endif
}

void FiberContext::switch_to(FiberContext* to) {
  leave_for(to, false);
  resumed();
}

void FiberContext::finish(FiberContext* to) {
  // Safe while still running on it: one real thread, and nothing takes a stack before the switch below.
  stack_pool.give(stack_);
  stack_ = FiberStack{};
  leave_for(to, true);
  check_failed(__FILE__, __LINE__, "a finished fiber is never resumed");
}

}  // namespace varve::io
