#include "base/io/thread.h"

#include <pthread.h>

#include <csignal>
#include <utility>

#include "base/check.h"
#include "base/io/scheduler.h"

namespace varve::io {

namespace {

constexpr size_t kNameBytes = 15;  // TASK_COMM_LEN without its terminator

// Signals of the process (SIGTERM, SIGCHLD, an embedder's own) are for the embedder's threads, so ours are
// born with them blocked. Faults of the thread itself and profilers' ticks stay open.
sigset_t process_signals() {
  sigset_t set;
  sigfillset(&set);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGPROF})
    sigdelset(&set, signal);
  return set;
}

}  // namespace

Thread::Thread(std::string name, std::function<void()> body) {
  if (Scheduler* scheduler = current_scheduler()) {
    fiber_ = scheduler->spawn(std::move(name), std::move(body));
    CHECK(fiber_ != 0);
    return;
  }
  const sigset_t blocked = process_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  thread_ = std::thread([name = name.substr(0, kNameBytes), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Thread::~Thread() {
  if (joinable()) join();
}

Thread::Thread(Thread&& other) noexcept
    : thread_(std::move(other.thread_)), fiber_(std::exchange(other.fiber_, 0)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  if (this != &other) {
    if (joinable()) join();
    thread_ = std::move(other.thread_);
    fiber_ = std::exchange(other.fiber_, 0);
  }
  return *this;
}

bool Thread::joinable() const { return fiber_ != 0 || thread_.joinable(); }

void Thread::join() {
  if (fiber_ != 0) {
    Scheduler* scheduler = current_scheduler();
    CHECK(scheduler != nullptr);
    return scheduler->join(std::exchange(fiber_, 0));
  }
  thread_.join();
}

void spin_pause() {
  if (Scheduler* scheduler = current_scheduler()) return scheduler->yield("spin");
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace varve::io
