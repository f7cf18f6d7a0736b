#include "api/server/http_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace varve::api {
namespace {

constexpr Slice kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

HttpError parse_error(Slice input) {
  HttpParser parser;
  parser.feed(input);
  EXPECT_FALSE(parser.complete()) << input;
  return parser.error();
}

std::string post(Slice fields, Slice rest) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}

TEST(HttpParser, ReadsRequestLineFieldsAndBody) {
  const std::string input =
      "POST /path?q=1 HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target:  DynamoDB_20120810.PutItem \t\r\n"
      "content-LENGTH: 4\r\nEmpty:\r\n\r\nbodyGET";
  HttpParser parser;
  EXPECT_EQ(parser.feed(input), input.size() - 3);
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.method(), "POST");
  EXPECT_EQ(parser.target(), "/path?q=1");
  EXPECT_EQ(parser.minor_version(), 1);
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_EQ(parser.field_count(), 4u);
  EXPECT_EQ(parser.field("x-amz-target"), "DynamoDB_20120810.PutItem");
  EXPECT_EQ(parser.field("EMPTY"), "");
  EXPECT_FALSE(parser.field("absent").has_value());
  EXPECT_EQ(parser.body(), "body");
}

TEST(HttpParser, PipelinedRequestsComeOutInOrder) {
  std::string input;
  for (int i = 0; i < 5; ++i) input += post("Content-Length: 1\r\n", std::to_string(i));
  HttpParser parser;
  Slice rest = input;
  for (int i = 0; i < 5; ++i) {
    rest.remove_prefix(parser.feed(rest));
    ASSERT_TRUE(parser.complete());
    EXPECT_EQ(parser.body(), std::to_string(i));
    EXPECT_EQ(parser.feed(rest), 0u);  // nothing of the next one before next()
    parser.next();
    EXPECT_FALSE(parser.started());
  }
  EXPECT_TRUE(rest.empty());
}

TEST(HttpParser, ChunkedBodiesAreJoinedAndTrailersDropped) {
  HttpParser parser;
  const std::string input =
      post("Transfer-Encoding: Chunked\r\n",
           "4\r\nWiki\r\n5;name=\"value\"\r\npedia\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(parser.feed(input), input.size());
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.body(), "Wikipedia0123456789");
  EXPECT_EQ(parser.field_count(), 2u);
}

TEST(HttpParser, OneLeadingEmptyLineIsForgivenAndNoMore) {
  HttpParser parser;
  parser.feed("\r\n" + std::string(kGet));
  EXPECT_TRUE(parser.complete());
  EXPECT_EQ(parser.method(), "GET");
  EXPECT_EQ(parse_error("\r\n\r\n" + std::string(kGet)), HttpError::kBadRequestLine);
}

