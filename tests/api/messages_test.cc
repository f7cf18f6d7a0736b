// Holds the list of DynamoDB's error texts (tests/api/data/messages.tsv) against the answers that the cases provoke.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace varve::api {
namespace {

struct Message {
  std::string id, exception, text, evidence, waits_for;
};

const std::string kTests = std::string(VARVE_SOURCE_DIR) + "/tests/api";

std::vector<Message> read_messages() {
  std::ifstream in(kTests + "/data/messages.tsv");
  std::vector<Message> messages;
  std::string line;
  std::getline(in, line);  // the header
  while (std::getline(in, line)) {
    std::istringstream columns(line);
    Message message;
    for (std::string* column :
         {&message.id, &message.exception, &message.text, &message.evidence, &message.waits_for}) {
      std::getline(columns, *column, '\t');
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

// "<Exception>: <message>" of every refusal that the cases expect.
std::vector<std::string> read_refusals() {
  std::vector<std::string> refusals;
  for (const auto& file : std::filesystem::directory_iterator(kTests + "/cases")) {
    if (file.path().extension() != ".txt") continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("= 4")) refusals.push_back(line.substr(6));
    }
  }
  return refusals;
}

// What stands between the placeholders of a text, which may be nested: "keys: {{list}}".
std::vector<std::string> literals(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '}') --depth;
    if (depth == 0 && c != '}' && c != '{') parts.back() += c;
    if (c == '{' && depth++ == 0) parts.emplace_back();
  }
  return parts;
}

// Texts that are only ever a part of another: of a constraint's sentence, of a statement's place in a transaction.
bool is_fragment(const Message& message) {
  return (message.id.starts_with("constraint.") && message.id != "constraint.envelope") ||
         message.id == "pq.tx_returning" || message.id == "pq.tx_index";
}

// The whole of a refusal is the text, with anything in the places of its placeholders; a fragment may stand anywhere in it.
bool is_refusal_of(const Message& message, const std::vector<std::string>& parts,
                   const std::string& refusal) {
  if (!refusal.starts_with(message.exception + ": ")) return false;
  const std::string text = refusal.substr(message.exception.size() + 2);
  size_t at = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    const size_t found = is_last && !is_fragment(message) && text.size() >= at + parts[i].size()
                             ? text.size() - parts[i].size()  // the end of the text
                             : text.find(parts[i], at);
    if (found == std::string::npos || found < at || text.compare(found, parts[i].size(), parts[i]) != 0)
      return false;
    if (i == 0 && found != 0 && !is_fragment(message)) return false;
    at = found + parts[i].size();
  }
  return is_fragment(message) || at == text.size();
}

bool is_provoked(const Message& message, const std::vector<std::string>& refusals) {
  const std::vector<std::string> parts = literals(message.text);
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](const std::string& refusal) { return is_refusal_of(message, parts, refusal); });
}

TEST(Messages, EveryVerifiedTextOfAnExistingOperationIsProvokedByACase) {
  const std::vector<std::string> refusals = read_refusals();
  const std::vector<Message> messages = read_messages();
  ASSERT_GT(messages.size(), 200u);
  size_t provoked = 0, waiting = 0;
  for (const Message& message : messages) {
    const bool is_covered = is_provoked(message, refusals);
    if (is_covered) ++provoked;
    // What waits is forgotten easily: the list says the truth or fails.
    EXPECT_FALSE(is_covered && !message.waits_for.empty())
        << message.id << " is provoked and does not wait for " << message.waits_for;
    if (is_covered || message.evidence != "V") continue;
    if (message.waits_for.empty()) {
      ADD_FAILURE() << message.id << ": no case provokes \"" << message.text << '"';
    } else {
      ++waiting;
    }
  }
  std::cout << "texts provoked: " << provoked << " of " << messages.size()
            << "; verified ones that wait for a feature: " << waiting << '\n';
}

TEST(Messages, ATextThatNothingProvokesIsFound) {
  const Message unheard_of{"x", "ValidationException", "No case says {this}", "V", ""};
  EXPECT_FALSE(is_provoked(unheard_of, read_refusals()));
  EXPECT_TRUE(is_provoked(unheard_of, {"ValidationException: No case says that"}));
  EXPECT_FALSE(is_provoked(unheard_of, {"ValidationException: See: No case says that"}));
  const Message whole{"y", "ValidationException", "No {case} says so", "V", ""};
  EXPECT_TRUE(is_provoked(whole, {"ValidationException: No text says so"}));
  EXPECT_FALSE(is_provoked(whole, {"ValidationException: No text says so, or does it"}));
  EXPECT_FALSE(is_provoked(whole, {"ResourceInUseException: No text says so"}));
}

}  // namespace
}  // namespace varve::api
