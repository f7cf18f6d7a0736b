// Items as people write them, for test tables:
//
//   {pk: 'a', n: -1.5e3, b: x'00ff', t: true, z: null, l: [1, 'x'], m: {k: 2}, ss: <'a', 'b'>, ns: <1, 2>, bs: <x'00'>}
//
// Names are bare words or quoted. A malformed literal is a bug of the test: it aborts.
#pragma once

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "index/attribute_value.h"

namespace varve::index {

class LiteralParser {
 public:
  explicit LiteralParser(Slice text) : text_(text) {}

  AttributeValue value() {
    switch (peek()) {
      case '\'':
        return AttributeValue::string(quoted());
      case '{':
        return AttributeValue::map(map());
      case '[':
        return AttributeValue::list(sequence('[', ']'));
      case '<':
        return set();
      default:
        break;
    }
    const std::string word = bare();
    if (word == "true" || word == "false") return AttributeValue::boolean(word == "true");
    if (word == "null") return AttributeValue::null();
    if (word == "x") return AttributeValue::binary(from_hex(quoted()));
    Result<Number> number = Number::parse(word);
    CHECK(number.ok());
    return AttributeValue::number(*number);
  }

  AttributeMap map() {
    std::vector<Attribute> attributes;
    take('{');
    while (peek() != '}') {
      std::string name = peek() == '\'' ? quoted() : bare();
      take(':');
      attributes.push_back({std::move(name), value()});
      if (peek() == ',') take(',');
    }
    take('}');
    return AttributeMap::from_unsorted(std::move(attributes));
  }

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  char peek() {
    skip_space();
    CHECK(at_ < text_.size());
    return text_[at_];
  }
  void take(char c) {
    CHECK(peek() == c);
    ++at_;
  }
  std::string bare() {
    skip_space();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  Slice("+-._").find(text_[at_]) != Slice::npos)) {
      ++at_;
    }
    CHECK(at_ > begin);
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string quoted() {
    take('\'');
    const size_t end = text_.find('\'', at_);
    CHECK(end != Slice::npos);
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }
  static std::string from_hex(const std::string& hex) {
    std::string out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return out;
  }
  std::vector<AttributeValue> sequence(char open, char close) {
    std::vector<AttributeValue> out;
    take(open);
    while (peek() != close) {
      out.push_back(value());
      if (peek() == ',') take(',');
    }
    take(close);
    return out;
  }
  AttributeValue set() {
    const std::vector<AttributeValue> elements = sequence('<', '>');
    CHECK(!elements.empty());
    std::vector<std::string> strings;
    std::vector<Number> numbers;
    for (const AttributeValue& e : elements) {
      if (e.is(AttributeType::kNumber)) {
        numbers.push_back(e.as_number());
      } else {
        strings.push_back(e.as_bytes());
      }
    }
    Result<AttributeValue> out = !numbers.empty() ? AttributeValue::number_set(std::move(numbers))
                                 : elements.front().is(AttributeType::kString)
                                     ? AttributeValue::string_set(std::move(strings))
                                     : AttributeValue::binary_set(std::move(strings));
    CHECK(out.ok());
    return std::move(out).value();
  }

  Slice text_;
  size_t at_ = 0;
};

inline AttributeValue value_of(Slice literal) {
  LiteralParser parser(literal);
  AttributeValue value = parser.value();
  CHECK(parser.at_end());
  return value;
}

inline Item item_of(Slice literal) {
  LiteralParser parser(literal);
  Item item = parser.map();
  CHECK(parser.at_end());
  return item;
}

}  // namespace varve::index
