// Runs tests/api/cases/*.txt: requests and the answers DynamoDB gives to them, over every face of the database: the
// dispatcher, a server on a socket, and the C++ API. The format is in tests/api/cases/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/api/test_database.h"
#include "tests/support/faces.h"
#include "tests/support/temporary_directory.h"

namespace varve::api {
namespace {

struct Case {
  int line = 0;
  std::string operation, body;
  int status = 0;
  std::string expected;                              // exact body, or "<Exception>: <message>"
  std::vector<std::string> contains;                 // parts of the body
  std::map<std::string, std::string> inexpressible;  // face -> reason
  // A name, and the member whose string it is to stand for.
  std::vector<std::pair<std::string, std::string>> kept;
};

using Names = std::map<std::string, std::string>;

// ${name}: what an earlier answer had.
std::string with_names(std::string text, const Names& names) {
  for (const auto& [name, value] : names) {
    const std::string reference = "${" + name + "}";
    for (size_t at = text.find(reference); at != std::string::npos; at = text.find(reference, at)) {
      text.replace(at, reference.size(), value);
      at += value.size();
    }
  }
  return text;
}

struct CaseFile {
  std::vector<Case> cases;
  std::map<std::pair<std::string, std::string>, std::string> absent;  // (face, operation) -> reason
};

// "- typed: reason" speaks of the case before it, "- typed Operation...: reason" of the operations' cases in the file.
void read_exception(const std::string& line, CaseFile* file) {
  const size_t colon = line.find(": ");
  ASSERT_NE(colon, std::string::npos) << "no reason in: " << line;
  const std::string reason = line.substr(colon + 2);
  std::istringstream words(line.substr(2, colon - 2));
  std::string face, operation;
  words >> face;
  if (words.eof()) {
    ASSERT_FALSE(file->cases.empty()) << "no case before: " << line;
    file->cases.back().inexpressible[face] = reason;
  }
  while (words >> operation) file->absent[{face, operation}] = reason;
}

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

CaseFile read_cases(const std::string& path) {
  std::ifstream in(path);
  CaseFile file;
  std::vector<Case>& cases = file.cases;
  std::string line;
  bool in_answer = true;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("- ")) {
      read_exception(line, &file);
    } else if (line.starts_with("= ")) {
      Case& last = cases.back();
      last.status = std::stoi(line.substr(2, 3));
      last.expected = line.size() > 6 ? line.substr(6) : "";
      in_answer = true;
    } else if (line.starts_with("~ ")) {
      cases.back().contains.push_back(expand(line.substr(2)));
    } else if (line.starts_with("$ ")) {
      const size_t equals = line.find(" = ");
      cases.back().kept.emplace_back(line.substr(2, equals - 2), line.substr(equals + 3));
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
  return file;
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

void check(const Case& c, const dynamo::Response& response) {
  EXPECT_EQ(response.status, c.status) << response.body.substr(0, 500);
  for (const std::string& part : c.contains) {
    EXPECT_NE(response.body.find(part), std::string::npos) << "missing: " << part << "\n" << response.body;
  }
  if (c.status == 200) {
    EXPECT_EQ(response.error_type, "");
    if (c.contains.empty() && c.kept.empty()) {
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

// Identities and times differ from database to database; all else of an answer is the same whoever gives it.
std::string comparable(const dynamo::Response& response) {
  static const std::regex kVaries(
      R"re(("TableId":"[^"]*")|("[A-Za-z]*DateTime":[0-9.E]+)|("(NextToken|RevisionId)":"[^"]*"))re"
      R"re(|("[A-Za-z]*(StreamArn|StreamLabel|ShardId|ShardIterator|SequenceNumber)":"[^"]*"))re"
      R"re(|("eventID":"[^"]*")|(arn:[^" ]*/stream/[^" ]*))re");
  return std::to_string(response.status) + " " + std::regex_replace(response.body, kVaries, "");
}

// Runs cases over one face after the other and holds the answers of the first against the others'.
class Conversation {
 public:
  explicit Conversation(const std::string& name)
      : name_(name + ".txt"),
        file_(read_cases(std::string(VARVE_SOURCE_DIR) + "/tests/api/cases/" + name_)),
        first_answers_(file_.cases.size()) {}

  size_t size() const { return file_.cases.size(); }

  void run(const std::string& face_name, Face* face) {
    Names names;
    for (size_t i = 0; i < file_.cases.size(); ++i) {
      Case c = file_.cases[i];
      c.expected = with_names(c.expected, names);
      for (std::string& part : c.contains) part = with_names(part, names);
      SCOPED_TRACE(name_ + ":" + std::to_string(c.line) + " " + c.operation + " by " + face_name);
      const auto response = face->call(c.operation, expand(with_names(c.body, names)));
      if (is_inexpressible(c, face_name)) {
        EXPECT_FALSE(response.has_value()) << "this face can express the case now: take the exception out";
        continue;
      }
      if (!response) {
        ADD_FAILURE() << "this face cannot express the case: say so and why with \"- " << face_name
                      << ": ...\"";
        continue;
      }
      check(c, *response);
      for (const auto& [name, from] : c.kept) names[name] = member(response->body, from);
      compare(&first_answers_[i], *response);
    }
  }

 private:
  bool is_inexpressible(const Case& c, const std::string& face) const {
    return c.inexpressible.count(face) > 0 || file_.absent.count({face, c.operation}) > 0;
  }
  static void compare(std::string* first, const dynamo::Response& response) {
    const std::string answer = comparable(response);
    if (first->empty()) *first = answer;
    EXPECT_EQ(answer, *first);
  }

  const std::string name_;
  const CaseFile file_;
  std::vector<std::string> first_answers_;
};

class Cases : public ::testing::TestWithParam<std::string> {};

TEST_P(Cases, AnswerAsDynamoDbDoesOverEveryFace) {
  Conversation conversation(GetParam());
  ASSERT_GT(conversation.size(), 0u);
  with_dispatcher(1, [&](dynamo::Dispatcher* dispatcher) {
    DispatcherFace face(dispatcher);
    conversation.run("dispatcher", &face);
  });
  with_database(1, [&](Database* database) {
    TypedFace<Database> face(database);
    conversation.run("typed", &face);
  });
  with_database(1, [&](Database* database) {
    CompletedDatabase completed(database);
    TypedFace<CompletedDatabase> face(&completed);
    conversation.run("typed", &face);
  });
  TemporaryDirectory directory;
  DatabaseOptions options;
  options.store.memory_bytes = 32u << 20;
  options.store.durability = partition::Durability::kInterval;  // what is not asked here costs no time
  const auto database = Database::open(directory.path(), options);
  ASSERT_TRUE(database.ok());
  const WireServer server(database->get());
  WireFace face(server.endpoint());
  conversation.run("wire", &face);
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