TEST(HttpParser, ConnectionReuseFollowsVersionAndConnectionField) {
  const auto keeps = [](Slice head) {
    HttpParser parser;
    parser.feed(head);
    EXPECT_TRUE(parser.complete()) << head;
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

TEST(HttpParser, MalformedRequestLinesAreRefused) {
  for (const Slice line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "G(T / HTTP/1.1",
        "GET / http/1.1", "GET / HTTP/1.10", "GET / HTTP/11", "GET /a b HTTP/1.1", "GET /\x7f HTTP/1.1",
        "GET /\xc3\xa9 HTTP/1.1", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1"}) {
    EXPECT_EQ(parse_error(std::string(line) + "\r\nHost: a\r\n\r\n"), HttpError::kBadRequestLine) << line;
  }
  EXPECT_EQ(parse_error("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), HttpError::kUnsupportedVersion);
  EXPECT_EQ(parse_error("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), HttpError::kUnsupportedVersion);
  EXPECT_EQ(parse_error("GET / HTTP/1.1\nHost: a\n\n"), HttpError::kBadRequestLine);
  EXPECT_EQ(parse_error(std::string("\x16\x03\x01\x02\x00\x01\n", 7)), HttpError::kBadRequestLine);
}

TEST(HttpParser, MalformedFieldsAreRefused) {
  using std::string_literals::operator""s;
  for (const std::string& field :
       {"A : b\r\n"s, "A: b\n"s, " A: b\r\n"s, ": b\r\n"s, "A\r\n"s, "A: b\r\n folded\r\n"s, "A: b\rc\r\n"s,
        "A: \0\r\n"s, "A: \x7f\r\n"s, "A\x80: b\r\n"s, "(A): b\r\n"s}) {
    EXPECT_EQ(parse_error(post(field, "")), HttpError::kBadField) << field;
  }
  HttpParser parser;
  parser.feed(post("A: caf\xc3\xa9\tb\r\n", ""));
  EXPECT_TRUE(parser.complete());
}

TEST(HttpParser, HostIsRequiredOnceInHttp11) {
  EXPECT_EQ(parse_error("GET / HTTP/1.1\r\n\r\n"), HttpError::kBadHost);
  EXPECT_EQ(parse_error("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), HttpError::kBadHost);
}

TEST(HttpParser, AmbiguousFramingIsRefused) {
  for (const Slice fields :
       {"Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 0x1\r\n", "Content-Length:\r\n",
        "Content-Length: 1 1\r\n", "Content-Length: 1111111111111111111\r\n"}) {
    EXPECT_EQ(parse_error(post(fields, "")), HttpError::kBadFraming) << fields;
  }
  for (const Slice fields : {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                             "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding:\r\n"}) {
    EXPECT_EQ(parse_error(post(fields, "")), HttpError::kUnsupportedTransferCoding) << fields;
  }
  EXPECT_EQ(parse_error("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), HttpError::kBadFraming);
}

TEST(HttpParser, MalformedChunksAreRefused) {
  for (const Slice chunks : {"\r\n", "g\r\n", "-1\r\n", "0x1\r\na\r\n", "1\na\r\n", "1\r\nab", "1\r\na\n",
                             "1 a\r\n", "11111111111111111\r\n", "1;\x01\r\n"}) {
    EXPECT_EQ(parse_error(post("Transfer-Encoding: chunked\r\n", chunks)), HttpError::kBadChunk) << chunks;
  }
  EXPECT_EQ(parse_error(post("Transfer-Encoding: chunked\r\n", "0\r\n folded\r\n\r\n")),
            HttpError::kBadField);
}

TEST(HttpParser, LimitsHoldToTheByte) {
  const auto line = [](size_t bytes) {
    return "GET /" + std::string(bytes - 16, 'a') +
           " HTTP/1.1\r\nHost: a\r\n\r\n";  // 16: the rest of the line with CRLF
  };
  HttpParser fits;
  fits.feed(line(kMaxRequestLineBytes));
  EXPECT_TRUE(fits.complete());
  EXPECT_EQ(parse_error(line(kMaxRequestLineBytes + 1)), HttpError::kRequestLineTooLong);
  EXPECT_EQ(parse_error(std::string(kMaxRequestLineBytes + 1, 'A')), HttpError::kRequestLineTooLong);

  const auto fields = [](size_t bytes) {
    return post("A: " + std::string(bytes - 14, 'x') + "\r\n", "");
  };  // Host takes 9
  HttpParser fields_fit;
  fields_fit.feed(fields(kMaxFieldSectionBytes));
  EXPECT_TRUE(fields_fit.complete());
  EXPECT_EQ(parse_error(fields(kMaxFieldSectionBytes + 1)), HttpError::kFieldsTooLarge);

  std::string many;
  for (size_t i = 1; i < kMaxFields; ++i) many += "A: b\r\n";
  HttpParser count_fits;
  count_fits.feed(post(many, ""));
  EXPECT_TRUE(count_fits.complete());
  EXPECT_EQ(parse_error(post(many + "A: b\r\n", "")), HttpError::kTooManyFields);
}

TEST(HttpParser, BodiesUpToTheLimitAreAcceptedAndLargerOnesRefusedEarly) {
  HttpParser small(8);
  small.feed(post("Content-Length: 8\r\n", "12345678"));
  EXPECT_TRUE(small.complete());
  HttpParser over(8);
  over.feed(post("Content-Length: 9\r\n", ""));
  EXPECT_EQ(over.error(), HttpError::kBodyTooLarge);
  HttpParser chunked(8);
  chunked.feed(post("Transfer-Encoding: chunked\r\n", "8\r\n12345678\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked.complete());
  HttpParser chunked_over(8);
  chunked_over.feed(post("Transfer-Encoding: chunked\r\n", "8\r\n12345678\r\n1\r\n"));
  EXPECT_EQ(chunked_over.error(), HttpError::kBodyTooLarge);
  HttpParser huge(8);
  huge.feed(post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"));
  EXPECT_EQ(huge.error(), HttpError::kBodyTooLarge);
  EXPECT_EQ(http_status(huge.error()), 413);
}

TEST(HttpParser, ExtensionsAndTrailersAreBounded) {
  std::string chunks;
  for (int i = 0; i < 100; ++i) chunks += "1;" + std::string(62, 'x') + "\r\na\r\n";
  EXPECT_EQ(parse_error(post("Transfer-Encoding: chunked\r\n", chunks)), HttpError::kBadChunk);
  std::string trailers;
  for (int i = 0; i < 1000; ++i) trailers += "A: bcdef\r\n";
  EXPECT_EQ(parse_error(post("Transfer-Encoding: chunked\r\n", "0\r\n" + trailers)),
            HttpError::kFieldsTooLarge);
}

TEST(HttpParser, AnnouncedLengthAloneAllocatesNothing) {
  HttpParser parser;
  parser.feed(post("Content-Length: 16777216\r\n", "x"));
  EXPECT_FALSE(parser.failed());
  EXPECT_LT(parser.body().capacity(), 1024u);
}

TEST(HttpParser, ExpectContinueIsReportedUntilTheBodyStarts) {
  HttpParser parser;
  parser.feed(post("Content-Length: 2\r\nExpect: 100-Continue\r\n", ""));
  EXPECT_TRUE(parser.expects_continue());
  parser.feed("a");
  EXPECT_FALSE(parser.expects_continue());
  EXPECT_EQ(parse_error(post("Content-Length: 2\r\nExpect: 200-ok\r\n", "")),
            HttpError::kUnsupportedExpectation);
  HttpParser old;
  old.feed("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_FALSE(old.expects_continue());
}

// Everything a server can see of a byte stream, as text.
std::string transcript(Slice input, Random* random) {
  HttpParser parser(64);
  std::string out;
  while (!input.empty()) {
    const size_t piece =
        random == nullptr ? input.size() : random->between(1, std::min<size_t>(input.size(), 9));
    Slice part = input.substr(0, piece);
    input.remove_prefix(piece);
    while (!part.empty() && !parser.failed()) {
      part.remove_prefix(parser.feed(part));
      if (!parser.complete()) break;
      out += std::string(parser.method()) + "|" + std::string(parser.target()) + "|" + parser.body() + "|" +
             std::to_string(parser.field_count()) + (parser.keep_alive() ? "k" : "c") + "\n";
      parser.next();
    }
  }
  return out + std::to_string(static_cast<int>(parser.error())) + (parser.started() ? "s" : "-");
}

TEST(HttpParser, ResultDoesNotDependOnHowTheBytesWereSplit) {
  const uint64_t seed = 20120810;
  SCOPED_TRACE(seed);
  Random random(seed);
  const std::vector<std::string> seeds = {
      std::string(kGet), post("Content-Length: 5\r\n", "hello"),
      post("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n"),
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
  for (int round = 0; round < 3000; ++round) {
    std::string input;
    for (uint64_t i = random.between(1, 3); i > 0; --i) input += seeds[random.below(seeds.size())];
    for (uint64_t i = random.below(3); i > 0; --i) {
      input[random.below(input.size())] = "\r\n \t:;0a\0"[random.below(9)];
    }
    ASSERT_EQ(transcript(input, nullptr), transcript(input, &random)) << round;
  }
}

}  // namespace
}  // namespace varve::api
