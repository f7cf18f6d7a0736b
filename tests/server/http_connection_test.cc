// The connection's state machine and the server's bookkeeping, on a reactor that the test turns by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "api/server/server.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "tests/server/fake_reactor.h"
#include "tests/server/signed_request.h"

namespace varve::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

size_t count(const std::string& text, Slice what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::string field(const std::string& response, const std::string& name) {
  const size_t at = response.find(name + ": ");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 2;
  return response.substr(begin, response.find("\r\n", begin) - begin);
}

// Answers "<target>:<body>" at once, or keeps the Done for later.
class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(
        &reactor_, std::move(options), [this](Slice target, Slice body, Server::Done done) {
          dynamo::Response response{status_, std::string(target) + ":" + std::string(body), {}};
          if (hold_) {
            held_.emplace_back([done = std::move(done), response] { done(response); });
          } else {
            done(std::move(response));
          }
        });
    ASSERT_TRUE(server_->listen("localhost", 1).ok());
  }
  void release_all() {
    for (auto& answer : std::exchange(held_, {})) answer();
  }

  FakeReactor reactor_;
  bool hold_ = false;
  int status_ = 200;
  std::vector<std::function<void()>> held_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, OperationIsAnsweredWithTheProtocolsFields) {
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("{}"));
  EXPECT_THAT(client->sent, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client->sent, HasSubstr("\r\n\r\nT.Op:{}"));
  EXPECT_EQ(field(client->sent, "Content-Length"), "7");
  EXPECT_EQ(field(client->sent, "Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(field(client->sent, "Server"), "Server");
  EXPECT_THAT(field(client->sent, "Date"), ::testing::MatchesRegex("..., .. ... .... ..:..:.. GMT"));
  EXPECT_THAT(field(client->sent, "x-amzn-RequestId"), ::testing::MatchesRegex("[0-9A-Z]+"));
  EXPECT_EQ(field(client->sent, "x-amzn-RequestId").size(), 52u);
  EXPECT_EQ(field(client->sent, "x-amz-crc32"),
            std::to_string(crc32(0, reinterpret_cast<const Bytef*>("T.Op:{}"), 7)));
  EXPECT_FALSE(client->closing);
  EXPECT_FALSE(client->paused);
}

TEST_F(ServerTest, PipelinedOperationsAreAnsweredInOrderOneAtATime) {
  hold_ = true;
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("1") + operation("2") + operation("3"));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(held_.size(), 1u);
    EXPECT_TRUE(client->paused);
    EXPECT_THAT(client->sent, Not(HasSubstr("T.Op:" + std::to_string(i))));
    release_all();
    reactor_.run_posted();
    EXPECT_THAT(client->sent, HasSubstr("T.Op:" + std::to_string(i)));
  }
  EXPECT_FALSE(client->paused);
  EXPECT_EQ(count(client->sent, "HTTP/1.1 200 OK"), 3u);
}

TEST_F(ServerTest, ManyPipelinedInlineAnswersNeedNoRecursion) {
  start();
  FakeConnection* client = reactor_.connect();
  std::string input;
  for (int i = 0; i < 20'000; ++i) input += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  reactor_.receive(client, input);
  EXPECT_EQ(count(client->sent, "healthy: dynamodb.us-east-1.amazonaws.com "), 20'000u);
}

TEST_F(ServerTest, OneConnectionHasTheServerToItselfUntilAnotherAsks) {
  LoneClient lone_client;
  ServerOptions options;
  options.lone_client = &lone_client;
  start(std::move(options));
  FakeConnection* first = reactor_.connect();
  FakeConnection* second = reactor_.connect();
  reactor_.receive(second, operation("{}"));
  for (uint32_t i = 0; i < LoneClient::kAloneRequests; ++i) {
    reactor_.receive(first, operation("{}"));
    EXPECT_FALSE(lone_client.alone()) << i;
  }
  reactor_.receive(first, operation("{}"));
  EXPECT_TRUE(lone_client.alone());
  reactor_.receive(second, operation("{}"));
  EXPECT_FALSE(lone_client.alone());
}

TEST_F(ServerTest, AnswersFromAnotherThreadComeThroughTheLoop) {
  hold_ = true;
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("x"));
  {
    io::Thread thread("answer", [this] { release_all(); });
  }
  EXPECT_EQ(client->sent, "");
  EXPECT_EQ(reactor_.run_posted(), 1u);
  EXPECT_THAT(client->sent, HasSubstr("T.Op:x"));
}

TEST_F(ServerTest, AnswerToAConnectionThatDiedIsDropped) {
  hold_ = true;
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("x"));
  reactor_.disconnect(client);
  release_all();
  reactor_.run_posted();
  EXPECT_EQ(server_->counters().orphaned_answers, 1u);
  EXPECT_EQ(server_->connection_count(), 0u);
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
}

