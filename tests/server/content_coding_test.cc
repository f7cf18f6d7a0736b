// Content codings by themselves, and what the connection makes of them.
#include "api/server/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "api/server/server.h"
#include "tests/server/fake_reactor.h"
#include "tests/server/signed_request.h"

namespace varve::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kGzip = 15 + 16, kZlib = 15, kRaw = -15;

// What another program's zlib would send.
std::string deflated(Slice plain, int window = kGzip) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::pair<DecodeError, std::string> decode(Slice encoded, size_t limit = 1000,
                                           ContentCoding coding = ContentCoding::kGzip) {
  std::string decoded = "left over";
  const DecodeError error = decode_body(coding, encoded, limit, &decoded);
  return {error, decoded};
}

const std::pair<DecodeError, std::string> kDamaged = {DecodeError::kDamaged, ""};
const std::pair<DecodeError, std::string> kTooLarge = {DecodeError::kTooLarge, ""};

std::pair<DecodeError, std::string> plain(std::string text) { return {DecodeError::kNone, std::move(text)}; }

TEST(ContentCoding, NamesAreReadInAnyCase) {
  EXPECT_EQ(parse_content_coding("gzip"), ContentCoding::kGzip);
  EXPECT_EQ(parse_content_coding(" GZip "), ContentCoding::kGzip);
  EXPECT_EQ(parse_content_coding("x-gzip"), ContentCoding::kGzip);
  EXPECT_EQ(parse_content_coding("deflate"), ContentCoding::kDeflate);
  EXPECT_EQ(parse_content_coding(""), ContentCoding::kIdentity);
  EXPECT_EQ(parse_content_coding("identity"), ContentCoding::kIdentity);
  EXPECT_EQ(parse_content_coding("br"), std::nullopt);
  EXPECT_EQ(parse_content_coding("gzip, gzip"), std::nullopt);
}

TEST(ContentCoding, AnswersAreEncodedAsTheClientPrefers) {
  struct Row {
    Slice accept_encoding;
    ContentCoding expected;
  };
  for (const Row& row :
       {Row{"", ContentCoding::kIdentity}, Row{"identity", ContentCoding::kIdentity},
        Row{"gzip", ContentCoding::kGzip}, Row{"deflate", ContentCoding::kDeflate},
        Row{"deflate, gzip", ContentCoding::kGzip}, Row{"br,GZIP , zstd", ContentCoding::kGzip},
        Row{"gzip;q=0.2, deflate;q=0.8", ContentCoding::kDeflate},
        Row{"gzip; q=1.0, deflate;q=0.999", ContentCoding::kGzip}, Row{"gzip;q=0", ContentCoding::kIdentity},
        Row{"gzip;q=0.000", ContentCoding::kIdentity}, Row{"gzip;q=x", ContentCoding::kIdentity},
        Row{"gzip;q=0.0001", ContentCoding::kIdentity}, Row{"gzip;q=0, deflate", ContentCoding::kDeflate},
        Row{"*", ContentCoding::kIdentity}, Row{"gzippy", ContentCoding::kIdentity},
        Row{",;,=;q", ContentCoding::kIdentity}}) {
    EXPECT_EQ(offered_coding(row.accept_encoding), row.expected) << row.accept_encoding;
  }
}

TEST(ContentCoding, GzipAndZlibBodiesDecode) {
  EXPECT_EQ(decode(deflated("{}")), plain("{}"));
  EXPECT_EQ(decode(deflated("")), plain(""));
  EXPECT_EQ(decode(deflated("{}", kZlib), 1000, ContentCoding::kDeflate), plain("{}"));
  EXPECT_EQ(decode("as it is", 1000, ContentCoding::kIdentity), plain("as it is"));
  const std::string large(300'000, 'x');
  EXPECT_EQ(decode(deflated(large), large.size()), plain(large));
}

TEST(ContentCoding, SeveralGzipMembersAreOneBody) {
  EXPECT_EQ(decode(deflated("ab") + deflated("") + deflated("cd")), plain("abcd"));
  EXPECT_EQ(decode(deflated("ab", kZlib) + deflated("cd", kZlib), 1000, ContentCoding::kDeflate), kDamaged);
}

TEST(ContentCoding, EveryTruncationAndEveryFlippedByteIsFound) {
  const std::string text = "some text, some text, and some more text";
  const std::string whole = deflated(text);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode(Slice(whole).substr(0, size)), kDamaged) << size;
    if (size == 0) continue;
    EXPECT_EQ(decode(deflated("first") + whole.substr(0, size)), kDamaged) << size;
  }
  // Bytes 4 to 9 of a gzip header (time, flags for the compressor, operating system) carry nothing.
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0xff);
    const auto result = decode(flipped);
    if (at >= 4 && at < 10) {
      EXPECT_EQ(result, plain(text)) << at;
    } else {
      EXPECT_NE(result.first, DecodeError::kNone) << at;
    }
  }
}

