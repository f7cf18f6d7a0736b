// What a program asks of the operating system about itself, beside files and sockets. For main functions; no room
// below api needs it.
//
// Threads: any, except those about signals, which main calls from its first thread.
#pragma once

namespace varve::io {

// SIGINT and SIGTERM, for Reactor::on_signal.
extern const int kInterruptSignal;
extern const int kTerminateSignal;

// A closed socket (SIGPIPE) or a file-size limit (SIGXFSZ) becomes an error of the call instead of the end of the
// process.
void turn_signals_into_errors();

// From now on SIGINT and SIGTERM only set a flag; a second one ends the process at once with 128 + its number.
void note_interrupts();
bool interrupted();
// From now on SIGINT and SIGTERM end the process at once: for what follows a Reactor that had them.
void let_signals_end_process();

// Ends the process without destructors, flushes or atexit handlers.
[[noreturn]] void exit_now(int code);

// Lifts the soft limit on open files to the hard one; a refusal leaves it as it was.
void raise_open_file_limit();

// Processors that this process may run on (its affinity), at least 1.
unsigned processor_count();

// Whether standard error is a terminal, so that a progress line may rewrite itself.
bool standard_error_is_terminal();

}  // namespace varve::io
