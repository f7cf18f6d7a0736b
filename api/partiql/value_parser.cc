// Literals and parameters.
#include "api/partiql/parser.h"

namespace varve::api::partiql {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

bool Parser::is_value() const {
  switch (token().kind) {
    case TokenKind::kString:
    case TokenKind::kNumber:
    case TokenKind::kParameter:
      return true;
    case TokenKind::kSymbol:
      return is_symbol("[") || is_symbol("{") || is_symbol("<<") || is_symbol("-") || is_symbol("+");
    case TokenKind::kWord:
      return is_any_keyword({"TRUE", "FALSE", "NULL"});
    case TokenKind::kQuotedName:
    case TokenKind::kEnd:
      break;
  }
  return false;
}

Result<AttributeValue> Parser::take_parameter() {
  advance();
  // Too few are reported once the whole statement was found well formed.
  const size_t i = parameters_used_++;
  return i < parameters_.size() ? parameters_[i] : AttributeValue::list({});
}

Result<AttributeValue> Parser::parse_number(const std::string& place, bool negative) {
  if (token().kind != TokenKind::kNumber) return unexpected();
  const Result<Number> number = Number::parse((negative ? "-" : "") + token().text);
  if (!number.ok()) return Status::invalid_argument(number.status().message() + " under " + place);
  advance();
  return AttributeValue::number(*number);
}

Result<AttributeValue> Parser::parse_value(const std::string& place) {
  if (token().kind == TokenKind::kString) {
    AttributeValue value = AttributeValue::string(token().text);
    advance();
    return value;
  }
  if (token().kind == TokenKind::kNumber) return parse_number(place, false);
  if (token().kind == TokenKind::kParameter) return take_parameter();
  if (take_symbol("-")) return parse_number(place, true);
  if (take_symbol("+")) return parse_number(place, false);
  if (take_keyword("TRUE")) return AttributeValue::boolean(true);
  if (take_keyword("FALSE")) return AttributeValue::boolean(false);
  if (take_keyword("NULL")) return AttributeValue::null();
  if (!is_symbol("[") && !is_symbol("{") && !is_symbol("<<")) return unexpected();
  VARVE_RETURN_IF_ERROR(enter());
  auto value = is_symbol("[") ? parse_list(place) : is_symbol("{") ? parse_map(place) : parse_set(place);
  leave();
  return value;
}

Result<AttributeValue> Parser::parse_list(const std::string& place) {
  advance();
  AttributeValue::List elements;
  if (!is_symbol("]")) {
    do {
      VARVE_ASSIGN_OR_RETURN(AttributeValue element,
                             parse_value(place + "[" + std::to_string(elements.size()) + "]"));
      elements.push_back(std::move(element));
    } while (take_symbol(","));
  }
  VARVE_RETURN_IF_ERROR(expect_symbol("]"));
  return AttributeValue::list(std::move(elements));
}

Result<AttributeValue> Parser::parse_map(const std::string& place) {
  advance();
  std::vector<index::Attribute> members;
  if (!is_symbol("}")) {
    do {
      if (token().kind != TokenKind::kString) return unexpected();
      std::string name = token().text;
      advance();
      VARVE_RETURN_IF_ERROR(expect_symbol(":"));
      VARVE_ASSIGN_OR_RETURN(AttributeValue value, parse_value(place + "." + name));
      members.push_back({std::move(name), std::move(value)});
    } while (take_symbol(","));
  }
  VARVE_RETURN_IF_ERROR(expect_symbol("}"));
  return AttributeValue::map(index::AttributeMap::from_unsorted(std::move(members)));
}

// <<1, 2>>: a set of the type of its elements.
Result<AttributeValue> Parser::parse_set(const std::string& place) {
  advance();
  std::vector<std::string> texts;
  std::vector<Number> numbers;
  AttributeType type = AttributeType::kString;
  size_t count = 0;
  if (!is_symbol(">>")) {
    do {
      VARVE_ASSIGN_OR_RETURN(const AttributeValue element,
                             parse_value(place + "[" + std::to_string(count) + "]"));
      if (count++ == 0) type = element.type();
      if (element.type() != type || !index::is_scalar_key_type(type)) {
        return Status::invalid_argument(
            "All elements of a set must be strings, numbers or binaries of one type");
      }
      if (type == AttributeType::kNumber) {
        numbers.push_back(element.as_number());
      } else {
        texts.push_back(element.as_bytes());
      }
    } while (take_symbol(","));
  }
  VARVE_RETURN_IF_ERROR(expect_symbol(">>"));
  if (type == AttributeType::kNumber) return AttributeValue::number_set(std::move(numbers));
  if (type == AttributeType::kBinary) return AttributeValue::binary_set(std::move(texts));
  return AttributeValue::string_set(std::move(texts));
}

}  // namespace varve::api::partiql
