// Attribute values between JSON and index::AttributeValue.
//
// Reading has two kinds of error, which DynamoDB reports at different places: a JSON type that does not fit is a
// SerializationException, found before anything else of the request is looked at; a value that breaks a rule of the data model
// (an empty set, a bad number, two types at once) is a ValidationException that waits for its turn in the order of checks. A
// ValueReader therefore reads on after the second kind and keeps the first text.
//
// Threads: one. Depth is bounded by the JSON parser's.
#pragma once

#include <string>

#include "api/dynamo/error.h"
#include "api/json/document.h"
#include "api/json/writer.h"
#include "index/attribute_value.h"
#include "index/item_view.h"

namespace varve::api::dynamo {

// Where a structure stands: a member of another structure, or an entry of a list or map. The service has a text for each.
enum class Place { kMember, kEntry };

// What a scalar gets where a structure should stand.
Failure no_structure(Place place);

class ValueReader {
 public:
  // A map of attribute names to values; an Item, a Key, an M.
  index::AttributeMap read_attributes(const json::Value& json);
  index::AttributeValue read(const json::Value& json, Place place = Place::kEntry);

  // The SerializationException; nothing that was read may be used when there is one.
  const Failure& failure() const { return failure_; }
  // The first broken rule; empty when there is none.
  const std::string& problem() const { return problem_; }
  // The problem is about a number or about duplicates, which some messages do not wrap.
  bool problem_is_bare() const { return problem_is_bare_; }

 private:
  enum class Bare { kNo, kYes };
  void note(const Status& status, Bare bare = Bare::kNo);
  bool read_type(Slice type, const json::Value& json, index::AttributeValue* out);
  index::AttributeValue read_number(const json::Value& json);
  index::AttributeValue read_string_set(const json::Value& json);
  index::AttributeValue read_number_set(const json::Value& json);
  index::AttributeValue read_binary_set(const json::Value& json);
  index::AttributeValue read_list(const json::Value& json);
  bool read_elements(const json::Value& json, bool blobs, std::vector<std::string>* out);

  Failure failure_;
  std::string problem_;
  bool problem_is_bare_ = false;
};

// Type conversions of the service's JSON: what is not exactly the wanted type is refused with the text for what it is.
Failure convert_string(const json::Value& json, std::string* out);
Failure convert_blob(const json::Value& json, std::string* out);
// Also the strings true, yes, 1 and false, no, 0, in any case.
Failure convert_boolean(const json::Value& json, bool* out);
// A fraction is dropped. java_type: "Integer" or "Long".
Failure convert_integer(const json::Value& json, Slice java_type, int64_t* out);
Failure convert_list(const json::Value& json, json::Array* out);
// java_value: the type of the map's values as the service names it in "java.util.Map<java.lang.String, ...>".
Failure convert_map(const json::Value& json, Slice java_value, json::Object* out);
// shape: the structure's name in the service's model.
Failure convert_structure(const json::Value& json, Slice shape, Place place, json::Object* out);

// The rules that the JSON reader enforces as it reads, for items made by a program: names, UTF-8, nesting.
Failure check_item(const index::Item& item);
Failure check_value(const index::AttributeValue& value);

void write_value(const index::ValueView& value, json::JsonWriter* out);
void write_value(const index::AttributeValue& value, json::JsonWriter* out);
void write_item(const index::ItemView& item, json::JsonWriter* out);
void write_item(const index::Item& item, json::JsonWriter* out);

}  // namespace varve::api::dynamo
