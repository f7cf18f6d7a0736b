#include "bench/http/durable_echo.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/io/aligned_buffer.h"
#include "bench/http/durable_write.h"

namespace varve::bench {
namespace {

class Echo final : public io::ConnectionHandler {
 public:
  explicit Echo(io::File* file) : file_(file), block_(kControlBlockBytes) {
    std::fill_n(block_.data(), block_.size(), 'x');
  }

  // Requests are a head without a body, one at a time.
  void on_data(io::Connection* connection, Slice bytes) override {
    request_.append(bytes);
    if (!request_.ends_with("\r\n\r\n")) return;
    request_.clear();
    CHECK(file_->write_at_durable(at_, Slice(block_.data(), block_.size())).ok());
    at_ = (at_ + kControlBlockBytes) % kControlFileBytes;
    connection->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }

 private:
  io::File* const file_;
  io::AlignedBuffer block_;
  uint64_t at_ = 0;
  std::string request_;
};

}  // namespace

Result<std::unique_ptr<DurableEcho>> DurableEcho::start(const std::string& directory) {
  std::unique_ptr<DurableEcho> echo(new DurableEcho);
  VARVE_ASSIGN_OR_RETURN(echo->file_, make_control_file(directory + "/echo"));
  VARVE_ASSIGN_OR_RETURN(echo->reactor_, io::Reactor::create(io::ReactorKind::kAutomatic));
  VARVE_ASSIGN_OR_RETURN(const uint16_t port,
                         echo->reactor_->listen("127.0.0.1", 0, {}, [file = echo->file_.get()](auto*) {
                           return std::make_unique<Echo>(file);
                         }));
  echo->endpoint_ = {"127.0.0.1", port};
  echo->thread_ = io::Thread("echo", [reactor = echo->reactor_.get()] { CHECK(reactor->run().ok()); });
  return echo;
}

DurableEcho::~DurableEcho() {
  if (!thread_.joinable()) return;
  reactor_->request_stop();
  thread_.join();
}

}  // namespace varve::bench