TEST_F(ServerTest, DestructorWaitsForTheLastAnswer) {
  hold_ = true;
  start();
  reactor_.receive(reactor_.connect(), operation("x"));
  bool answered = false;
  io::Thread late("late", [this, &answered] {
    answered = true;
    release_all();
  });
  server_.reset();
  EXPECT_TRUE(answered);
}

TEST_F(ServerTest, RoutesFollowTheSpecification) {
  start();
  const auto ask = [this](const std::string& request) {
    FakeConnection* client = reactor_.connect();
    reactor_.receive(client, request);
    const std::string sent = client->sent;
    reactor_.disconnect(client);
    return sent;
  };
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
              HasSubstr("\r\n\r\nhealthy: dynamodb.us-east-1.amazonaws.com "));
  EXPECT_THAT(ask("GET /any HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  const std::string unknown = ask("PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(unknown, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(unknown, HasSubstr("\r\n\r\n<UnknownOperationException/>\n"));
  EXPECT_EQ(field(unknown, "Content-Length"), "29");
  EXPECT_THAT(ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), ::testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"),
              StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask("POST /x HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 404"));
  const std::string sign(kSignatureFields);
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: a\r\n" + sign + "\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask("POST http://a/?x HTTP/1.1\r\nHost: a\r\n" + sign + "\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(field(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: Application/JSON; "
                      "charset=utf-8\r\n" +
                      sign +
                      "Content-Length: "
                      "1\r\n\r\nx"),
                  "Content-Type"),
            "application/json");
}

