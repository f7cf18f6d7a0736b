// MemberReader: reads the members of one structure of a request, in the order in which the model lists them, and keeps what is
// wrong with them, so that a decoder reads as the list of its members.
//
// A request has at most one answer for what is found here, in this order (DecodeState::result): a SerializationException for the
// first JSON value of a wrong type; the table's name; the violated constraints. Unknown members are ignored and null is
// absent; of members with one name the last counts.
//
// Threads: one. Ownership: borrows the document and the state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/constraints.h"
#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/json/document.h"

namespace varve::api::dynamo {

struct DecodeState {
  // Operations on items tell the first violated constraint; those on tables tell them all, up to kMaxViolations.
  enum class Report { kFirst, kAll };
  static constexpr size_t kMaxViolations = 10;

  explicit DecodeState(Report wanted = Report::kFirst) : report(wanted) {}

  const Report report;
  Failure serialization;
  Failure table_name;
  std::vector<Error> violations;

  void note_serialization(Failure failure) {
    if (!serialization) serialization = std::move(failure);
  }
  void note_table_name(Error error) {
    if (!table_name) table_name = std::move(error);
  }
  void note_violation(Error error) {
    if (violations.size() < (report == Report::kFirst ? 1 : kMaxViolations)) {
      violations.push_back(std::move(error));
    }
  }
  Failure result() const;
};

// An enumeration's members in the order in which AWS prints them.
template <typename E>
struct EnumTable {
  std::span<const Slice> names;
  std::span<const E> values;
};

enum class Presence { kOptional, kRequired };

class MemberReader {
 public:
  MemberReader(json::Object object, DecodeState* state, std::string path = {})
      : object_(object), state_(state), path_(std::move(path)) {}

  bool has(Slice name) const { return find(name).has_value(); }

  void string(Slice name, std::optional<std::string>* out, Presence presence = Presence::kOptional);
  void required_string(Slice name, std::string* out);
  void boolean(Slice name, bool* out);
  // java_type: "Integer" or "Long".
  void integer(Slice name, Slice java_type, std::optional<int64_t>* out);
  void string_list(Slice name, std::optional<std::vector<std::string>>* out);
  // Reads and checks a table's name or ARN; missing is what a required member answers.
  void table(Slice name, TableNameUse use, std::string* out);

  template <typename E>
  void enumeration(Slice name, const EnumTable<E>& table, E* out) {
    if (const auto i = enum_position(name, table.names)) *out = table.values[*i];
  }
  template <typename E>
  void enumeration(Slice name, const EnumTable<E>& table, std::optional<E>* out) {
    if (const auto i = enum_position(name, table.names)) *out = table.values[*i];
  }

  // A map of attribute values; *problem is the first broken rule of the data model.
  bool attributes(Slice name, index::AttributeMap* out, std::string* problem, Presence presence);
  // ExclusiveStartKey: as attributes, with the text that its problems get.
  void start_key(Slice name, std::optional<index::Item>* out, std::string* problem);
  // ExpressionAttributeNames; with the values where an operation has that member too.
  void expression_names(ExpressionAttributes* out);
  void expression_attributes(ExpressionAttributes* out, DecodeNotes* notes);
  // Calls read with the member's value, when it is there.
  void member(Slice name, const std::function<void(const json::Value&)>& read);

  // Calls read with a reader of the structure, when the member is there.
  bool structure(Slice name, Slice shape, Presence presence, const std::function<void(MemberReader&)>& read);
  // Calls read with a reader of each structure of a list.
  bool structures(Slice name, Slice shape, Presence presence, const std::function<void(MemberReader&)>& read);
  // Calls read(element) for each element of a list; null elements are skipped.
  bool list(Slice name, Presence presence, const std::function<void(const json::Value&)>& read);
  // Calls read(key, value) for each entry that is not null.
  bool map(Slice name, Slice java_value, Presence presence,
           const std::function<void(Slice, const json::Value&)>& read);

  // The path of a member as messages write it: "keySchema.1.member.keyType".
  std::string path(Slice name) const;
  DecodeState* state() { return state_; }

 private:
  std::optional<json::Value> find(Slice name) const;
  std::optional<json::Value> find(Slice name, Presence presence);
  std::optional<size_t> enum_position(Slice name, std::span<const Slice> names);
  void expression_values(ExpressionAttributes* out, DecodeNotes* notes);

  json::Object object_;
  DecodeState* state_;
  std::string path_;
};

}  // namespace varve::api::dynamo