TEST(ContentCoding, WhatIsNotTheCodingIsDamaged) {
  EXPECT_EQ(decode("{}"), kDamaged);
  EXPECT_EQ(decode(deflated("{}") + "x"), kDamaged);
  EXPECT_EQ(decode(deflated("{}", kZlib)), kDamaged);
  EXPECT_EQ(decode(deflated("{}"), 1000, ContentCoding::kDeflate), kDamaged);
  EXPECT_EQ(decode(deflated("{}", kRaw), 1000, ContentCoding::kDeflate), kDamaged);
}

TEST(ContentCoding, LimitCountsDecodedBytesOverAllMembersExactly) {
  const std::string half(5000, 'x');
  EXPECT_EQ(decode(deflated(half) + deflated(half), 10'000), plain(half + half));
  EXPECT_EQ(decode(deflated(half) + deflated(half + "x"), 10'000), kTooLarge);
  EXPECT_EQ(decode(deflated(""), 0), plain(""));
  EXPECT_EQ(decode(deflated("x"), 0), kTooLarge);
}

TEST(ContentCoding, BombIsStoppedAtTheLimitBeforeItsEndIsRead) {
  // 64 MiB of zeros in 64 KiB, and garbage after them that decoding must not reach.
  const std::string bomb = deflated(std::string(64u << 20, '\0')) + "garbage";
  ASSERT_LT(bomb.size(), 70'000u);
  std::string decoded;
  EXPECT_EQ(decode_body(ContentCoding::kGzip, bomb, kMaxBodyBytes, &decoded), DecodeError::kTooLarge);
  EXPECT_LT(decoded.capacity(), 100u);
}

TEST(ContentCoding, OnlyLargeCompressibleAnswersAreEncoded) {
  std::string body(kMaxPlainAnswerBytes, 'x');
  EXPECT_EQ(encode_body(ContentCoding::kGzip, &body), ContentCoding::kIdentity);
  EXPECT_EQ(body, std::string(kMaxPlainAnswerBytes, 'x'));
  body.push_back('x');
  const std::string original = body;
  EXPECT_EQ(encode_body(ContentCoding::kIdentity, &body), ContentCoding::kIdentity);
  EXPECT_EQ(encode_body(ContentCoding::kGzip, &body), ContentCoding::kGzip);
  EXPECT_LT(body.size(), 200u);
  EXPECT_EQ(decode(body, 10'000), plain(original));
  std::string noise;
  for (uint64_t state = 1; noise.size() < 10'000;
       state = state * 6364136223846793005u + 1442695040888963407u) {
    noise.push_back(static_cast<char>(state >> 56));
  }
  const std::string same = noise;
  EXPECT_EQ(encode_body(ContentCoding::kDeflate, &noise), ContentCoding::kIdentity);
  EXPECT_EQ(noise, same);
}

// Echoes the body it was given, however it was encoded.
class CodingServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(
        &reactor_, std::move(options), [this](Slice, Slice body, const Server::Done& done) {
          most_buffered_ = std::max(most_buffered_, server_->buffered_body_bytes());
          done({200, std::string(body), {}});
        });
    ASSERT_TRUE(server_->listen("localhost", 1).ok());
  }
  // The answers to the requests, sent over one connection that must go on.
  std::string ask(const std::string& requests) {
    FakeConnection* client = reactor_.connect();
    reactor_.receive(client, requests);
    EXPECT_FALSE(client->closing);
    std::string sent = client->sent;
    reactor_.disconnect(client);
    return sent;
  }
  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  FakeReactor reactor_;
  size_t most_buffered_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(CodingServerTest, EncodedRequestsReachTheHandlerPlain) {
  start();
  EXPECT_THAT(ask(operation(deflated("{\"a\":1}"), "Content-Encoding: gzip\r\n")),
              HasSubstr("\r\n\r\n{\"a\":1}"));
  EXPECT_THAT(ask(operation(deflated("{\"a\":2}", kZlib), "Content-Encoding: deflate\r\n")),
              HasSubstr("\r\n\r\n{\"a\":2}"));
  EXPECT_THAT(ask(operation("{\"a\":3}", "Content-Encoding: identity\r\n")), HasSubstr("\r\n\r\n{\"a\":3}"));
  EXPECT_THAT(ask(operation("", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
}

TEST_F(CodingServerTest, RefusedEncodingsLeaveTheConnectionUsable) {
  start();
  const std::string next = operation("after it");
  const std::string damaged = ask(operation("zzz", "Content-Encoding: gzip\r\n") + next);
  EXPECT_THAT(damaged, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(damaged, HasSubstr("\"com.amazonaws.dynamodb.v20120810#InternalServerError\""));
  EXPECT_THAT(damaged, HasSubstr("after it"));
  const std::string unknown = ask(operation("zzz", "Content-Encoding: br\r\n") + next);
  EXPECT_THAT(unknown, StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(unknown, HasSubstr("after it"));
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
}

TEST_F(CodingServerTest, BombIsAnswered413) {
  start();
  const std::string bomb = deflated(std::string(kMaxBodyBytes + 1, ' '));
  const std::string answer = ask(operation(bomb, "Content-Encoding: gzip\r\n") + operation("after it"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("after it"));
  const std::string fits = deflated(std::string(kMaxBodyBytes, ' '));
  EXPECT_THAT(ask(operation(fits, "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(CodingServerTest, DecodedBytesCountAmongTheBufferedBodies) {
  ServerOptions options;
  options.max_buffered_body_bytes = 10'000;
  start(options);
  EXPECT_THAT(ask(operation(deflated(std::string(10'000, ' ')), "Content-Encoding: gzip\r\n")),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(most_buffered_, 10'000u);
  EXPECT_THAT(ask(operation(deflated(std::string(10'001, ' ')), "Content-Encoding: gzip\r\n")),
              StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(server_->counters().body_overload, 1u);
  EXPECT_EQ(server_->buffered_body_bytes(), 0u);
}

TEST_F(CodingServerTest, LargeAnswersAreEncodedForClientsThatOfferIt) {
  start();
  const std::string text(5000, 'x');
  const std::string gzip = ask(operation(text, "Accept-Encoding: gzip, deflate\r\n"));
  EXPECT_THAT(gzip, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(gzip, Not(HasSubstr("x-amz-crc32")));
  EXPECT_THAT(gzip, HasSubstr("\r\nContent-Length: " + std::to_string(body_of(gzip).size()) + "\r\n"));
  EXPECT_EQ(decode(body_of(gzip), 10'000), plain(text));
  const std::string deflate = ask(operation(text, "Accept-Encoding: deflate\r\n"));
  EXPECT_THAT(deflate, HasSubstr("\r\nContent-Encoding: deflate\r\n"));
  EXPECT_EQ(decode(body_of(deflate), 10'000, ContentCoding::kDeflate), plain(text));
}

TEST_F(CodingServerTest, OtherAnswersArePlainAndCarryTheirCrc) {
  start();
  for (const std::string& request :
       {operation(std::string(5000, 'x')), operation("{}", "Accept-Encoding: gzip\r\n"),
        operation(std::string(5000, 'x'), "Accept-Encoding: identity\r\n"),
        // Only the first field is looked at.
        operation(std::string(5000, 'x'), "Accept-Encoding: identity\r\nAccept-Encoding: gzip\r\n")}) {
    const std::string answer = ask(request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Encoding")));
    EXPECT_THAT(answer, HasSubstr("x-amz-crc32: "));
  }
}

}  // namespace
}  // namespace varve::api
