// A request's ExpressionAttributeNames and ExpressionAttributeValues, shared by all expressions of the request.
//
// Order of use, which is DynamoDB's order of checks:
//   1. add_name for every name, then add_value for every value (bad keys are refused here);
//   2. parse the expressions, which marks what they use;
//   3. check_all_used once.
//
// Errors: kInvalidArgument with DynamoDB's text. Threads: one request's; not shared. Expressions share what they use,
// so they may outlive it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "index/attribute_value.h"

namespace varve::api::expression {

class SyntaxCache;

class Placeholders {
 public:
  // Expressions that are bound to these are parsed through `cache`, when there is one; it is borrowed.
  explicit Placeholders(SyntaxCache* cache = nullptr) : syntax_cache_(cache) {}
  SyntaxCache* syntax_cache() const { return syntax_cache_; }

  // key is "#name". "ExpressionAttributeNames contains invalid key: ..." for anything else.
  Status add_name(std::string key, std::string name);
  // key is ":name". "ExpressionAttributeValues contains invalid key: ..." for anything else.
  Status add_value(std::string key, index::AttributeValue value);
  // The key rule alone: DynamoDB checks all keys before it looks at any value.
  static Status check_value_key(Slice key);
  // What is sent for a value that is not an AttributeValue.
  static Status invalid_value(Slice key, const Status& cause);

  // Null when it is not defined; marks it as used. Shared, because a name of 64 KB or a value of 400 KB may
  // stand a thousand times in one expression.
  std::shared_ptr<const std::string> use_name(Slice key);
  std::shared_ptr<const index::AttributeValue> use_value(Slice key);

  // "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}", then the same for values.
  Status check_all_used() const;

 private:
  template <typename T>
  struct Entry {
    std::string key;
    std::shared_ptr<const T> value;
    bool used = false;
  };
  template <typename T>
  struct Table {
    std::vector<Entry<T>> entries;
    std::unordered_map<std::string, size_t> index;
  };
  template <typename T>
  static std::shared_ptr<const T> use(Table<T>* table, Slice key);
  SyntaxCache* syntax_cache_;
  Table<std::string> names_;
  Table<index::AttributeValue> values_;
};

}  // namespace varve::api::expression
