#include "base/io/process.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <initializer_list>

namespace varve::io {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

void on_interrupt(int signal) {
  if (interrupt_seen != 0) ::_exit(128 + signal);
  interrupt_seen = 1;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

const int kInterruptSignal = SIGINT;
const int kTerminateSignal = SIGTERM;

void turn_signals_into_errors() {
  set_handler(SIGPIPE, SIG_IGN);  // NOLINT: the macro casts
  set_handler(SIGXFSZ, SIG_IGN);  // NOLINT: the macro casts
}

void let_signals_end_process() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) {
    set_handler(signal, SIG_DFL);
    ::sigaddset(&signals, signal);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void note_interrupts() {
  set_handler(SIGINT, on_interrupt);
  set_handler(SIGTERM, on_interrupt);
}

bool interrupted() { return interrupt_seen != 0; }

void exit_now(int code) { ::_exit(code); }

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

unsigned processor_count() {
  cpu_set_t processors;
  if (::sched_getaffinity(0, sizeof(processors), &processors) != 0) return 1;  // more than a cpu_set_t has
  return static_cast<unsigned>(std::max(CPU_COUNT(&processors), 1));
}

bool standard_error_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace varve::io
