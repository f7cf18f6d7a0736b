// run_command: one run of another program, fed from memory, its output taken or passed through, ended when it takes too long.
//
// The program finds `input` on its standard input and need not read it. Its standard error is ours; its standard output too, unless
// it is taken. It runs in a process group of its own, so that a Ctrl-C meant for us does not end it in the middle, and is killed with
// us if we die. Its signals are as a shell would set them.
//
// Whatever it does costs no more memory than the limits say: output beyond them is read and dropped. Programs that it leaves
// behind in the background are not waited for.
//
// Threads: any, but the program dies with the thread that runs it. Errors: kNotFound and kInvalidArgument when the program cannot be
// executed (no such file; not executable); kIoError and kResourceExhausted when the kernel refuses a process or a pipe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::io {

struct CommandLimits {
  bool take_output = false;
  uint64_t output_bytes = 1u << 20;  // of what is taken
  uint64_t timeout_ns = UINT64_MAX;  // after which the program and its process group are killed
};

struct CommandEnd {
  int exit_code = 0;  // 128 + the signal for one that a signal ended
  bool timed_out = false;
  std::string output;
  bool output_too_long = false;  // there was more than `output` has

  bool succeeded() const { return exit_code == 0 && !timed_out; }
  // "exit status 3", "signal 9", for people.
  std::string describe() const;
};

// command[0]: a path, or a name that is looked for in PATH.
Result<CommandEnd> run_command(const std::vector<std::string>& command, Slice input,
                               const CommandLimits& limits);

}  // namespace varve::io
