#include "base/io/reactor.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "base/io/file_descriptor.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/base/reactor_fixture.h"

namespace varve::io {
namespace {

TEST_P(ReactorTest, EchoesOnManyConnectionsAtOnce) {
  const uint16_t port = listen({});
  start();
  constexpr int kClients = 300;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(port));
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < kClients; ++i) ASSERT_TRUE(clients[i]->send("hello " + std::to_string(1000 + i)));
    for (int i = 0; i < kClients; ++i)
      ASSERT_EQ(clients[i]->receive(10), "hello " + std::to_string(1000 + i));
  }
  EXPECT_EQ(reactor_->counters().accepted, static_cast<uint64_t>(kClients));
  clients.clear();
  EXPECT_TRUE(eventually([&] { return reactor_->counters().closed == kClients; }));
  EXPECT_EQ(reactor_->counters().sent_bytes, reactor_->counters().received_bytes);
  stop();
}

TEST_P(ReactorTest, MovesLargeTransfersUnchangedBothWays) {
  const uint16_t port = listen({});
  start();
  std::string sent(16 << 20, '\0');
  constexpr uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  for (char& c : sent) c = static_cast<char>(random.next());
  Client client(port);
  Thread sender("sender", [&] {
    EXPECT_TRUE(client.send(sent));
    client.shut_sending();
  });
  EXPECT_TRUE(client.receive(sent.size() + 1) == sent);
  sender.join();
  stop();
}

TEST_P(ReactorTest, AHalfClosedPeerStillGetsItsAnswer) {
  auto request = std::make_shared<std::string>();
  Script script;
  script.data = [=](Connection*, Slice bytes) { request->append(bytes); };
  script.end = [=](Connection* c) {
    c->send("got " + std::to_string(request->size()));
    c->close_after_flush();
  };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send(std::string(100000, 'x')));
  client.shut_sending();
  EXPECT_EQ(client.receive(100), "got 100000");
  stop();
}

TEST_P(ReactorTest, CloseAfterFlushDeliversAllThoughThePeerIsStillSending) {
  // The answer to a body that is refused: without lingering the peer would see a reset in its place.
  const std::string answer(300000, 'a');
  Script script;
  script.data = [&](Connection* c, Slice) {
    c->send(answer);
    c->close_after_flush();
    c->send("never sent");
  };
  Status reason = Status::io_error("not called");
  std::atomic<bool> closed{false};
  script.closed = [&](Connection*, const Status& status) {
    if (!closed) reason = status;
    closed = true;
  };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send(std::string(4 << 20, 'x')));
  EXPECT_TRUE(client.receive(answer.size() + 100) == answer);
  client = Client(port);  // the first one leaves
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  stop();
  EXPECT_TRUE(reason.ok()) << reason.to_string();
}

TEST_P(ReactorTest, ASlowReaderIsDrainedInOrderByOnDrained) {
  constexpr int kPieces = 400;
  auto next = std::make_shared<int>(0);
  auto push = [=](Connection* c) {
    if (*next == kPieces) return c->close_after_flush();
    c->send(std::string(50000, static_cast<char>('a' + *next % 26)));
    EXPECT_LE(c->pending_bytes(), 50000u);
    ++*next;
  };
  Script script;
  script.data = [=](Connection* c, Slice) { push(c); };
  script.drained = push;
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("go"));
  for (int i = 0; i < kPieces; ++i) {
    if (i < 10) sleep_ns(3 * kMs);
    const std::string piece = client.receive(50000);
    ASSERT_EQ(piece.size(), 50000u) << i;
    ASSERT_TRUE(piece == std::string(50000, static_cast<char>('a' + i % 26))) << i;
  }
  EXPECT_EQ(client.receive(1), "");
  stop();
}

TEST_P(ReactorTest, ManySmallSendsOfOneCallbackArriveInOrder) {
  Script script;
  script.data = [](Connection* c, Slice) {
    for (int i = 0; i < 1000; ++i) c->send(std::to_string(i) + ",");
  };
  const uint16_t port = listen(script);
  start();
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + ",";
  Client client(port);
  ASSERT_TRUE(client.send("go"));
  EXPECT_EQ(client.receive(expected.size()), expected);
  stop();
}

