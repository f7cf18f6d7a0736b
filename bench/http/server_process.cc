#include "bench/http/server_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/io/clock.h"
#include "base/io/reactor.h"
#include "base/io/tcp_client.h"

namespace varve::bench {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr int kReadyAttempts = 600;  // of 50 ms: Python takes its time
constexpr int kEndAttempts = 100;    // of 50 ms

// In the child.
[[noreturn]] void become(const std::vector<std::string>& command, const std::string& log_path) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const std::vector<std::string>& command,
                                                            const api::Endpoint& endpoint,
                                                            const std::string& log_path) {
  const pid_t child = ::fork();
  if (child < 0) return Status::from_errno(errno, "fork", command[0]);
  if (child == 0) become(command, log_path);
  std::unique_ptr<ServerProcess> server(new ServerProcess(child, endpoint));
  VARVE_RETURN_IF_ERROR(server->wait_until_ready(log_path));
  return server;
}

Status ServerProcess::wait_until_ready(const std::string& log_path) {
  for (int i = 0; i < kReadyAttempts; ++i) {
    if (io::TcpClient::connect(endpoint_.host, endpoint_.port, 1000 * kMs).ok()) return {};
    int status = 0;
    if (::waitpid(process_id_, &status, WNOHANG) == process_id_) {
      ended_ = true;
      return Status::io_error("the server ended at once; see " + log_path);
    }
    io::sleep_ns(50 * kMs);
  }
  return Status::io_error("the server does not answer; see " + log_path);
}

ServerProcess::~ServerProcess() {
  if (ended_) return;
  int status = 0;
  ::kill(process_id_, SIGTERM);
  for (int i = 0; i < kEndAttempts; ++i) {
    if (::waitpid(process_id_, &status, WNOHANG) == process_id_) return;
    io::sleep_ns(50 * kMs);
  }
  ::kill(process_id_, SIGKILL);
  ::waitpid(process_id_, &status, 0);
}

double ServerProcess::cpu_seconds() const {
  std::ifstream in("/proc/" + std::to_string(process_id_) + "/stat");
  std::string line;
  std::getline(in, line);
  // The second field, a name in parentheses, may hold spaces; utime and stime are the 12th and 13th behind it.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  unsigned long user = 0, system = 0;
  if (std::sscanf(line.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                  &system) != 2)
    return 0;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Result<uint16_t> free_port() {
  VARVE_ASSIGN_OR_RETURN(const auto reactor, io::Reactor::create(io::ReactorKind::kEpoll));
  return reactor->listen("127.0.0.1", 0, {}, [](io::Connection*) { return nullptr; });
}

}  // namespace varve::bench
