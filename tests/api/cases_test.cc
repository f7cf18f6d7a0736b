// Runs tests/api/cases/*.txt: requests and the answers DynamoDB gives to them. The format is in tests/api/cases/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/api/test_database.h"

namespace varve::api {
namespace {

struct Case {
  int line = 0;
  std::string operation, body;
  int status = 0;
  std::string expected;               // exact body, or "<Exception>: <message>"
  std::vector<std::string> contains;  // parts of the body
};

// {{x*400}}: a text repeated.
std::string expand(std::string text) {
  for (size_t begin = text.find("{{"); begin != std::string::npos; begin = text.find("{{", begin)) {
    const size_t star = text.rfind('*', text.find("}}", begin));
    const size_t end = text.find("}}", begin);
    if (end == std::string::npos || star == std::string::npos || star < begin) break;
    const std::string unit = text.substr(begin + 2, star - begin - 2);
    std::string repeated;
    for (int left = std::stoi(text.substr(star + 1, end - star - 1)); left > 0; --left) repeated += unit;
    text.replace(begin, end + 2 - begin, repeated);
    begin += repeated.size();
  }
  return text;
}

std::string compact(Slice json) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || !std::isspace(static_cast<unsigned char>(c))) out += c;
  }
  return out;
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream in(path);
  std::vector<Case> cases;
  std::string line;
  bool in_answer = true;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("= ")) {
      Case& last = cases.back();
      last.status = std::stoi(line.substr(2, 3));
      last.expected = line.size() > 6 ? line.substr(6) : "";
      in_answer = true;
    } else if (line.starts_with("~ ")) {
      cases.back().contains.push_back(expand(line.substr(2)));
    } else if (line.empty()) {
      continue;
    } else if (line[0] == ' ' || line[0] == '\t') {
      (in_answer ? cases.back().expected : cases.back().body) += line;
    } else {
      const size_t space = line.find(' ');
      Case next;
      next.line = number;
      next.operation = line.substr(0, space);
      next.body = space == std::string::npos ? "" : line.substr(space + 1);
      cases.push_back(std::move(next));
      in_answer = false;
    }
  }
  return cases;
}

// The member of an error body, unescaped enough for messages.
std::string member(const std::string& body, const std::string& name) {
  const size_t at = body.find("\"" + name + "\":\"");
  if (at == std::string::npos) return "";
  std::string value;
  for (size_t i = at + name.size() + 4; i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\') ++i;
    value += body[i];
  }
  return value;
}

void check(const Case& c, const dynamo::Response& response, const std::string& file) {
  SCOPED_TRACE(file + ":" + std::to_string(c.line) + " " + c.operation);
  EXPECT_EQ(response.status, c.status) << response.body.substr(0, 500);
  for (const std::string& part : c.contains) {
    EXPECT_NE(response.body.find(part), std::string::npos) << "missing: " << part << "\n" << response.body;
  }
  if (c.status == 200) {
    EXPECT_EQ(response.error_type, "");
    if (c.contains.empty()) {
      EXPECT_EQ(response.body, compact(expand(c.expected)));
    }
    return;
  }
  const size_t colon = c.expected.find(':');
  const std::string type = c.expected.substr(0, colon);
  const std::string message =
      colon == std::string::npos ? "" : expand(c.expected.substr(std::min(colon + 2, c.expected.size())));
  EXPECT_EQ(response.error_type, type);
  EXPECT_TRUE(member(response.body, "__type").ends_with("#" + type)) << response.body;
  // Which of the two it is, is each exception's own.
  const bool capital = response.body.find("\"Message\":") < response.body.find("\"message\":");
  const std::string got = member(response.body, capital ? "Message" : "message");
  if (message != "*") {
    EXPECT_EQ(got, message);
  }
}

class Cases : public ::testing::TestWithParam<std::string> {};

TEST_P(Cases, AnswerAsDynamoDbDoes) {
  const std::string path = std::string(VARVE_SOURCE_DIR) + "/tests/api/cases/" + GetParam() + ".txt";
  const std::vector<Case> cases = read_cases(path);
  ASSERT_FALSE(cases.empty());
  with_dispatcher(1, [&](dynamo::Dispatcher* dispatcher) {
    for (const Case& c : cases) check(c, call(dispatcher, c.operation, expand(c.body)), GetParam() + ".txt");
  });
}

std::vector<std::string> case_files() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(VARVE_SOURCE_DIR) + "/tests/api/cases")) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Cases, ::testing::ValuesIn(case_files()),
                         [](const auto& file) { return file.param; });

}  // namespace
}  // namespace varve::api
