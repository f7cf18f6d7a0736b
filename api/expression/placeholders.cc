#include "api/expression/placeholders.h"

#include "api/expression/lexer.h"

namespace varve::api::expression {

namespace {

constexpr size_t kMaxPlaceholderBytes = 255;
constexpr size_t kMaxAttributeNameBytes = 65535;

bool is_placeholder(Slice key, char first) {
  return key.size() >= 2 && key.size() <= kMaxPlaceholderBytes && key[0] == first &&
         is_placeholder_name(key.substr(1));
}

Status invalid_key(Slice parameter, Slice key) {
  return Status::invalid_argument(std::string(parameter) + " contains invalid key: Syntax error; key: \"" +
                                  std::string(key) + "\"");
}

template <typename Entries>
Status check_used(const Entries& entries, Slice parameter) {
  std::string unused;
  for (const auto& entry : entries) {
    if (entry.used) continue;
    if (!unused.empty()) unused += ", ";
    unused += entry.key;
  }
  if (unused.empty()) return {};
  return Status::invalid_argument("Value provided in " + std::string(parameter) +
                                  " unused in expressions: keys: {" + unused + "}");
}

}  // namespace

Status Placeholders::add_name(std::string key, std::string name) {
  if (!is_placeholder(key, '#')) return invalid_key("ExpressionAttributeNames", key);
  if (name.empty() || name.size() > kMaxAttributeNameBytes) {
    return Status::invalid_argument(
        "ExpressionAttributeNames contains invalid value: " +
        std::string(name.empty() ? "Empty attribute name" : "Attribute name is longer than 65535 bytes") +
        " for key " + key);
  }
  names_.index.insert_or_assign(key, names_.entries.size());
  names_.entries.push_back({std::move(key), std::make_shared<const std::string>(std::move(name))});
  return {};
}

Status Placeholders::check_value_key(Slice key) {
  if (is_placeholder(key, ':')) return {};
  return invalid_key("ExpressionAttributeValues", key);
}

Status Placeholders::invalid_value(Slice key, const Status& cause) {
  return Status::invalid_argument("ExpressionAttributeValues contains invalid value: " + cause.message() +
                                  " for key " + std::string(key));
}

Status Placeholders::add_value(std::string key, index::AttributeValue value) {
  VARVE_RETURN_IF_ERROR(check_value_key(key));
  values_.index.insert_or_assign(key, values_.entries.size());
  values_.entries.push_back(
      {std::move(key), std::make_shared<const index::AttributeValue>(std::move(value))});
  return {};
}

template <typename T>
std::shared_ptr<const T> Placeholders::use(Table<T>* table, Slice key) {
  const auto found = table->index.find(std::string(key));
  if (found == table->index.end()) return nullptr;
  Entry<T>& entry = table->entries[found->second];
  entry.used = true;
  return entry.value;
}

std::shared_ptr<const std::string> Placeholders::use_name(Slice key) { return use(&names_, key); }

std::shared_ptr<const index::AttributeValue> Placeholders::use_value(Slice key) { return use(&values_, key); }

Status Placeholders::check_all_used() const {
  VARVE_RETURN_IF_ERROR(check_used(names_.entries, "ExpressionAttributeNames"));
  return check_used(values_.entries, "ExpressionAttributeValues");
}

}  // namespace varve::api::expression