TEST_P(ReactorTest, PausedReadingDeliversNothingUntilResumed) {
  std::atomic<bool> paused{false};
  std::atomic<size_t> received{0};
  std::atomic<uint64_t> id{0};
  Script script;
  script.data = [&](Connection* c, Slice bytes) {
    EXPECT_FALSE(paused);
    received += bytes.size();
    id = c->id();
    paused = true;
    c->pause_reading();
  };
  script.end = [&](Connection* c) {
    EXPECT_FALSE(paused);
    c->send("end");
    c->close_after_flush();
  };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("first"));
  ASSERT_TRUE(eventually([&] { return paused.load(); }));
  ASSERT_TRUE(client.send("second"));
  client.shut_sending();
  sleep_ns(30 * kMs);
  EXPECT_EQ(received, 5u);
  auto resume = [&] {
    reactor_->post([&] {
      paused = false;
      if (Connection* c = reactor_->find(id)) c->resume_reading();
    });
  };
  resume();
  ASSERT_TRUE(eventually([&] { return received == 11; }));
  ASSERT_TRUE(eventually([&] { return paused.load(); }));
  resume();
  EXPECT_EQ(client.receive(10), "end");
  stop();
}

TEST_P(ReactorTest, CloseFromACallbackIsTheLastThingButOnClose) {
  std::atomic<int> data_calls{0};
  std::atomic<int> close_calls{0};
  Script script;
  script.data = [&](Connection* c, Slice) {
    ++data_calls;
    c->send("dropped");
    c->close();
    c->close();
    c->send("ignored");
    c->resume_reading();
  };
  script.closed = [&](Connection* c, const Status& status) {
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(reactor_->find(c->id()), nullptr);
    ++close_calls;
  };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("a"));
  client.receive(100);
  client.send("b");
  EXPECT_TRUE(eventually([&] { return close_calls == 1; }));
  sleep_ns(10 * kMs);
  EXPECT_EQ(data_calls, 1);
  EXPECT_EQ(close_calls, 1);
  stop();
}

TEST_P(ReactorTest, OneConnectionMayCloseTheOthers) {
  std::vector<Connection*> all;
  std::atomic<size_t> accepted{0};
  Script script;
  script.data = [&](Connection*, Slice) {
    for (Connection* c : all) c->close();
  };
  script.closed = [&](Connection* c, const Status&) { std::erase(all, c); };
  auto port = reactor_->listen("127.0.0.1", 0, {}, [&](Connection* c) {
    all.push_back(c);
    ++accepted;
    return std::make_unique<ScriptHandler>(script);
  });
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(*port));
  ASSERT_TRUE(eventually([&] { return accepted == 20; }));
  for (auto& client : clients) client->send("x");
  for (auto& client : clients) EXPECT_EQ(client->receive(1), "");
  EXPECT_TRUE(eventually([&] { return reactor_->counters().closed == 20; }));
  stop();
}

TEST_P(ReactorTest, APeerThatVanishesEndsInAnError) {
  std::atomic<int> errors{0};
  Script script;
  script.closed = [&](Connection*, const Status& status) { errors += status.ok() ? 0 : 1; };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_EQ(client.receive(1), "x");
  client.vanish();
  EXPECT_TRUE(eventually([&] { return errors == 1; }));
  stop();
}

TEST_P(ReactorTest, APeerThatVanishesInTheMiddleOfALargeAnswerEndsInAnError) {
  std::atomic<int> errors{0};
  Script script;
  script.data = [&](Connection* c, Slice) { c->send(std::string(32 << 20, 'x')); };
  script.closed = [&](Connection*, const Status& status) { errors += status.ok() ? 0 : 1; };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_EQ(client.receive(1000).size(), 1000u);
  client.vanish();
  EXPECT_TRUE(eventually([&] { return errors == 1; }));
  stop();
}

