#include "base/io/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/io/clock.h"
#include "base/io/file_descriptor.h"

namespace varve::io {
namespace {

struct Pipe {
  FileDescriptor read, write;
};

Status make_pipe(Pipe* made) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Status::from_errno(errno, "pipe", "for a command");
  made->read = FileDescriptor(ends[0]);
  made->write = FileDescriptor(ends[1]);
  return {};
}

void set_nonblocking(const FileDescriptor& fd) { ::fcntl(fd.get(), F_SETFL, O_NONBLOCK); }

// Between fork and exec: only what is safe after a fork in a program with threads. Errors go through `failed` as an errno.
[[noreturn]] void become(char* const* arguments, int input, int output, int failed, pid_t parent) {
  ::setpgid(0, 0);
  // Ends with the thread that made it; the parent may have died before this took effect.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM}) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(input, STDIN_FILENO) >= 0 && (output < 0 || ::dup2(output, STDOUT_FILENO) >= 0)) {
    ::execvp(arguments[0], arguments);
  }
  const int error = errno;
  (void)!::write(failed, &error, sizeof(error));
  ::_exit(127);
}

Status status_of_exec(int error, const std::string& program) {
  if (error == ENOENT) return Status::not_found("no such command: " + program);
  if (error == EACCES || error == ENOEXEC || error == ENOTDIR || error == EISDIR) {
    return Status::invalid_argument("cannot be executed: " + program);
  }
  if (error == E2BIG) return Status::invalid_argument("arguments too long: " + program);
  return Status::from_errno(error, "execute", program);
}

// The running program: feeds and empties its pipes until it has ended.
class Child {
 public:
  Child(pid_t id, FileDescriptor input, FileDescriptor output, const CommandLimits& limits)
      : id_(id), input_(std::move(input)), output_(std::move(output)), limits_(limits) {
    if (input_.valid()) set_nonblocking(input_);
    if (output_.valid()) set_nonblocking(output_);
    ending_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
  }

  Status run(Slice input, CommandEnd* end) {
    const uint64_t begin_ns = monotonic_ns();
    if (input.empty()) input_.reset();
    while (true) {
      const uint64_t spent_ns = monotonic_ns() - begin_ns;
      if (spent_ns >= limits_.timeout_ns) {
        end->timed_out = true;
        ::kill(-id_, SIGKILL);
        return wait(end);
      }
      const uint64_t left_ms = (limits_.timeout_ns - spent_ns) / 1'000'000 + 1;
      std::array<pollfd, 3> watched{};
      watched[0] = {ending_.get(), POLLIN, 0};
      watched[1] = {input_.get(), POLLOUT, 0};  // those that are closed are -1, which poll skips
      watched[2] = {output_.get(), POLLIN, 0};
      // Without a descriptor for the process (an old kernel) its end is looked for now and then.
      const uint64_t longest_ms = ending_.valid() ? 60'000 : 20;
      if (::poll(watched.data(), watched.size(), static_cast<int>(std::min(left_ms, longest_ms))) < 0 &&
          errno != EINTR) {
        return Status::from_errno(errno, "poll", "a command");
      }
      if (watched[1].revents != 0) feed(&input);
      if (watched[2].revents != 0) take(end);
      if (ended(end)) return {};
    }
  }

  Status wait(CommandEnd* end) {
    int state = 0;
    while (::waitpid(id_, &state, 0) < 0) {
      if (errno != EINTR) return Status::from_errno(errno, "wait", "for a command");
    }
    finish(state, end);
    return {};
  }

 private:
  void feed(Slice* input) {
    const ssize_t count = ::write(input_.get(), input->data(), input->size());
    if (count > 0) input->remove_prefix(static_cast<size_t>(count));
    // A program that closes its input has read all it wants (EPIPE).
    const bool refused = count < 0 && errno != EAGAIN && errno != EINTR;
    if (refused || input->empty()) input_.reset();
  }

  void take(CommandEnd* end) {
    std::array<char, 64u << 10> buffer;
    while (output_.valid()) {
      const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) {
        output_.reset();
        return;
      }
      const auto bytes = static_cast<size_t>(count);
      const size_t room = limits_.output_bytes - end->output.size();
      end->output.append(buffer.data(), std::min(room, bytes));
      end->output_too_long |= bytes > room;
      // Others want their turn: the end of the program, the clock.
      if (bytes < buffer.size() || end->output_too_long) return;
    }
  }

  bool ended(CommandEnd* end) {
    int state = 0;
    if (::waitpid(id_, &state, WNOHANG) != id_) return false;
    finish(state, end);
    return true;
  }

  void finish(int state, CommandEnd* end) {
    // What it had written. Of what a background program of its own goes on writing, no more than fits.
    if (!end->output_too_long) take(end);
    end->exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  }

  const pid_t id_;
  FileDescriptor input_, output_;
  FileDescriptor ending_;
  const CommandLimits& limits_;
};

}  // namespace

std::string CommandEnd::describe() const {
  if (timed_out) return "it took too long and was killed";
  if (exit_code > 128) return "signal " + std::to_string(exit_code - 128);
  return "exit status " + std::to_string(exit_code);
}

Result<CommandEnd> run_command(const std::vector<std::string>& command, Slice input,
                               const CommandLimits& limits) {
  if (command.empty()) return Status::invalid_argument("no command");
  Pipe to, from, failure;
  VARVE_RETURN_IF_ERROR(make_pipe(&to));
  VARVE_RETURN_IF_ERROR(make_pipe(&failure));
  if (limits.take_output) VARVE_RETURN_IF_ERROR(make_pipe(&from));
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) return Status::from_errno(errno, "fork", command[0]);
  if (id == 0) become(arguments.data(), to.read.get(), from.write.get(), failure.write.get(), parent);
  to.read.reset();
  from.write.reset();
  failure.write.reset();
  ::setpgid(id, id);  // as the child does: whoever is first

  Child child(id, std::move(to.write), std::move(from.read), limits);
  CommandEnd end;
  int error = 0;
  ssize_t count = 0;
  while ((count = ::read(failure.read.get(), &error, sizeof(error))) < 0 && errno == EINTR) {
  }
  if (count == sizeof(error)) {
    VARVE_RETURN_IF_ERROR(child.wait(&end));
    return status_of_exec(error, command[0]);
  }
  VARVE_RETURN_IF_ERROR(child.run(input, &end));
  return end;
}

}  // namespace varve::io
