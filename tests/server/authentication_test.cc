// The shape of a signature: which refusal, with which words, before the handler sees the request.
#include "api/server/authentication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "api/server/server.h"
#include "tests/server/fake_reactor.h"
#include "tests/server/signed_request.h"

namespace varve::api {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Slice kMissing = "MissingAuthenticationTokenException: Request is missing Authentication Token";

// "" when accepted, else "<type>: <message>".
std::string check(const std::string& fields, const std::string& target = "/") {
  HttpParser parser;
  const std::string request = "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  EXPECT_EQ(parser.feed(request), request.size());
  EXPECT_TRUE(parser.complete());
  const auto refusal = check_authentication(parser);
  return refusal ? std::string(refusal->type) + ": " + refusal->message : "";
}

const std::string kDate = "X-Amz-Date: 20260101T000000Z\r\n";
const std::string kCredential = "Credential=key/20260101/us-east-1/dynamodb/aws4_request";
const std::string kRest = ", SignedHeaders=host, Signature=0\r\n";

std::string authorization(const std::string& value) { return "Authorization: " + value + "\r\n"; }

TEST(Authentication, AnyWellFormedSignatureIsAccepted) {
  EXPECT_EQ(check(std::string(kSignatureFields)), "");
  EXPECT_EQ(
      check(kDate + "Authorization: AWS4-HMAC-SHA256 " + kCredential + ",SignedHeaders=host,Signature=0\r\n"),
      "");
  EXPECT_EQ(
      check(kDate + "Authorization: AWS4-HMAC-SHA256 " + kCredential + " SignedHeaders=host Signature=0\r\n"),
      "");
  EXPECT_EQ(check(kDate + "Authorization: AWS4-HMAC-SHA256 Credential=k/1/any/other/thing//" + kRest), "");
  EXPECT_EQ(
      check("Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nAuthorization: AWS4-HMAC-SHA256 " + kCredential + kRest),
      "");
}

TEST(Authentication, RequestWithoutASignatureIsMissingIt) {
  EXPECT_EQ(check(""), kMissing);
  EXPECT_EQ(check(kDate), kMissing);
  EXPECT_EQ(check(kDate + authorization("Basic dmFydmU6dmFydmU=")), kMissing);
  EXPECT_EQ(check(kDate + authorization("")), kMissing);
  EXPECT_EQ(check("", "/?X-Amz-Signature=0"), kMissing);
}

TEST(Authentication, EachMissingPartIsNamedInOrder) {
  EXPECT_EQ(check(authorization("AWS4-")),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. "
            "Authorization header "
            "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
            "Authorization "
            "header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-");
  EXPECT_EQ(check(kDate + authorization("AWS4-HMAC-SHA256 Credential=a, Signature=b")),
            "IncompleteSignatureException: Authorization header requires 'SignedHeaders' parameter. "
            "Authorization=AWS4-HMAC-SHA256 Credential=a, Signature=b");
  EXPECT_EQ(check(kDate + authorization("AWS4-HMAC-SHA256 Credential=, Signature=b, SignedHeaders=c")),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. "
            "Authorization=AWS4-HMAC-SHA256 Credential=, Signature=b, SignedHeaders=c");
}

TEST(Authentication, MalformedPartsAreQuoted) {
  EXPECT_EQ(
      check("X-Amz-Date: 2026-01-01T00:00:00Z\r\nAuthorization: AWS4-HMAC-SHA256 " + kCredential + kRest),
      "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '2026-01-01T00:00:00Z'. "
      "See "
      "http://en.wikipedia.org/wiki/ISO_8601");
  EXPECT_EQ(check(kDate + "Authorization: AWS4-HMAC-SHA1 " + kCredential + kRest),
            "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only "
            "AWS4-HMAC-SHA256 for "
            "now). ");
  EXPECT_EQ(check(kDate + "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/" + kRest),
            "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d/'");
}

TEST(Authentication, QueryFormIsCheckedAlike) {
  const std::string whole =
      "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2f1%2Fr%2Fdynamodb%2Faws4_request&X-Amz-Date="
      "20260101T000000Z"
      "&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
  EXPECT_EQ(check("", whole), "");
  EXPECT_EQ(check("", "/?X-Amz-Algorithm&X-Amz-Credential=a"),
            "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Algorithm'. AWS "
            "query-string "
            "parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
            "'X-Amz-SignedHeaders'. "
            "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.");
  EXPECT_EQ(
      check("",
            "/?X-Amz-Algorithm=A&X-Amz-Credential=a%&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=h"
            "&X-Amz-Signature=0"),
      "IncompleteSignatureException: Unsupported AWS 'algorithm': 'A' (only AWS4-HMAC-SHA256 for now). ");
  EXPECT_EQ(check(std::string(kSignatureFields), whole),
            "InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and "
            "'Authorization' as "
            "HTTP header.");
}

class AuthenticationServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.refuse_unsigned_first = [](Slice, Slice body) -> std::optional<dynamo::Response> {
      if (body != "not JSON") return std::nullopt;
      return dynamo::Response{400, "refused for its syntax", "SerializationException"};
    };
    server_ = std::make_unique<Server>(&reactor_, std::move(options),
                                       [this](Slice, Slice, const Server::Done& done) {
                                         ++handled_;
                                         done({200, "handled", {}});
                                       });
    ASSERT_TRUE(server_->listen("localhost", 1).ok());
  }
  std::string ask(const std::string& request) {
    FakeConnection* client = reactor_.connect();
    reactor_.receive(client, request);
    EXPECT_FALSE(client->closing);
    return client->sent;
  }

  FakeReactor reactor_;
  size_t handled_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(AuthenticationServerTest, UnsignedOperationsAreRefusedUnseen) {
  const std::string answer = ask(unsigned_operation("{}"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer,
              EndsWith("\r\n\r\n{\"__type\":\"com.amazon.coral.service#MissingAuthenticationTokenException\","
                       "\"message\":\"Request is missing Authentication Token\"}"));
  EXPECT_EQ(handled_, 0u);
  EXPECT_THAT(ask(operation("{}")), EndsWith("handled"));
}

TEST_F(AuthenticationServerTest, SyntaxIsRefusedBeforeTheMissingSignature) {
  EXPECT_THAT(ask(unsigned_operation("not JSON")), EndsWith("refused for its syntax"));
  EXPECT_THAT(ask(operation("not JSON")), EndsWith("handled"));
  EXPECT_EQ(handled_, 1u);
}

TEST_F(AuthenticationServerTest, QuotedFieldsCannotBreakTheAnswersJson) {
  EXPECT_THAT(ask(unsigned_operation("{}", authorization("AWS4-\"\\\t\xff"))),
              HasSubstr(R"(Authorization=AWS4-\"\\\u0009\u00ff"})"));
}

TEST_F(AuthenticationServerTest, HealthAndBrowsersQuestionsNeedNoSignature) {
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace varve::api
