#include "api/build.h"

#include <algorithm>

namespace varve::api {
namespace build {
namespace {

// Takes out the placeholders of an earlier expression of the same kind.
template <typename Entries>
void forget(std::optional<Entries>* entries, char mark, char prefix) {
  if (!*entries) return;
  std::erase_if(**entries, [&](const auto& entry) {
    return entry.first.size() > 2 && entry.first[0] == mark && entry.first[1] == prefix &&
           std::all_of(entry.first.begin() + 2, entry.first.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
  });
  if ((*entries)->empty()) entries->reset();
}

template <typename Entries, typename Content>
std::string add(std::optional<Entries>* entries, char mark, char prefix, size_t number,
                const Content& content) {
  std::string key{mark, prefix};
  key += std::to_string(number);
  if (!*entries) entries->emplace();
  (*entries)->emplace_back(key, content);
  return key;
}

}  // namespace

Fragment Fragment::name(std::string name) {
  Fragment fragment;
  fragment.parts_.push_back({Kind::kName, std::move(name), {}});
  return fragment;
}

Fragment Fragment::value(const Value& value) {
  Fragment fragment;
  fragment.parts_.push_back({Kind::kValue, {}, value.get()});
  return fragment;
}

Fragment& Fragment::append(Slice text) {
  if (text.empty()) return *this;
  if (parts_.empty() || parts_.back().kind != Kind::kText) parts_.push_back({});
  parts_.back().text += text;
  return *this;
}

Fragment& Fragment::append(const Fragment& other) {
  for (const Part& part : other.parts_) {
    if (part.kind == Kind::kText) {
      append(part.text);
    } else {
      parts_.push_back(part);
    }
  }
  return *this;
}

std::string Fragment::render(char prefix, ExpressionAttributes* attributes) const {
  forget(&attributes->names, '#', prefix);
  forget(&attributes->values, ':', prefix);
  std::string text;
  std::vector<std::pair<Slice, std::string>>
      names;  // a name has one placeholder however often it stands there
  size_t values = 0;
  for (const Part& part : parts_) {
    if (part.kind == Kind::kText) {
      text += part.text;
    } else if (part.kind == Kind::kValue) {
      text += add(&attributes->values, ':', prefix, values++, part.value);
    } else {
      const auto known =
          std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == part.text; });
      text +=
          known != names.end()
              ? known->second
              : names.emplace_back(part.text, add(&attributes->names, '#', prefix, names.size(), part.text))
                    .second;
    }
  }
  return text;
}

Path attribute(std::string name) { return Path(Fragment::name(std::move(name))); }

Path Path::operator[](const std::string& member) const {
  Fragment fragment = fragment_;
  return Path(std::move(fragment.append(".").append(Fragment::name(member))));
}

Path Path::step(const std::string& text) const {
  Fragment fragment = fragment_;
  return Path(std::move(fragment.append(text)));
}

Condition Path::exists() const { return Condition::call("attribute_exists", *this, nullptr); }
Condition Path::not_exists() const { return Condition::call("attribute_not_exists", *this, nullptr); }
Condition Path::is(index::AttributeType type) const {
  const Operand name(index::type_name(type));
  return Condition::call("attribute_type", *this, &name);
}

Condition Operand::between(const Operand& low, const Operand& high) const {
  Fragment fragment = fragment_;
  fragment.append(" BETWEEN ").append(low.fragment_).append(" AND ").append(high.fragment_);
  return {std::move(fragment), Condition::Binding::kTerm};
}

Condition Operand::in(std::initializer_list<Operand> candidates) const {
  Fragment fragment = fragment_;
  Slice separator = " IN (";
  for (const Operand& candidate : candidates) {
    fragment.append(separator).append(candidate.fragment_);
    separator = ", ";
  }
  return {std::move(fragment.append(")")), Condition::Binding::kTerm};
}

Condition Operand::begins_with(const Operand& prefix) const {
  return Condition::call("begins_with", *this, &prefix);
}
Condition Operand::contains(const Operand& part) const { return Condition::call("contains", *this, &part); }

Operand size(const Path& path) {
  Fragment fragment("size(");
  return Operand(std::move(fragment.append(path.fragment()).append(")")));
}

Condition Condition::call(Slice function, const Operand& first, const Operand* second) {
  Fragment fragment{std::string(function)};
  fragment.append("(").append(first.fragment());
  if (second != nullptr) fragment.append(", ").append(second->fragment());
  return {std::move(fragment.append(")")), Binding::kTerm};
}

Condition compare(const Operand& left, Slice op, const Operand& right) {
  Fragment fragment = left.fragment();
  fragment.append(" ").append(op).append(" ").append(right.fragment());
  return {std::move(fragment), Condition::Binding::kTerm};
}

// DynamoDB refuses parentheses around parentheses, so there are only those that are needed.
Fragment Condition::inside(Binding outer) const {
  if (binding_ >= outer) return fragment_;
  Fragment fragment("(");
  return std::move(fragment.append(fragment_).append(")"));
}

Condition Condition::join(const Condition& left, Slice word, const Condition& right, Binding binding) {
  Fragment fragment = left.inside(binding);
  fragment.append(word).append(right.inside(binding));
  return {std::move(fragment), binding};
}

Condition operator&&(const Condition& left, const Condition& right) {
  return Condition::join(left, " AND ", right, Condition::Binding::kAnd);
}
Condition operator||(const Condition& left, const Condition& right) {
  return Condition::join(left, " OR ", right, Condition::Binding::kOr);
}
Condition operator!(const Condition& condition) {
  Fragment fragment("NOT ");
  return {std::move(fragment.append(condition.inside(Condition::Binding::kNot))), Condition::Binding::kNot};
}

namespace {

Operand joined(const Operand& left, Slice op, const Operand& right) {
  Fragment fragment = left.fragment();
  return Operand(std::move(fragment.append(op).append(right.fragment())));
}

Operand called(Slice function, const Operand& first, const Operand& second) {
  Fragment fragment{std::string(function)};
  fragment.append("(").append(first.fragment()).append(", ").append(second.fragment());
  return Operand(std::move(fragment.append(")")));
}

}  // namespace

Operand operator+(const Operand& left, const Operand& right) { return joined(left, " + ", right); }
Operand operator-(const Operand& left, const Operand& right) { return joined(left, " - ", right); }
Operand if_not_exists(const Path& path, const Operand& otherwise) {
  return called("if_not_exists", path, otherwise);
}
Operand list_append(const Operand& front, const Operand& back) { return called("list_append", front, back); }

void Update::clause(Fragment* section, Slice word, const Fragment& content) {
  section->append(section->empty() ? word : Slice(", ")).append(content);
}

Update& Update::set(const Path& path, const Operand& to) {
  clause(&set_, "SET ", joined(path, " = ", to).fragment());
  return *this;
}
Update& Update::remove(const Path& path) {
  clause(&remove_, "REMOVE ", path.fragment());
  return *this;
}
Update& Update::add(const Path& path, const Value& value) {
  clause(&add_, "ADD ", joined(path, " ", value).fragment());
  return *this;
}
Update& Update::erase(const Path& path, const Value& value) {
  clause(&erase_, "DELETE ", joined(path, " ", value).fragment());
  return *this;
}

Fragment Update::fragment() const {
  Fragment whole;
  for (const Fragment* section : {&set_, &remove_, &add_, &erase_}) {
    if (section->empty()) continue;
    if (!whole.empty()) whole.append(" ");
    whole.append(*section);
  }
  return whole;
}

Projection::Projection(std::initializer_list<Path> paths) {
  for (const Path& path : paths) {
    if (!fragment_.empty()) fragment_.append(", ");
    fragment_.append(path.fragment());
  }
}

Text::operator Update() const {
  Update update;
  update.set_ = fragment_;  // whole: with all its sections
  return update;
}

Text text_with(Slice expression, std::vector<Value> values) {
  Fragment fragment;
  size_t next = 0;
  for (size_t at = 0; at < expression.size();) {
    const size_t special = std::min(expression.find_first_of("?\"", at), expression.size());
    fragment.append(expression.substr(at, special - at));
    at = special + 1;
    if (special == expression.size()) break;
    if (expression[special] == '?') {
      if (next == values.size()) fragment.append("?");
      if (next < values.size()) fragment.append(Fragment::value(values[next++]));
      continue;
    }
    std::string name;
    for (; at < expression.size(); ++at) {
      if (expression[at] == '"' && expression.substr(at + 1, 1) != "\"") break;
      if (expression[at] == '"') ++at;
      name += expression[at];
    }
    ++at;
    fragment.append(Fragment::name(std::move(name)));
  }
  // No expression goes on with a value, so the request is refused for them.
  for (; next < values.size(); ++next) fragment.append(" ").append(Fragment::value(values[next]));
  return Text(std::move(fragment));
}

}  // namespace build

void WriteRequestBase::set_condition(const build::Condition& condition) {
  condition_expression = condition.fragment().render('c', &attributes);
}
void UpdateItemRequest::set_update(const build::Update& update) {
  update_expression = update.fragment().render('u', &attributes);
}
void ReadPageRequest::set_filter(const build::Condition& filter) {
  filter_expression = filter.fragment().render('f', &attributes);
}
void QueryRequest::set_key_condition(const build::Condition& condition) {
  key_condition_expression = condition.fragment().render('k', &attributes);
}
void ReadPageRequest::set_projection(const build::Projection& projection) {
  projection_expression = projection.fragment().render('p', &attributes);
}
void GetItemRequest::set_projection(const build::Projection& projection) {
  projection_expression = projection.fragment().render('p', &attributes);
}
void KeysAndAttributes::set_projection(const build::Projection& projection) {
  projection_expression = projection.fragment().render('p', &attributes);
}

}  // namespace varve::api