TEST_P(ReactorTest, PostsFromManyThreadsRunOnceEachInOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::map<int, std::vector<int>> seen;  // touched on the loop only
  std::atomic<int> count{0};
  start();
  {
    std::vector<Thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back("poster", [&, t] {
        for (int i = 0; i < kPosts; ++i) {
          reactor_->post([&, t, i] {
            seen[t].push_back(i);
            ++count;
          });
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] { return count == kThreads * kPosts; }));
  stop();
  for (int t = 0; t < kThreads; ++t) {
    ASSERT_EQ(seen[t].size(), static_cast<size_t>(kPosts));
    EXPECT_TRUE(std::is_sorted(seen[t].begin(), seen[t].end()));
  }
}

TEST_P(ReactorTest, WhatWasPostedBeforeTheStopStillRuns) {
  bool ran = false;
  start();
  reactor_->post([&] { ran = true; });
  stop();
  EXPECT_TRUE(ran);
}

TEST_P(ReactorTest, AnswersFromAnotherThreadFindTheirConnectionOrItsAbsence) {
  std::atomic<int> missed{0};
  Script script;
  std::vector<Thread> workers;
  script.data = [&](Connection* c, Slice bytes) {
    workers.emplace_back("worker", [this, &missed, id = c->id(), text = std::string(bytes)] {
      if (text == "late") sleep_ns(50 * kMs);
      reactor_->post([this, &missed, id, text] {
        Connection* connection = reactor_->find(id);
        if (connection != nullptr) return connection->send(text + "!");
        ++missed;
      });
    });
  };
  const uint16_t port = listen(script);
  start();
  Client client(port);
  ASSERT_TRUE(client.send("work"));
  EXPECT_EQ(client.receive(5), "work!");
  ASSERT_TRUE(client.send("late"));
  sleep_ns(10 * kMs);
  client.vanish();
  EXPECT_TRUE(eventually([&] { return missed == 1; }));
  stop();
}

TEST_P(ReactorTest, TimersFireOnceInOrderNeverEarlyAndNotWhenCancelled) {
  std::vector<int> fired;
  std::atomic<int> count{0};
  const uint64_t begin = monotonic_ns();
  for (int i : {3, 1, 2}) {
    reactor_->add_timer(static_cast<uint64_t>(i) * 10 * kMs, [&, i] {
      EXPECT_GE(monotonic_ns() - begin, static_cast<uint64_t>(i) * 10 * kMs);
      fired.push_back(i);
      ++count;
    });
  }
  const TimerId cancelled = reactor_->add_timer(15 * kMs, [&] { fired.push_back(99); });
  reactor_->add_timer(12 * kMs, [&, cancelled] { reactor_->cancel_timer(cancelled); });
  reactor_->add_timer(0, [&] { reactor_->add_timer(0, [&] { ++count; }); });
  start();
  EXPECT_TRUE(eventually([&] { return count == 4; }));
  stop();
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

TEST_P(ReactorTest, AnIdleLoopSleeps) {
  listen({});
  start();
  sleep_ns(20 * kMs);
  const uint64_t before = reactor_->counters().polls;
  sleep_ns(50 * kMs);
  EXPECT_LE(reactor_->counters().polls - before, 2u);
  stop();
}

TEST_P(ReactorTest, StoppingClosesConnectionsWithTheReason) {
  std::atomic<int> closed{0};
  Script script;
  script.closed = [&](Connection*, const Status& status) {
    closed += status.code() == ErrorCode::kClosed ? 1 : 0;
  };
  const uint16_t port = listen(script);
  start();
  Client one(port);
  Client two(port);
  ASSERT_TRUE(two.send("x"));
  ASSERT_EQ(two.receive(1), "x");
  ASSERT_TRUE(eventually([&] { return reactor_->counters().accepted == 2; }));
  stop();
  EXPECT_EQ(closed, 2);
  EXPECT_EQ(one.receive(1), "");
}

TEST_P(ReactorTest, AfterStopListeningConnectionsLiveOnAndNewOnesAreRefused) {
  const uint16_t port = listen({});
  start();
  Client old(port);
  ASSERT_TRUE(old.send("x"));
  ASSERT_EQ(old.receive(1), "x");
  reactor_->post([&] { reactor_->stop_listening(); });
  EXPECT_TRUE(eventually([&] { return !Client(port).connected(); }));
  ASSERT_TRUE(old.send("y"));
  EXPECT_EQ(old.receive(1), "y");
  stop();
}

TEST_P(ReactorTest, ARefusedConnectionIsClosedWithoutAHandler) {
  auto port = reactor_->listen("127.0.0.1", 0, {}, [](Connection* c) -> std::unique_ptr<ConnectionHandler> {
    c->send("ignored");
    return nullptr;
  });
  start();
  Client client(*port);
  EXPECT_EQ(client.receive(1), "");
  EXPECT_EQ(reactor_->counters().accepted, 0u);
  stop();
}

TEST_P(ReactorTest, AServerMaySpeakFirst) {
  std::string peer;
  auto port = reactor_->listen("127.0.0.1", 0, {}, [&](Connection* c) {
    peer = c->peer();
    c->send("welcome");
    return std::make_unique<ScriptHandler>(Script{});
  });
  start();
  Client client(*port);
  EXPECT_EQ(client.receive(7), "welcome");
  stop();
  sockaddr_in own{};
  socklen_t length = sizeof(own);
  ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&own), &length);
  EXPECT_EQ(peer, "127.0.0.1:" + std::to_string(ntohs(own.sin_port)));
}

