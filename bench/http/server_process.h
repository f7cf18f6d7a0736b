// ServerProcess: one server under test, started in a process of its own and ended with this object (or with this
// process, should it die).
//
// Threads: one. Errors: kIoError when the program cannot be started, ends at once, or does not answer in time; what it
// printed is in its log file, which the error names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/cli/http_client.h"
#include "base/result.h"

namespace varve::bench {

class ServerProcess {
 public:
  // Starts command[0] (looked up in PATH) and waits until `endpoint` takes connections.
  static Result<std::unique_ptr<ServerProcess>> start(const std::vector<std::string>& command,
                                                      const api::Endpoint& endpoint,
                                                      const std::string& log_path);
  // Asks it to end, waits a little, then kills it.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const api::Endpoint& endpoint() const { return endpoint_; }
  int process_id() const { return process_id_; }
  // Processor time that it has used so far, all its threads together; 0 when unknown.
  double cpu_seconds() const;

 private:
  ServerProcess(int process_id, api::Endpoint endpoint)
      : process_id_(process_id), endpoint_(std::move(endpoint)) {}
  Status wait_until_ready(const std::string& log_path);

  const int process_id_;
  const api::Endpoint endpoint_;
  bool ended_ = false;
};

// A port of 127.0.0.1 that was free a moment ago.
Result<uint16_t> free_port();

}  // namespace varve::bench
