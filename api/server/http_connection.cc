#include "api/server/http_connection.h"

#include <utility>

#include "api/server/authentication.h"
#include "api/server/routes.h"
#include "base/check.h"
#include "base/io/clock.h"

namespace varve::api {
namespace {

// How much of a refused body is read and thrown away, and for how long, before the connection is ended all
// the same.
constexpr size_t kMaxDrainedBytes = 256u << 20;
constexpr uint64_t kDrainTimeoutNs = 30'000'000'000;

constexpr Slice kTooLargeType = "RequestEntityTooLargeException";
constexpr Slice kTooLargeMessage = "Request body exceeds the limit of 16777216 bytes";
constexpr Slice kOverloadType = "ServiceUnavailable";
constexpr Slice kOverloadMessage = "Too many request bodies are being received; try again";
constexpr Slice kInternalServerError = "com.amazonaws.dynamodb.v20120810#InternalServerError";

}  // namespace

HttpConnection::HttpConnection(Server* server, io::Connection* connection)
    : server_(server),
      connection_(connection),
      parser_(server->options_.max_body_bytes),
      phase_began_ns_(io::monotonic_ns()),
      pending_moved_ns_(phase_began_ns_) {}

bool HttpConnection::choked() const {
  return connection_->pending_bytes() > server_->options_.max_pending_bytes;
}

void HttpConnection::on_data(io::Connection*, Slice bytes) {
  switch (state_) {
    case State::kReading: {
      if (backlog_.empty()) return consume(bytes);
      const std::string all = std::exchange(backlog_, {}).append(bytes);
      return consume(all);
    }
    case State::kAnswering:
      backlog_.append(bytes);
      return;
    case State::kDraining:
      drained_bytes_ += bytes.size();
      if (drained_bytes_ > kMaxDrainedBytes) finish();
      return;
    case State::kClosing:
      return;
  }
}

void HttpConnection::on_end(io::Connection*) {
  peer_ended_ = true;
  if (state_ == State::kDraining) return finish();
  // Requests that are complete are answered; half of one never will be.
  if (state_ == State::kReading && backlog_.empty()) finish();
}

void HttpConnection::on_drained(io::Connection*) {
  if (state_ == State::kReading) consume(std::exchange(backlog_, {}));
}

void HttpConnection::on_close(io::Connection*, const Status&) {
  drop_body();
  server_->removed(connection_->id());
}

// Takes requests from the input until it is used up or one must be waited for; the rest becomes the backlog.
void HttpConnection::consume(Slice input) {
  while (state_ == State::kReading && !choked() && take_request(&input)) {
  }
  if (state_ == State::kReading || state_ == State::kAnswering) {
    backlog_.assign(input);
    const bool wait = state_ == State::kAnswering || choked();
    wait ? connection_->pause_reading() : connection_->resume_reading();
    if (peer_ended_ && !wait) finish();
  }
  enter_phase();
}

// True when a request was taken and answered, so that the next may follow.
bool HttpConnection::take_request(Slice* input) {
  input->remove_prefix(parser_.feed(*input));
  if (parser_.failed()) {
    refuse_malformed();
    return false;
  }
  const size_t before = std::exchange(accounted_body_bytes_, parser_.body().size());
  if (!server_->account_body(before, accounted_body_bytes_)) {
    ++server_->counters_.body_overload;
    refuse(503, kOverloadType, kOverloadMessage, State::kDraining);
    return false;
  }
  if (parser_.expects_continue() && !continue_sent_) {
    continue_sent_ = true;
    connection_->send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!parser_.complete()) return false;
  start_request();
  return state_ == State::kReading;
}

void HttpConnection::start_request() {
  ++server_->counters_.requests;
  HttpResponse response;
  switch (route_of(parser_)) {
    case Route::kOperation:
      return start_operation();
    case Route::kHealth:
      response = health_response(server_->options_.region);
      break;
    case Route::kPreflight:
      response = preflight_response(parser_);
      break;
    case Route::kUnknown:
      response = unknown_response(parser_);
      break;
  }
  response.extra_fields += cors_fields(parser_);
  answer(std::move(response), parser_.keep_alive());
  end_request();
}

void HttpConnection::start_operation() {
  state_ = State::kAnswering;
  answer_began_ns_ = io::monotonic_ns();
  const Slice target = parser_.field("x-amz-target").value_or(Slice());
  Slice body = parser_.body();
  if (!decode_operation(&body) || !authenticate_operation(target, body)) return;
  const ContentCoding offered = offered_coding(parser_.field("accept-encoding").value_or(Slice()));
  OperationAnswer answer;
  if (server_->dispatch(connection_->id(), target, body, offered, &answer))
    answer_operation(std::move(answer));
}

// False when the operation has been refused. The decoded body counts among the server's buffered bodies.
bool HttpConnection::decode_operation(Slice* body) {
  const auto coding = parse_content_coding(parser_.field("content-encoding").value_or(Slice()));
  if (body->empty() || coding == ContentCoding::kIdentity) return true;
  if (!coding) {
    refuse_operation(415, "UnsupportedMediaTypeException", "Content-Encoding is neither gzip nor deflate");
    return false;
  }
  switch (decode_body(*coding, *body, server_->options_.max_body_bytes, &decoded_body_)) {
    case DecodeError::kNone:
      break;
    case DecodeError::kDamaged:
      refuse_operation(500, kInternalServerError,
                       "The request body is damaged: its Content-Encoding does not decode");
      return false;
    case DecodeError::kTooLarge:
      refuse_operation(413, kTooLargeType, kTooLargeMessage);
      return false;
  }
  parser_.drop_body();
  *body = decoded_body_;
  const size_t before = std::exchange(accounted_body_bytes_, decoded_body_.size());
  if (server_->account_body(before, accounted_body_bytes_)) return true;
  ++server_->counters_.body_overload;
  refuse_operation(503, kOverloadType, kOverloadMessage);
  return false;
}

// False when the operation has been refused.
bool HttpConnection::authenticate_operation(Slice target, Slice body) {
  const auto refusal = check_authentication(parser_);
  if (!refusal) return true;
  if (server_->options_.refuse_unsigned_first) {
    if (auto first = server_->options_.refuse_unsigned_first(target, body)) {
      answer_operation({*std::move(first)});
      return false;
    }
  }
  refuse_operation(400, refusal->type, refusal->message);
  return false;
}

// Unlike refuse(): the request was framed well, so the connection goes on.
void HttpConnection::refuse_operation(int status, Slice type, Slice message) {
  const size_t hash = type.rfind('#');
  const Slice name = hash == Slice::npos ? type : type.substr(hash + 1);
  answer_operation({{status, service_error_body(type, message), std::string(name)}});
}

void HttpConnection::deliver(OperationAnswer answer) {
  CHECK(state_ == State::kAnswering);
  answer_operation(std::move(answer));
  consume(std::exchange(backlog_, {}));
}

void HttpConnection::answer_operation(OperationAnswer operation_answer) {
  dynamo::Response& response = operation_answer.response;
  if (server_->options_.on_request && (server_->options_.report_all || response.status >= 500)) {
    RequestEvent event;
    event.peer = connection_->peer();
    event.target = parser_.field("x-amz-target").value_or(Slice());
    event.status = response.status;
    event.error_type = response.error_type;
    event.request_bytes = accounted_body_bytes_;
    event.response_bytes = response.body.size();
    event.duration_ns = io::monotonic_ns() - answer_began_ns_;
    server_->options_.on_request(event);
  }
  HttpResponse http;
  http.status = response.status;
  http.content_type = answer_content_type(parser_);
  http.body = std::move(response.body);
  http.coding = operation_answer.coding;
  http.extra_fields = cors_fields(parser_);
  answer(std::move(http), parser_.keep_alive());
  end_request();
}

void HttpConnection::refuse_malformed() {
  ++server_->counters_.malformed;
  const HttpError error = parser_.error();
  if (error == HttpError::kBodyTooLarge) {
    refuse(http_status(error), kTooLargeType, kTooLargeMessage, State::kDraining);
  } else {
    refuse(http_status(error), "MalformedHttpRequestException", http_error_text(error), State::kClosing);
  }
}

void HttpConnection::refuse(int status, Slice type, Slice message, State after) {
  HttpResponse response;
  response.status = status;
  response.content_type = kAmzJson10;
  response.body = service_error_body(type, message);
  if (parser_.head_complete()) response.extra_fields = cors_fields(parser_);
  drop_body();
  backlog_.clear();
  answer(std::move(response), false);
  if (after == State::kDraining && !peer_ended_) {
    state_ = State::kDraining;
    phase_began_ns_ = io::monotonic_ns();
    connection_->resume_reading();
  } else {
    finish();
  }
}

// Queues the answer. Without keep_alive the caller's end_request() or finish() ends the connection.
void HttpConnection::answer(HttpResponse response, bool keep_alive) {
  keep_alive = keep_alive && !server_->stopping_;
  const int minor_version = parser_.head_complete() ? parser_.minor_version() : 1;
  connection_->send(server_->writer_.head(response, keep_alive, minor_version));
  if (!response.omit_body) connection_->send(std::move(response.body));
}

void HttpConnection::end_request() {
  const bool keep_alive = parser_.keep_alive() && !server_->stopping_;
  if (!keep_alive) {
    drop_body();
    return finish();
  }
  server_->account_body(std::exchange(accounted_body_bytes_, 0), 0);
  std::string().swap(decoded_body_);
  parser_.next();
  continue_sent_ = false;
  phase_ = Phase::kIdle;
  state_ = State::kReading;
}

void HttpConnection::drop_body() {
  server_->account_body(std::exchange(accounted_body_bytes_, 0), 0);
  parser_.drop_body();
  std::string().swap(decoded_body_);
}

void HttpConnection::finish() {
  state_ = State::kClosing;
  backlog_.clear();
  connection_->close_after_flush();
}

void HttpConnection::enter_phase() {
  if (state_ != State::kReading) return;
  Phase phase = Phase::kIdle;
  if (parser_.started()) phase = parser_.head_complete() ? Phase::kBody : Phase::kHead;
  // A request that follows another starts its own clock: kIdle lies between them, or answering does.
  if (phase == phase_ && phase != Phase::kIdle) return;
  phase_ = phase;
  phase_began_ns_ = io::monotonic_ns();
}

void HttpConnection::enforce_timeouts(uint64_t now_ns) {
  const size_t pending = connection_->pending_bytes();
  if (pending == 0 || pending < pending_seen_) pending_moved_ns_ = now_ns;
  pending_seen_ = pending;
  if (now_ns - pending_moved_ns_ > server_->options_.idle_timeout_ns) {
    ++server_->counters_.timeouts;
    return connection_->close();
  }
  if (state_ == State::kDraining && now_ns - phase_began_ns_ > kDrainTimeoutNs) return finish();
  if (state_ == State::kReading && pending == 0) enforce_read_timeouts(now_ns);
}

void HttpConnection::enforce_read_timeouts(uint64_t now_ns) {
  const ServerOptions& options = server_->options_;
  const uint64_t elapsed = now_ns < phase_began_ns_ ? 0 : now_ns - phase_began_ns_;
  uint64_t allowed = options.idle_timeout_ns;
  if (phase_ == Phase::kHead) allowed = options.header_timeout_ns;
  if (phase_ == Phase::kBody) {
    allowed =
        options.body_grace_ns + parser_.body_wire_bytes() * 1'000'000'000 / options.min_body_bytes_per_s;
  }
  if (elapsed <= allowed) return;
  ++server_->counters_.timeouts;
  if (phase_ == Phase::kIdle) return finish();
  refuse(408, "RequestTimeoutException", "The request did not arrive in time", State::kClosing);
}

void HttpConnection::stop() {
  if (state_ == State::kReading && !parser_.started() && backlog_.empty()) {
    state_ = State::kClosing;
    connection_->pending_bytes() == 0 ? connection_->close() : connection_->close_after_flush();
  } else if (state_ == State::kDraining) {
    finish();
  }
}

}  // namespace varve::api
