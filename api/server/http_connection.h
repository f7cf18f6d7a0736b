// HttpConnection: one client's side of the Server: bytes in, requests out, answers back in order.
//
//   reading --request complete--> answering --answer queued--> reading
//      |                                         `--"Connection: close", server stopping--> closing
//      |--refused--> closing
//      `--body too large--> draining --peer done, or too much, or too long--> closing
//
// Draining reads on and throws away, because most clients look for an answer only after they have sent
// everything. While answering, reading is paused; bytes that had already arrived wait in backlog_. An
// operation's answer may be known at once, which is a loop here and never a recursion.
//
// Threads: the reactor's. Ownership: the reactor owns it through the Connection; the Server borrows it until
// on_close.
#pragma once

#include <cstdint>
#include <string>

#include "api/server/server.h"

namespace varve::api {

class HttpConnection final : public io::ConnectionHandler {
 public:
  HttpConnection(Server* server, io::Connection* connection);

  void on_data(io::Connection* connection, Slice bytes) override;
  void on_end(io::Connection* connection) override;
  void on_drained(io::Connection* connection) override;
  void on_close(io::Connection* connection, const Status& status) override;

  // The answer to the operation under way.
  void deliver(OperationAnswer answer);
  // Ends the connection when it has outstayed a timeout; `now_ns` is monotonic.
  void enforce_timeouts(uint64_t now_ns);
  // The server stops: ends now when nothing is under way, else after the answer.
  void stop();

 private:
  enum class State : uint8_t { kReading, kAnswering, kDraining, kClosing };
  enum class Phase : uint8_t { kIdle, kHead, kBody };

  void consume(Slice input);
  bool take_request(Slice* input);
  void start_request();
  void start_operation();
  bool decode_operation(Slice* body);
  bool authenticate_operation(Slice target, Slice body);
  void refuse_operation(int status, Slice type, Slice message);
  void answer_operation(OperationAnswer answer);
  void refuse_malformed();
  void refuse(int status, Slice type, Slice message, State after);
  void answer(HttpResponse response, bool keep_alive);
  void end_request();
  void drop_body();
  void finish();
  void enter_phase();
  void enforce_read_timeouts(uint64_t now_ns);
  bool choked() const;

  Server* const server_;
  io::Connection* const connection_;
  HttpParser parser_;
  State state_ = State::kReading;
  bool continue_sent_ = false;
  bool peer_ended_ = false;
  std::string backlog_;              // arrived while answering
  std::string decoded_body_;         // of the request under way, when it came encoded
  size_t accounted_body_bytes_ = 0;  // our share of the server's buffered bodies
  size_t drained_bytes_ = 0;

  Phase phase_ = Phase::kIdle;
  uint64_t phase_began_ns_;
  uint64_t answer_began_ns_ = 0;
  size_t pending_seen_ = 0;    // unread by the client at the last sweep
  uint64_t pending_moved_ns_;  // when that last grew less
};

}  // namespace varve::api
