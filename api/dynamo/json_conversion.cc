// The type conversions that value_json.h declares.
#include <cmath>

#include "api/dynamo/value_json.h"
#include "api/json/base64.h"

namespace varve::api::dynamo {
namespace {

// How the service names what it met.
Slice token_name(const json::Value& json) {
  switch (json.type()) {
    case json::Type::BOOL:
      return json::number_of<bool>(json) ? "TRUE_VALUE" : "FALSE_VALUE";
    case json::Type::STRING:
      return "STRING_VALUE";
    case json::Type::DOUBLE:
      return "DECIMAL_VALUE";
    default:
      return "NUMBER_VALUE";
  }
}

Error not_convertible(const json::Value& json, Slice type) {
  return serialization_error(std::string(token_name(json)) + " cannot be converted to " + std::string(type));
}

// The answer to a list or an object where a scalar is wanted; nothing for a scalar.
Failure refuse_container(const json::Value& json, Slice java_class) {
  if (json.is_array()) {
    return serialization_error("Unrecognized collection type class " + std::string(java_class));
  }
  if (json.is_object()) return serialization_error("Start of structure or map found where not expected");
  return std::nullopt;
}

std::string lower_case(Slice text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

Failure convert_string(const json::Value& json, std::string* out) {
  VARVE_RETURN_IF_FAILED(refuse_container(json, "java.lang.String"));
  if (!json.is_string()) return not_convertible(json, "String");
  out->assign(json::string_of(json));
  return std::nullopt;
}

Failure convert_blob(const json::Value& json, std::string* out) {
  VARVE_RETURN_IF_FAILED(refuse_container(json, "java.nio.ByteBuffer"));
  if (!json.is_string()) return serialization_error("only base-64-encoded strings are convertible to bytes");
  const Slice text = json::string_of(json);
  out->clear();
  switch (json::decode_base64(text, out)) {
    case json::Base64Error::kNone:
      return std::nullopt;
    case json::Base64Error::kLength:
      return serialization_error("Base64 encoded length is expected a multiple of 4 bytes but found: " +
                                 std::to_string(text.size()));
    case json::Base64Error::kCharacter:
      break;
  }
  return serialization_error("Invalid last non-pad Base64 character dectected");
}

Failure convert_boolean(const json::Value& json, bool* out) {
  VARVE_RETURN_IF_FAILED(refuse_container(json, "java.lang.Boolean"));
  if (json.is_bool()) {
    *out = json::number_of<bool>(json);
    return std::nullopt;
  }
  if (!json.is_string()) return not_convertible(json, "Boolean");
  const std::string text = lower_case(json::string_of(json));
  const bool is_true = text == "true" || text == "yes" || text == "1";
  if (!is_true && text != "false" && text != "no" && text != "0") {
    return serialization_error("Unexpected token received from parser");
  }
  *out = is_true;
  return std::nullopt;
}

Failure convert_integer(const json::Value& json, Slice java_type, int64_t* out) {
  VARVE_RETURN_IF_FAILED(refuse_container(json, "java.lang." + std::string(java_type)));
  if (json.is_string() || json.is_bool()) return not_convertible(json, java_type);
  if (json.is_int64()) {
    *out = json::number_of<int64_t>(json);
  } else if (json.is_uint64()) {
    *out = INT64_MAX;
  } else {
    // 2^63 is a double; the largest int64 is not.
    const double whole = std::floor(json::number_of<double>(json));
    *out = whole >= 0x1p63 ? INT64_MAX : whole < -0x1p63 ? INT64_MIN : static_cast<int64_t>(whole);
  }
  return std::nullopt;
}

Failure convert_list(const json::Value& json, json::Array* out) {
  if (json.is_object()) return serialization_error("Start of structure or map found where not expected");
  if (!json.is_array()) return serialization_error("Unexpected field type");
  *out = json::array_of(json);
  return std::nullopt;
}

Failure convert_map(const json::Value& json, Slice java_value, json::Object* out) {
  if (json.is_array()) {
    return serialization_error("Unrecognized collection type java.util.Map<java.lang.String, " +
                               std::string(java_value) + ">");
  }
  if (!json.is_object()) return serialization_error("Unexpected field type");
  *out = json::object_of(json);
  return std::nullopt;
}

Failure no_structure(Place place) {
  return serialization_error(place == Place::kMember ? "Unexpected field type"
                                                     : "Unexpected value type in payload");
}

Failure convert_structure(const json::Value& json, Slice shape, Place place, json::Object* out) {
  if (json.is_array()) {
    return serialization_error("Unrecognized collection type class com.amazonaws.dynamodb.v20120810." +
                               std::string(shape));
  }
  if (!json.is_object()) return no_structure(place);
  *out = json::object_of(json);
  return std::nullopt;
}

}  // namespace varve::api::dynamo
