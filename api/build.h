// Expressions from C++: conditions, filters, key conditions, updates and projections whose names and values stand where they are
// used, so that there are no placeholders to invent.
//
//   using namespace varve::api::build;
//   put.set_condition(attribute("UserID").not_exists());
//   update.set_update(Update().set(attribute("visits"), if_not_exists(attribute("visits"), 0) + 1).remove(attribute("draft")));
//   query.set_key_condition(attribute("UserID") == "123" && attribute("at").between(10, 20));
//   query.set_filter(text("size(labels) > ? AND \"name\" <> ?", 3, "Ada"));
//   get.set_projection({attribute("Name"), attribute("address")["city"], attribute("phones")[0]});
//
// What is built is DynamoDB's text with placeholders (#c0, :c0 for a condition, u for an update, k, f and p likewise), put into the
// request. The same parser and evaluator read it as read what comes over the wire, so errors are DynamoDB's and are told when
// the request is carried out; nothing here fails. A request may be given another expression later: it replaces the first.
//
// Cost: building is a few small allocations. The text depends on the shape alone, not on values, so the database finds it parsed
// (api/expression/syntax_cache.h) from the second request on.
//
// Threads: values; share none.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/dynamo/requests.h"

namespace varve::api::build {

// The conversions here are implicit on purpose: they are what lets an expression be written as C++.

// A value of the data model from what C++ has for it. There is none from double, which would lose digits: Number::parse takes text.
class Value {
 public:
  Value(AttributeValue value) : value_(std::move(value)) {}
  Value(const index::Number& value) : value_(AttributeValue::number(value)) {}
  Value(const char* text) : value_(AttributeValue::string(text)) {}
  Value(std::string text) : value_(AttributeValue::string(std::move(text))) {}
  Value(Slice text) : value_(AttributeValue::string(std::string(text))) {}
  template <std::integral T>
  Value(T value) : value_(of_integer(value)) {}
  template <std::floating_point T>
  Value(T value) = delete;

  const AttributeValue& get() const { return value_; }

 private:
  template <std::integral T>
  static AttributeValue of_integer(T value) {
    if constexpr (std::is_same_v<T, bool>) {
      return AttributeValue::boolean(value);
    } else if constexpr (std::is_unsigned_v<T>) {
      return AttributeValue::number(index::Number::from_unsigned(value));
    } else {
      return AttributeValue::number(index::Number(value));
    }
  }
  AttributeValue value_;
};

// Text with names and values in it: what all the others are made of.
class Fragment {
 public:
  Fragment() = default;
  explicit Fragment(std::string text) { append(std::move(text)); }
  static Fragment name(std::string name);
  static Fragment value(const Value& value);

  Fragment& append(Slice text);
  Fragment& append(const Fragment& other);
  bool empty() const { return parts_.empty(); }

  // The text, with placeholders that begin with `prefix` for names and values, which are put into *attributes in the place of
  // those that begin so.
  std::string render(char prefix, ExpressionAttributes* attributes) const;

 private:
  enum class Kind : uint8_t { kText, kName, kValue };
  struct Part {
    Kind kind = Kind::kText;
    std::string text;  // kText, kName
    AttributeValue value;
  };
  std::vector<Part> parts_;
};

class Condition;

// One side of a comparison, or what an attribute is set to.
class Operand {
 public:
  template <typename T>
    requires(std::convertible_to<T, Value> && !std::derived_from<std::remove_cvref_t<T>, Operand>)
  Operand(T&& value) : fragment_(Fragment::value(std::forward<T>(value))) {}
  explicit Operand(Fragment fragment) : fragment_(std::move(fragment)) {}

  Condition between(const Operand& low, const Operand& high) const;  // low <= this <= high
  Condition in(std::initializer_list<Operand> candidates) const;     // 1 to 100
  Condition begins_with(const Operand& prefix) const;
  Condition contains(const Operand& part) const;

  const Fragment& fragment() const { return fragment_; }