TEST_P(ReactorTest, ConnectsToAServerAndIsCalledLikeAnAcceptedConnection) {
  const uint16_t port = listen({});
  std::string received;  // the loop's, until it has stopped
  std::atomic<bool> closed{false};
  Script script;
  script.data = [&](Connection* c, Slice bytes) {
    received.append(bytes);
    if (received.size() == 5) c->close();
  };
  script.closed = [&](Connection*, const Status& status) { closed = status.ok(); };
  auto connection =
      reactor_->connect("127.0.0.1", port, 10'000 * kMs, std::make_unique<ScriptHandler>(script));
  ASSERT_TRUE(connection.ok()) << connection.status().to_string();
  (*connection)->send("hello");
  start();
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  stop();
  EXPECT_EQ(received, "hello");
}

TEST_P(ReactorTest, AConnectionRefusedNamesHostAndPort) {
  const uint16_t port = listen({});
  reactor_->stop_listening();
  start();
  stop();
  auto handler = std::make_unique<ScriptHandler>(Script());
  handler->on_close(nullptr, {});  // it never has a connection
  const auto connection = reactor_->connect("127.0.0.1", port, 10'000 * kMs, std::move(handler));
  ASSERT_FALSE(connection.ok());
  EXPECT_NE(connection.status().message().find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST_P(ReactorTest, RunningOutOfDescriptorsBacksOffAndRecovers) {
  const uint16_t port = listen({});
  std::vector<Client> clients(8);
  const int next = FileDescriptor(::dup(clients[0].fd())).get();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit tight{static_cast<rlim_t>(next) + 3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  start();
  for (Client& client : clients) client.connect(port);
  const bool backed_off = eventually([&] { return reactor_->counters().accept_backoffs > 0; });
  const uint64_t polls = reactor_->counters().polls;
  sleep_ns(50 * kMs);
  const uint64_t spins = reactor_->counters().polls - polls;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(backed_off);
  EXPECT_LE(spins, 5u);
  for (Client& client : clients) {
    EXPECT_TRUE(client.send("c"));
    EXPECT_EQ(client.receive(1), "c");
  }
  stop();
}

TEST_P(ReactorTest, SignalsArriveOnTheLoop) {
  int got = 0;
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  ASSERT_TRUE(reactor_
                  ->on_signal({SIGUSR1, SIGTERM},
                              [&](int signal) {
                                got = signal;
                                reactor_->request_stop();
                              })
                  .ok());
  start();
  ::kill(::getpid(), SIGTERM);
  loop_.join();
  EXPECT_EQ(got, SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_P(ReactorTest, ListensOnNamesAndLiteralsAndSaysWhyNot) {
  auto accept = [](Connection*) { return std::make_unique<ScriptHandler>(Script{}); };
  for (const char* host : {"localhost", "127.0.0.1", ""}) {
    auto port = reactor_->listen(host, 0, {}, accept);
    ASSERT_TRUE(port.ok()) << host << ": " << port.status().to_string();
    EXPECT_TRUE(Client(*port).connected()) << host;
    const Status taken = reactor_->listen(host, *port, {}, accept).status();
    EXPECT_EQ(taken.code(), ErrorCode::kBusy);
    EXPECT_NE(taken.message().find(":" + std::to_string(*port)), std::string::npos) << taken.to_string();
  }
  const Status name = reactor_->listen("example.invalid", 80, {}, accept).status();
  EXPECT_EQ(name.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(name.message().find("example.invalid:80"), std::string::npos) << name.to_string();
  EXPECT_EQ(reactor_->listen("192.0.2.1", 0, {}, accept).code(), ErrorCode::kNotFound);
  for (const char* host : {"::1", "[::1]"}) {
    auto port = reactor_->listen(host, 0, {}, accept);
    EXPECT_TRUE(port.ok() || port.code() == ErrorCode::kNotFound) << port.status().to_string();
  }
}

TEST_P(ReactorTest, ConnectionsAreDealtToThePeersInTurn) {
  const auto other = Reactor::create(GetParam());
  ASSERT_TRUE(other.ok()) << other.status().to_string();
  const auto answering = [](char name) {
    Script script;
    script.data = [name](Connection* c, Slice) { c->send(std::string(1, name)); };
    return [script](Connection*) { return std::make_unique<ScriptHandler>(script); };
  };
  ListenOptions options;
  options.peers = {{other->get(), answering('b')}};
  const auto port = reactor_->listen("127.0.0.1", 0, options, answering('a'));
  ASSERT_TRUE(port.ok()) << port.status().to_string();
  start();
  Thread loop("other", [&] { EXPECT_TRUE((*other)->run().ok()); });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<Client>(*port));
    ASSERT_TRUE(clients.back()->send("?"));
    EXPECT_EQ(clients.back()->receive(1), i % 2 == 0 ? "a" : "b") << i;
  }
  EXPECT_EQ(reactor_->counters().accepted, 3u);
  EXPECT_EQ((*other)->counters().accepted, 3u);
  (*other)->request_stop();
  loop.join();
  // What is dealt to a reactor that has stopped is closed, and takes nobody along.
  clients.push_back(std::make_unique<Client>(*port));
  clients.push_back(std::make_unique<Client>(*port));
  ASSERT_TRUE(clients[6]->send("?"));
  EXPECT_EQ(clients[6]->receive(1), "a");
  stop();
}

TEST_P(ReactorTest, APortInUseIsRefused) {
  auto accept = [](Connection*) { return std::make_unique<ScriptHandler>(Script{}); };
  auto port = reactor_->listen("127.0.0.1", 0, {}, accept);
  ASSERT_TRUE(port.ok());
  EXPECT_EQ(reactor_->listen("127.0.0.1", *port, {}, accept).code(), ErrorCode::kBusy);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReactorTest, ::testing::Values(ReactorKind::kEpoll, ReactorKind::kUring),
                         [](const auto& kind) {
                           return kind.param == ReactorKind::kEpoll ? "Epoll" : "Uring";
                         });

TEST(Reactor, AutomaticTakesIoUringWhereItWorks) {
  const bool works = Reactor::create(ReactorKind::kUring).ok();
  auto reactor = Reactor::create(ReactorKind::kAutomatic);
  ASSERT_TRUE(reactor.ok()) << reactor.status().to_string();
  EXPECT_EQ(Slice((*reactor)->name()), works && ::getenv("VARVE_IO") == nullptr ? "io_uring" : "epoll");
}

}  // namespace
}  // namespace varve::io
