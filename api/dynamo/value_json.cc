#include "api/dynamo/value_json.h"

namespace varve::api::dynamo {
namespace {

using index::AttributeMap;
using index::AttributeType;
using index::AttributeValue;
using index::Number;

constexpr Slice kEmptyValue =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
constexpr Slice kSeveralTypes =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
    "datatypes";
constexpr Slice kEmptyName = "One or more parameter values were invalid: Empty attribute name";
constexpr Slice kLongName =
    "One or more parameter values were invalid: Attribute name is too large, must be at most 65535 bytes";
constexpr Slice kNullElement = "One or more parameter values were invalid: A set may not have a null element";
constexpr Slice kNotUtf8 =
    "One or more parameter values were invalid: Strings and attribute names must be well-formed UTF-8";
constexpr Slice kTooDeep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit";
constexpr size_t kMaxNameBytes = 65535;

Status problem_of_name(Slice name) {
  if (name.empty()) return Status::invalid_argument(std::string(kEmptyName));
  if (name.size() > kMaxNameBytes) return Status::invalid_argument(std::string(kLongName));
  return {};
}

}  // namespace

void ValueReader::note(const Status& status, Bare bare) {
  if (status.ok() || !problem_.empty()) return;
  problem_ = status.message();
  problem_is_bare_ = bare == Bare::kYes;
}

AttributeMap ValueReader::read_attributes(const json::Value& json) {
  json::Object object;
  failure_ = convert_map(json, "com.amazonaws.dynamodb.v20120810.AttributeValue", &object);
  if (failure_) return {};
  std::vector<index::Attribute> attributes;
  attributes.reserve(object.size());
  for (const auto member : object) {
    if (member.value.is_null()) continue;
    note(problem_of_name(member.key));
    attributes.push_back({std::string(member.key), read(member.value)});
    if (failure_) return {};
  }
  return AttributeMap::from_unsorted(std::move(attributes));
}

AttributeValue ValueReader::read(const json::Value& json, Place place) {
  if (json.is_array()) {
    failure_ = serialization_error(
        "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue");
    return {};
  }
  if (!json.is_object()) {
    failure_ = no_structure(place);
    return {};
  }
  AttributeValue value;
  int types = 0;
  for (const auto member : json::object_of(json)) {
    if (member.value.is_null()) continue;
    if (read_type(member.key, member.value, &value)) ++types;
    if (failure_) return {};
  }
  if (types == 0) note(Status::invalid_argument(std::string(kEmptyValue)));
  if (types > 1) note(Status::invalid_argument(std::string(kSeveralTypes)));
  return value;
}

// False for a member that names no type: it is ignored, as unknown members are everywhere.
bool ValueReader::read_type(Slice type, const json::Value& json, AttributeValue* out) {
  if (type == "S") {
    std::string text;
    failure_ = convert_string(json, &text);
    *out = AttributeValue::string(std::move(text));
  } else if (type == "N") {
    *out = read_number(json);
  } else if (type == "B") {
    std::string bytes;
    failure_ = convert_blob(json, &bytes);
    *out = AttributeValue::binary(std::move(bytes));
  } else if (type == "BOOL") {
    bool truth = false;
    failure_ = convert_boolean(json, &truth);
    *out = AttributeValue::boolean(truth);
  } else if (type == "NULL") {
    // {"NULL": false} is accepted and becomes true, as AWS does since 2026.
    bool ignored = false;
    failure_ = convert_boolean(json, &ignored);
    *out = AttributeValue::null();
  } else if (type == "L") {
    *out = read_list(json);
  } else if (type == "M") {
    *out = AttributeValue::map(read_attributes(json));
  } else if (type == "SS") {
    *out = read_string_set(json);
  } else if (type == "NS") {
    *out = read_number_set(json);
  } else if (type == "BS") {
    *out = read_binary_set(json);
  } else {
    return false;
  }
  return true;
}

AttributeValue ValueReader::read_number(const json::Value& json) {
  std::string text;
  failure_ = convert_string(json, &text);
  if (failure_) return {};
  const auto number = Number::parse(text);
  if (!number.ok()) {
    note(number.status(), Bare::kYes);
    return {};
  }
  return AttributeValue::number(*number);
}

bool ValueReader::read_elements(const json::Value& json, bool blobs, std::vector<std::string>* out) {
  json::Array array;
  failure_ = convert_list(json, &array);
  if (failure_) return false;
  out->reserve(array.size());
  for (const auto element : array) {
    if (element.is_null()) {
      note(Status::invalid_argument(std::string(kNullElement)));
      continue;
    }
    std::string bytes;
    failure_ = blobs ? convert_blob(element, &bytes) : convert_string(element, &bytes);
    if (failure_) return false;
    out->push_back(std::move(bytes));
  }
  return true;
}

AttributeValue ValueReader::read_string_set(const json::Value& json) {
  std::vector<std::string> elements;
  if (!read_elements(json, /*blobs=*/false, &elements)) return {};
  const bool bare = !elements.empty();
  auto set = AttributeValue::string_set(std::move(elements));
  if (set.ok()) return std::move(set).value();
  note(set.status(), bare ? Bare::kYes : Bare::kNo);
  return {};
}

AttributeValue ValueReader::read_binary_set(const json::Value& json) {
  std::vector<std::string> elements;
  if (!read_elements(json, /*blobs=*/true, &elements)) return {};
  const bool bare = !elements.empty();
  auto set = AttributeValue::binary_set(std::move(elements));
  if (set.ok()) return std::move(set).value();
  note(set.status(), bare ? Bare::kYes : Bare::kNo);
  return {};
}

AttributeValue ValueReader::read_number_set(const json::Value& json) {
  std::vector<std::string> texts;
  if (!read_elements(json, /*blobs=*/false, &texts)) return {};
  std::vector<Number> numbers;
  numbers.reserve(texts.size());
  for (const std::string& text : texts) {
    const auto number = Number::parse(text);
    if (!number.ok()) {
      note(number.status(), Bare::kYes);
      return {};
    }
    numbers.push_back(*number);
  }
  const bool bare = !numbers.empty();
  auto set = AttributeValue::number_set(std::move(numbers));
  if (set.ok()) return std::move(set).value();
  note(set.status(), bare ? Bare::kYes : Bare::kNo);
  return {};
}

AttributeValue ValueReader::read_list(const json::Value& json) {
  json::Array array;
  failure_ = convert_list(json, &array);
  if (failure_) return {};
  AttributeValue::List list;
  list.reserve(array.size());
  for (const auto element : array) {
    if (element.is_null()) {
      note(Status::invalid_argument(std::string(kEmptyValue)));
      continue;
    }
    list.push_back(read(element));
    if (failure_) return {};
  }
  return AttributeValue::list(std::move(list));
}

namespace {

Failure not_utf8() { return validation_error(std::string(kNotUtf8)); }

// Depth is bounded: the callers have checked the nesting.
Failure check_texts(const AttributeValue& value);

Failure check_attributes(const AttributeMap& attributes) {
  for (const auto& attribute : attributes) {
    VARVE_RETURN_IF_FAILED(failure_of(problem_of_name(attribute.name)));
    if (!json::valid_utf8(attribute.name)) return not_utf8();
    VARVE_RETURN_IF_FAILED(check_texts(attribute.value));
  }
  return std::nullopt;
}

Failure check_texts(const AttributeValue& value) {
  switch (value.type()) {
    case AttributeType::kString:
      return json::valid_utf8(value.as_string()) ? std::nullopt : not_utf8();
    case AttributeType::kStringSet:
      for (const std::string& element : value.as_string_set()) {
        if (!json::valid_utf8(element)) return not_utf8();
      }
      return std::nullopt;
    case AttributeType::kList:
      for (const AttributeValue& element : value.as_list()) VARVE_RETURN_IF_FAILED(check_texts(element));
      return std::nullopt;
    case AttributeType::kMap:
      return check_attributes(value.as_map());
    default:
      return std::nullopt;
  }
}

void write_scalar_or_set(const index::ValueView& value, json::JsonWriter* out) {
  switch (value.type()) {
    case AttributeType::kString:
      out->string(value.as_string());
      return;
    case AttributeType::kNumber:
      out->plain(value.as_number().to_string());
      return;
    case AttributeType::kBinary:
      out->base64(value.as_binary());
      return;
    case AttributeType::kBool:
      out->boolean(value.as_bool());
      return;
    case AttributeType::kNull:
      out->boolean(true);
      return;
    default:
      break;
  }
  out->begin_array();
  for (size_t i = 0; i < value.element_count(); ++i) write_scalar_or_set(value.set_element(i), out);
  out->end_array();
}

}  // namespace

Failure check_item(const index::Item& item) {
  VARVE_RETURN_IF_FAILED(failure_of(index::check_nesting(item)));
  return check_attributes(item);
}

Failure check_value(const AttributeValue& value) {
  if (index::nesting_depth(value) > index::kMaxNestingDepth) return validation_error(std::string(kTooDeep));
  return check_texts(value);
}

void write_value(const index::ValueView& value, json::JsonWriter* out) {
  out->begin_object();
  out->key(index::type_name(value.type()));
  if (value.is(AttributeType::kList)) {
    out->begin_array();
    for (size_t i = 0; i < value.element_count(); ++i) write_value(value.list_element(i), out);
    out->end_array();
  } else if (value.is(AttributeType::kMap)) {
    out->begin_object();
    for (const auto& [name, member] : value.as_map()) {
      out->key(name);
      write_value(member, out);
    }
    out->end_object();
  } else {
    write_scalar_or_set(value, out);
  }
  out->end_object();
}

void write_item(const index::ItemView& item, json::JsonWriter* out) {
  out->begin_object();
  for (const auto& [name, value] : item) {
    out->key(name);
    write_value(value, out);
  }
  out->end_object();
}

void write_value(const AttributeValue& value, json::JsonWriter* out) {
  out->begin_object();
  out->key(index::type_name(value.type()));
  switch (value.type()) {
    case AttributeType::kNull:
      out->boolean(true);
      break;
    case AttributeType::kBool:
      out->boolean(value.as_bool());
      break;
    case AttributeType::kString:
      out->string(value.as_string());
      break;
    case AttributeType::kNumber:
      out->plain(value.as_number().to_string());
      break;
    case AttributeType::kBinary:
      out->base64(value.as_binary());
      break;
    case AttributeType::kMap:
      write_item(value.as_map(), out);
      break;
    case AttributeType::kList:
      out->begin_array();
      for (const AttributeValue& element : value.as_list()) write_value(element, out);
      out->end_array();
      break;
    case AttributeType::kStringSet:
      out->begin_array();
      for (const std::string& element : value.as_string_set()) out->string(element);
      out->end_array();
      break;
    case AttributeType::kNumberSet:
      out->begin_array();
      for (const Number& element : value.as_number_set()) out->plain(element.to_string());
      out->end_array();
      break;
    case AttributeType::kBinarySet:
      out->begin_array();
      for (const std::string& element : value.as_binary_set()) out->base64(element);
      out->end_array();
      break;
  }
  out->end_object();
}

void write_item(const index::Item& item, json::JsonWriter* out) {
  out->begin_object();
  for (const auto& attribute : item) {
    out->key(attribute.name);
    write_value(attribute.value, out);
  }
  out->end_object();
}

}  // namespace varve::api::dynamo
