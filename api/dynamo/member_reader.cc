#include "api/dynamo/member_reader.h"

#include "api/dynamo/value_json.h"

namespace varve::api::dynamo {

Failure DecodeState::result() const {
  if (serialization) return serialization;
  if (table_name) return table_name;
  if (violations.empty()) return std::nullopt;
  return joined_violations(violations);
}

std::optional<json::Value> MemberReader::find(Slice name) const {
  std::optional<json::Value> found;
  for (const auto member : object_) {
    if (member.key == name && !member.value.is_null()) found = member.value;
  }
  return found;
}

std::optional<json::Value> MemberReader::find(Slice name, Presence presence) {
  auto found = find(name);
  if (!found && presence == Presence::kRequired) state_->note_violation(missing_member(path(name)));
  return found;
}

std::string MemberReader::path(Slice name) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  const size_t at = path.size();
  path += name;
  if (path[at] >= 'A' && path[at] <= 'Z') path[at] = static_cast<char>(path[at] - 'A' + 'a');
  return path;
}

void MemberReader::string(Slice name, std::optional<std::string>* out, Presence presence) {
  const auto value = find(name, presence);
  if (!value) return;
  std::string text;
  state_->note_serialization(convert_string(*value, &text));
  *out = std::move(text);
}

void MemberReader::required_string(Slice name, std::string* out) {
  std::optional<std::string> text;
  string(name, &text, Presence::kRequired);
  if (text) *out = std::move(*text);
}

void MemberReader::boolean(Slice name, bool* out) {
  if (const auto value = find(name)) state_->note_serialization(convert_boolean(*value, out));
}

void MemberReader::integer(Slice name, Slice java_type, std::optional<int64_t>* out) {
  const auto value = find(name);
  if (!value) return;
  int64_t number = 0;
  state_->note_serialization(convert_integer(*value, java_type, &number));
  *out = number;
}

void MemberReader::string_list(Slice name, std::optional<std::vector<std::string>>* out) {
  const auto value = find(name);
  if (!value) return;
  json::Array array;
  if (auto failure = convert_list(*value, &array)) return state_->note_serialization(std::move(failure));
  out->emplace();
  for (const auto element : array) {
    if (element.is_null()) continue;
    std::string text;
    state_->note_serialization(convert_string(element, &text));
    (*out)->push_back(std::move(text));
  }
}

void MemberReader::table(Slice name, TableNameUse use, std::string* out) {
  const auto value = find(name);
  if (!value) {
    state_->note_table_name(missing_member(path(name)));
    return;
  }
  state_->note_serialization(convert_string(*value, out));
  auto checked = table_name(*out, use, path(name));
  if (!checked.ok()) state_->note_table_name(std::move(checked).error());
}

std::optional<size_t> MemberReader::enum_position(Slice name, std::span<const Slice> names) {
  std::optional<std::string> text;
  string(name, &text);
  if (!text) return std::nullopt;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == *text) return i;
  }
  state_->note_violation(constraint_error(*text, path(name), enum_constraint(names)));
  return std::nullopt;
}

bool MemberReader::attributes(Slice name, index::AttributeMap* out, std::string* problem, Presence presence) {
  const auto value = find(name, presence);
  if (!value) return false;
  ValueReader reader;
  *out = reader.read_attributes(*value);
  state_->note_serialization(reader.failure());
  *problem = reader.problem();
  return true;
}

void MemberReader::start_key(Slice name, std::optional<index::Item>* out, std::string* problem) {
  const auto value = find(name);
  if (!value) return;
  ValueReader reader;
  *out = reader.read_attributes(*value);
  state_->note_serialization(reader.failure());
  if (reader.problem().empty()) return;
  *problem = reader.problem_is_bare() ? reader.problem()
                                      : "The provided starting key is invalid: " + reader.problem();
}

void MemberReader::expression_attributes(ExpressionAttributes* out, DecodeNotes* notes) {
  expression_names(out);
  expression_values(out, notes);
}

void MemberReader::expression_names(ExpressionAttributes* out) {
  const auto read = [&](Slice key, const json::Value& value) {
    std::string text;
    state_->note_serialization(convert_string(value, &text));
    out->names->emplace_back(key, std::move(text));
  };
  if (has("ExpressionAttributeNames")) out->names.emplace();
  map("ExpressionAttributeNames", "java.lang.String", Presence::kOptional, read);
}

void MemberReader::expression_values(ExpressionAttributes* out, DecodeNotes* notes) {
  const auto read = [&](Slice key, const json::Value& value) {
    ValueReader reader;
    out->values->emplace_back(key, reader.read(value));
    state_->note_serialization(reader.failure());
    if (reader.problem().empty() || !notes->expression_value_error.empty()) return;
    notes->expression_value_error = reader.problem();
    notes->expression_value_key = key;
  };
  if (has("ExpressionAttributeValues")) out->values.emplace();
  map("ExpressionAttributeValues", "com.amazonaws.dynamodb.v20120810.AttributeValue", Presence::kOptional,
      read);
}

void MemberReader::member(Slice name, const std::function<void(const json::Value&)>& read) {
  if (const auto value = find(name)) read(*value);
}

bool MemberReader::structure(Slice name, Slice shape, Presence presence,
                             const std::function<void(MemberReader&)>& read) {
  const auto value = find(name, presence);
  if (!value) return false;
  json::Object object;
  if (auto failure = convert_structure(*value, shape, Place::kMember, &object)) {
    state_->note_serialization(std::move(failure));
    return false;
  }
  MemberReader reader(object, state_, path(name));
  read(reader);
  return true;
}

bool MemberReader::structures(Slice name, Slice shape, Presence presence,
                              const std::function<void(MemberReader&)>& read) {
  size_t position = 0;
  return list(name, presence, [&](const json::Value& element) {
    ++position;
    json::Object object;
    if (auto failure = convert_structure(element, shape, Place::kEntry, &object)) {
      return state_->note_serialization(std::move(failure));
    }
    MemberReader reader(object, state_, path(name) + "." + std::to_string(position) + ".member");
    read(reader);
  });
}

bool MemberReader::list(Slice name, Presence presence, const std::function<void(const json::Value&)>& read) {
  const auto value = find(name, presence);
  if (!value) return false;
  json::Array array;
  if (auto failure = convert_list(*value, &array)) {
    state_->note_serialization(std::move(failure));
    return false;
  }
  for (const auto element : array) {
    if (!element.is_null()) read(element);
  }
  return true;
}

bool MemberReader::map(Slice name, Slice java_value, Presence presence,
                       const std::function<void(Slice, const json::Value&)>& read) {
  const auto value = find(name, presence);
  if (!value) return false;
  json::Object object;
  if (auto failure = convert_map(*value, java_value, &object)) {
    state_->note_serialization(std::move(failure));
    return false;
  }
  for (const auto entry : object) {
    if (!entry.value.is_null()) read(entry.key, entry.value);
  }
  return true;
}

}  // namespace varve::api::dynamo