TEST_F(ServerTest, BrowsersGetTheirCorsFields) {
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(
      client,
      "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nAccess-Control-Request-Headers: x-a\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_THAT(client->sent, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(field(client->sent, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(field(client->sent, "Access-Control-Allow-Headers"), "x-a");
  EXPECT_EQ(field(client->sent, "Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(field(client->sent, "Access-Control-Max-Age"), "172800");
  client->sent.clear();
  reactor_.receive(client, operation("{}", "Origin: http://b\r\n"));
  EXPECT_EQ(field(client->sent, "Access-Control-Allow-Origin"), "*");
  client->sent.clear();
  reactor_.receive(client, "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client->sent, StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(field(client->sent, "Access-Control-Allow-Origin"), "");
}

TEST_F(ServerTest, BrowsersMayReadEveryAnswerEvenARefusal) {
  start();
  for (const std::string& request :
       {std::string("GET / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n"),
        std::string("PUT / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n"),
        unsigned_operation("{}", "Origin: b\r\n"), operation("z", "Origin: b\r\nContent-Encoding: gzip\r\n"),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nContent-Length: 17000000\r\n\r\n")}) {
    FakeConnection* client = reactor_.connect();
    reactor_.receive(client, request);
    EXPECT_EQ(count(client->sent, "Access-Control-Allow-Origin: *\r\n"), 1u) << client->sent;
  }
}

TEST_F(ServerTest, ConnectionEndsWhenTheClientAsksOrSpeaksHttp10) {
  start();
  FakeConnection* modern = reactor_.connect();
  reactor_.receive(modern, operation("{}", "Connection: close\r\n") + operation("never"));
  EXPECT_TRUE(modern->closing);
  EXPECT_EQ(field(modern->sent, "Connection"), "close");
  EXPECT_THAT(modern->sent, Not(HasSubstr("never")));
  FakeConnection* old = reactor_.connect();
  reactor_.receive(old, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old->closing);
  FakeConnection* kept = reactor_.connect();
  reactor_.receive(kept, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(kept->closing);
  EXPECT_EQ(field(kept->sent, "Connection"), "keep-alive");
}

TEST_F(ServerTest, ContinueIsSentOnceBeforeTheBody) {
  start();
  FakeConnection* client = reactor_.connect();
  const std::string request = operation("{}", "Expect: 100-continue\r\n");
  reactor_.receive(client, Slice(request).substr(0, request.size() - 2));
  EXPECT_EQ(client->sent, "HTTP/1.1 100 Continue\r\n\r\n");
  reactor_.receive(client, "{");
  reactor_.receive(client, "}");
  EXPECT_EQ(count(client->sent, "100 Continue"), 1u);
  EXPECT_THAT(client->sent, HasSubstr("T.Op:{}"));
}

TEST_F(ServerTest, MalformedRequestIsAnsweredAndTheConnectionEnds) {
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("1") + "GET /\n\n" + operation("2"));
  EXPECT_THAT(client->sent, HasSubstr("T.Op:1"));
  EXPECT_THAT(client->sent, HasSubstr("HTTP/1.1 400 Bad Request"));
  EXPECT_THAT(client->sent, HasSubstr("malformed request line"));
  EXPECT_THAT(client->sent, Not(HasSubstr("T.Op:2")));
  EXPECT_TRUE(client->closing);
  EXPECT_EQ(server_->counters().malformed, 1u);
}

TEST_F(ServerTest, TooLargeABodyIsAnswered413AndDrainedUntilTheClientIsDone) {
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 17000000\r\n\r\n");
  EXPECT_THAT(client->sent, StartsWith("HTTP/1.1 413 "));
  EXPECT_FALSE(client->closing);
  EXPECT_FALSE(client->paused);
  const std::string megabyte(1u << 20, 'x');
  for (int i = 0; i < 17; ++i) reactor_.receive(client, megabyte);
  EXPECT_FALSE(client->closing);
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
  reactor_.end(client);
  EXPECT_TRUE(client->closing);
}

TEST_F(ServerTest, DrainingIsBounded) {
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 17000000\r\n\r\n");
  const std::string megabyte(1u << 20, 'x');
  for (int i = 0; i < 300 && !client->closing; ++i) reactor_.receive(client, megabyte);
  EXPECT_TRUE(client->closing);
}

TEST_F(ServerTest, BodiesOfAllConnectionsTogetherAreBounded) {
  ServerOptions options;
  options.max_buffered_body_bytes = 1000;
  start(options);
  FakeConnection* first = reactor_.connect();
  FakeConnection* second = reactor_.connect();
  const std::string request = operation(std::string(800, 'x'));
  const Slice partly = Slice(request).substr(0, request.size() - 1);
  reactor_.receive(first, partly);
  reactor_.receive(second, partly);
  EXPECT_THAT(second->sent, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(server_->counters().body_overload, 1u);
  reactor_.receive(first, "x");
  EXPECT_THAT(first->sent, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
}

TEST_F(ServerTest, ClientThatDoesNotReadIsNotReadFrom) {
  ServerOptions options;
  options.max_pending_bytes = 1000;
  start(options);
  FakeConnection* client = reactor_.connect();
  client->stuck_bytes = 1001;
  reactor_.receive(client, operation("1") + operation("2"));
  EXPECT_EQ(client->sent, "");
  EXPECT_TRUE(client->paused);
  client->stuck_bytes = 0;
  reactor_.drained(client);
  EXPECT_FALSE(client->paused);
  EXPECT_EQ(count(client->sent, "200 OK"), 2u);
}

TEST_F(ServerTest, HalfClosedClientGetsTheAnswersOfItsCompleteRequests) {
  hold_ = true;
  start();
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("1") + operation("2") + "POST / HTTP");
  reactor_.end(client);
  EXPECT_FALSE(client->closing);
  release_all();
  reactor_.run_posted();
  EXPECT_FALSE(client->closing);
  release_all();
  reactor_.run_posted();
  EXPECT_EQ(count(client->sent, "200 OK"), 2u);
  EXPECT_TRUE(client->closing);
}

TEST_F(ServerTest, TruncatedRequestEndsQuietly) {
  start();
  FakeConnection* client = reactor_.connect();
  const std::string request = operation("{\"a\":1}");
  reactor_.receive(client, Slice(request).substr(0, request.size() - 3));
  reactor_.end(client);
  EXPECT_TRUE(client->closing);
  EXPECT_EQ(client->sent, "");
  EXPECT_EQ(server_->counters().requests, 0u);
}

TEST_F(ServerTest, SlowHeadsSlowBodiesAndIdleConnectionsTimeOut) {
  ServerOptions options;
  options.header_timeout_ns = options.body_grace_ns = options.idle_timeout_ns = 0;
  options.min_body_bytes_per_s = 1'000'000'000;  // 1 ns a byte
  start(options);
  FakeConnection* idle = reactor_.connect();
  FakeConnection* head = reactor_.connect();
  FakeConnection* body = reactor_.connect();
  reactor_.receive(head, "POST / HT");
  reactor_.receive(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  io::sleep_ns(1000);
  reactor_.fire_timers();
  EXPECT_TRUE(idle->closing);
  EXPECT_EQ(idle->sent, "");
  EXPECT_THAT(head->sent, StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(head->closing);
  EXPECT_THAT(body->sent, StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(body->closing);
  EXPECT_EQ(server_->counters().timeouts, 3u);
}

TEST_F(ServerTest, OperationUnderWayDoesNotTimeOut) {
  hold_ = true;
  ServerOptions options;
  options.header_timeout_ns = options.body_grace_ns = options.idle_timeout_ns = 0;
  start(options);
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("x"));
  io::sleep_ns(1000);
  reactor_.fire_timers();
  EXPECT_FALSE(client->closing || client->closed);
  release_all();
  reactor_.run_posted();
  EXPECT_THAT(client->sent, HasSubstr("T.Op:x"));
}

TEST_F(ServerTest, ConnectionsAreLimited) {
  ServerOptions options;
  options.max_connections = 2;
  start(options);
  FakeConnection* first = reactor_.connect();
  EXPECT_NE(reactor_.connect(), nullptr);
  EXPECT_EQ(reactor_.connect(), nullptr);
  reactor_.disconnect(first);
  EXPECT_NE(reactor_.connect(), nullptr);
  EXPECT_EQ(server_->counters().refused, 1u);
}

TEST_F(ServerTest, GracefulStopAnswersWhatIsUnderWay) {
  hold_ = true;
  start();
  FakeConnection* idle = reactor_.connect();
  FakeConnection* busy = reactor_.connect();
  reactor_.receive(busy, operation("x"));
  server_->stop();
  EXPECT_FALSE(reactor_.listening);
  EXPECT_TRUE(idle->closed);
  EXPECT_FALSE(busy->closed || busy->closing);
  EXPECT_FALSE(reactor_.stop_requested);
  reactor_.disconnect(idle);
  release_all();
  reactor_.run_posted();
  EXPECT_THAT(busy->sent, HasSubstr("T.Op:x"));
  EXPECT_EQ(field(busy->sent, "Connection"), "close");
  EXPECT_TRUE(busy->closing);
  reactor_.disconnect(busy);
  EXPECT_TRUE(reactor_.stop_requested);
}

TEST_F(ServerTest, GracefulStopDoesNotWaitForEver) {
  hold_ = true;
  start();
  reactor_.receive(reactor_.connect(), operation("x"));
  server_->stop();
  EXPECT_FALSE(reactor_.stop_requested);
  reactor_.fire_timers();
  EXPECT_TRUE(reactor_.stop_requested);
  release_all();
}

TEST_F(ServerTest, EveryOperationIsReported) {
  ServerOptions options;
  std::vector<RequestEvent> events;
  options.on_request = [&events](const RequestEvent& event) { events.push_back(event); };
  start(options);
  reactor_.receive(reactor_.connect(), operation("{}"));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].target, "T.Op");
  EXPECT_EQ(events[0].status, 200);
  EXPECT_EQ(events[0].request_bytes, 2u);
}

TEST_F(ServerTest, OnlyFailuresAreReportedWhenNotAllAreAskedFor) {
  ServerOptions options;
  size_t events = 0;
  options.on_request = [&events](const RequestEvent&) { ++events; };
  options.report_all = false;
  start(options);
  FakeConnection* client = reactor_.connect();
  reactor_.receive(client, operation("{}"));
  EXPECT_EQ(events, 0u);
  status_ = 500;
  reactor_.receive(client, operation("{}"));
  EXPECT_EQ(events, 1u);
}

}  // namespace
}  // namespace varve::api