 protected:
  Fragment fragment_;
};

// A place in an item.
class Path : public Operand {
 public:
  Path operator[](const std::string& member) const;  // of a map
  Path operator[](const char* member) const { return (*this)[std::string(member)]; }
  template <std::integral T>
  Path operator[](T element) const {  // of a list
    return step("[" + std::to_string(element) + "]");
  }
  Condition exists() const;
  Condition not_exists() const;
  Condition is(index::AttributeType type) const;

 private:
  friend Path attribute(std::string name);
  explicit Path(Fragment fragment) : Operand(std::move(fragment)) {}
  Path step(const std::string& text) const;
};

// An attribute by its name as it is: dots, brackets and reserved words mean nothing in it.
Path attribute(std::string name);
Operand size(const Path& path);

// What conditions, filters and key conditions are.
class Condition {
 public:
  const Fragment& fragment() const { return fragment_; }

 private:
  // What binds less tightly stands in parentheses.
  enum class Binding : uint8_t { kText, kOr, kAnd, kNot, kTerm };
  friend class Operand;
  friend class Path;
  friend class Text;
  friend Condition compare(const Operand& left, Slice op, const Operand& right);
  friend Condition operator&&(const Condition& left, const Condition& right);
  friend Condition operator||(const Condition& left, const Condition& right);
  friend Condition operator!(const Condition& condition);

  Condition(Fragment fragment, Binding binding) : fragment_(std::move(fragment)), binding_(binding) {}
  static Condition call(Slice function, const Operand& first, const Operand* second);
  static Condition join(const Condition& left, Slice word, const Condition& right, Binding binding);
  Fragment inside(Binding outer) const;

  Fragment fragment_;
  Binding binding_ = Binding::kTerm;
};

Condition compare(const Operand& left, Slice op, const Operand& right);
inline Condition operator==(const Operand& left, const Operand& right) { return compare(left, "=", right); }
inline Condition operator!=(const Operand& left, const Operand& right) { return compare(left, "<>", right); }
inline Condition operator<(const Operand& left, const Operand& right) { return compare(left, "<", right); }
inline Condition operator<=(const Operand& left, const Operand& right) { return compare(left, "<=", right); }
inline Condition operator>(const Operand& left, const Operand& right) { return compare(left, ">", right); }
inline Condition operator>=(const Operand& left, const Operand& right) { return compare(left, ">=", right); }
Condition operator&&(const Condition& left, const Condition& right);
Condition operator||(const Condition& left, const Condition& right);
Condition operator!(const Condition& condition);

// What SET may compute.
Operand operator+(const Operand& left, const Operand& right);
Operand operator-(const Operand& left, const Operand& right);
Operand if_not_exists(const Path& path, const Operand& otherwise);
Operand list_append(const Operand& front, const Operand& back);

// The clauses of an update, in any order.
class Update {
 public:
  Update& set(const Path& path, const Operand& to);
  Update& remove(const Path& path);
  Update& add(const Path& path, const Value& value);    // to a number, or elements to a set
  Update& erase(const Path& path, const Value& value);  // elements from a set (DELETE)

  Fragment fragment() const;

 private:
  friend class Text;
  static void clause(Fragment* section, Slice word, const Fragment& content);
  Fragment set_, remove_, add_, erase_;
};

class Projection {
 public:
  Projection(std::initializer_list<Path> paths);
  const Fragment& fragment() const { return fragment_; }

 private:
  friend class Text;
  explicit Projection(Fragment fragment) : fragment_(std::move(fragment)) {}
  Fragment fragment_;
};

// Any of them from text in which each `?` stands for the next value, and "a name" in double quotes for an attribute's name as it
// is (two double quotes are one of them). All else is as DynamoDB has it. A `?` or a value too many is a syntax error of the
// request.
class Text {
 public:
  explicit Text(Fragment fragment) : fragment_(std::move(fragment)) {}
  operator Condition() const { return {fragment_, Condition::Binding::kText}; }
  operator Update() const;
  operator Projection() const { return Projection(fragment_); }

 private:
  Fragment fragment_;
};

Text text_with(Slice expression, std::vector<Value> values);
template <typename... Values>
Text text(Slice expression, Values&&... values) {
  return text_with(expression, {Value(std::forward<Values>(values))...});
}

}  // namespace varve::api::build
