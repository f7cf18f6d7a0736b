// TransactWriteItems: up to 100 puts, updates, deletes and checks over many tables. What it checks is here; how it is carried out
// all or nothing, in api/dynamo/write_transaction.h.
#include <algorithm>

#include "api/dynamo/operations.h"
#include "api/dynamo/parameters.h"
#include "api/dynamo/transaction.h"
#include "api/dynamo/write_transaction.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

// Calls use(request) with the action's one member.
template <typename Use>
auto with_member(const TransactWrite& action, const Use& use) {
  if (action.condition_check) return use(*action.condition_check);
  if (action.put) return use(*action.put);
  if (action.update) return use(*action.update);
  return use(*action.remove);
}

const Item& item_of(const PutItemRequest& request) { return request.item; }
const Item& item_of(const UpdateItemRequest& request) { return request.key; }
const Item& item_of(const DeleteItemRequest& request) { return request.key; }
const Item& item_of(const ConditionCheckRequest& request) { return request.key; }

const WriteRequestBase& base_of(const TransactWrite& action) {
  return *with_member(action, [](const auto& request) -> const WriteRequestBase* { return &request; });
}
const Item& item_of(const TransactWrite& action) {
  return *with_member(action, [](const auto& request) { return &item_of(request); });
}

Slice member_name(const TransactWrite& action) {
  if (action.condition_check) return "conditionCheck";
  if (action.put) return "put";
  return action.update ? "update" : "delete";
}

Failure check_form(const TransactWriteItemsRequest& request) {
  VARVE_RETURN_IF_FAILED(check_transaction_length(request.actions.size(), "transactItems"));
  VARVE_RETURN_IF_FAILED(check_token(request.client_request_token));
  for (size_t i = 0; i < request.actions.size(); ++i) {
    const TransactWrite& action = request.actions[i];
    const int members = int{action.condition_check.has_value()} + int{action.put.has_value()} +
                        int{action.update.has_value()} + int{action.remove.has_value()};
    if (members != 1) {
      return validation_error("TransactItems can only contain one of Check, Put, Update or Delete");
    }
    const WriteRequestBase& base = base_of(action);
    const std::string path = "transactItems." + std::to_string(i + 1) + ".member." +
                             std::string(member_name(action)) + ".tableName";
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice name,
                         table_name(base.table, TableNameUse::kExisting, path));
    if (base.return_values != ReturnValues::kNone) {
      return validation_error("ReturnValues is not supported in a transaction");
    }
    if (action.update && !action.update->update_expression) {
      return validation_error("The UpdateExpression parameter is required for Update");
    }
  }
  return std::nullopt;
}

// What the caller sends: items, keys and the values of expressions.
Failure check_payload(const TransactWriteItemsRequest& request) {
  size_t size_bytes = 0;
  for (const TransactWrite& action : request.actions) {
    size_bytes += index::item_size_bytes(item_of(action));
    const auto& values = base_of(action).attributes.values;
    if (!values) continue;
    for (const auto& [key, value] : *values) size_bytes += index::value_size_bytes(value);
  }
  if (size_bytes > kMaxTransactionBytes) {
    return validation_error("Transaction payload size cannot exceed 4 MB");
  }
  return std::nullopt;
}

void append_text(const std::optional<std::string>& text, ByteWriter* out) {
  out->u8(text ? 1 : 0);
  if (text) out->string(*text);
}

// Sorted, because the order of members means nothing.
void append_attributes(const ExpressionAttributes& attributes, ByteWriter* out) {
  std::vector<std::pair<std::string, std::string>> names;
  if (attributes.names) names = *attributes.names;
  std::sort(names.begin(), names.end());
  out->varint(names.size());
  for (const auto& [key, name] : names) {
    out->string(key);
    out->string(name);
  }
  std::vector<std::pair<std::string, std::string>> values;
  if (attributes.values) {
    for (const auto& [key, value] : *attributes.values) {
      index::append_encoded_value(value, &values.emplace_back(key, "").second);
    }
  }
  std::sort(values.begin(), values.end());
  out->varint(values.size());
  for (const auto& [key, value] : values) {
    out->string(key);
    out->string(value);
  }
}

// Of everything but what is returned. The request was checked: encodings of its items are defined and canonical.
ParametersHash hash_parameters(const TransactWriteItemsRequest& request) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const TransactWrite& action : request.actions) {
    const WriteRequestBase& base = base_of(action);
    out.u8(action.condition_check ? 0 : action.put ? 1 : action.update ? 2 : 3);
    out.string(base.table);
    out.string(index::encode_item(item_of(action)));
    append_text(base.condition_expression, &out);
    append_text(action.update ? action.update->update_expression : std::nullopt, &out);
    append_attributes(base.attributes, &out);
    out.u8(base.return_old_on_condition_failure ? 1 : 0);
  }
  return {hash64(bytes, 0), hash64(bytes, 1)};
}

Failure check_written_index_keys_not_empty(const Table& table, const TransactWrite& action,
                                           const BoundWrite& bound) {
  if (action.put) return check_index_keys_not_empty(table, action.put->item, index::ItemSource::kPut);
  if (!action.update) return std::nullopt;
  return check_index_keys_not_empty(table, bound.update->assigned_values(), index::ItemSource::kUpdate);
}

// The actions at their tables. Of several that do not fit the first cancels, alone.
Outcome<std::vector<WriteTransaction::Member>> place(const TransactWriteItemsRequest& request,
                                                     const std::vector<TableRef>& tables,
                                                     std::vector<BoundWrite> bound) {
  std::vector<WriteTransaction::Member> members;
  std::optional<std::pair<size_t, Error>> first_bad;
  ItemsSeen seen;
  for (size_t i = 0; i < bound.size(); ++i) {
    const TransactWrite& action = request.actions[i];
    VARVE_RETURN_IF_FAILED(check_key_not_empty(tables[i]->description.key_schema, item_of(action)));
    VARVE_RETURN_IF_FAILED(check_written_index_keys_not_empty(*tables[i], action, bound[i]));
    auto write = with_member(
        action, [&](const auto& member) { return place_write(tables[i], member, std::move(bound[i])); });
    if (!write.ok()) {
      if (!first_bad) first_bad.emplace(i, std::move(write).error());
      continue;
    }
    members.push_back({std::move(write).value()});
    VARVE_RETURN_IF_FAILED(seen.add(members.back().write->commit_key()));
  }
  if (first_bad) return canceled_at(bound.size(), first_bad->first, first_bad->second);
  return members;
}

Outcome<std::shared_ptr<WriteTransaction>> prepare(const Context& context,
                                                   const TransactWriteItemsRequest& request) {
  VARVE_RETURN_IF_FAILED(check_form(request));
  std::vector<BoundWrite> bound;
  for (const TransactWrite& action : request.actions) {
    VARVE_ASSIGN_OR_FAIL(bound.emplace_back(), with_member(action, [&](const auto& member) {
                           return bind_write(context, member);
                         }));
  }
  VARVE_RETURN_IF_FAILED(check_payload(request));
  std::vector<TableRef> tables;
  for (const TransactWrite& action : request.actions) {
    VARVE_ASSIGN_OR_FAIL(tables.emplace_back(), context.table_for_items(base_of(action).table));
  }
  VARVE_ASSIGN_OR_FAIL(auto members, place(request, tables, std::move(bound)));
  std::optional<WriteTransaction::Token> token;
  if (request.client_request_token) token = {*request.client_request_token, hash_parameters(request)};
  auto transaction = std::make_shared<WriteTransaction>(context, std::move(members), token);
  if (request.return_item_collection_metrics) transaction->tell_item_collections();
  return transaction;
}

}  // namespace

Outcome<TransactWriteItemsResult> transact_write_items(const Context& context,
                                                       const TransactWriteItemsRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto transaction, prepare(context, request));
  return WriteTransaction::run(transaction.get());
}

void transact_write_items_async(const Context& context, const TransactWriteItemsRequest& request,
                                std::function<void(Outcome<TransactWriteItemsResult>)> done) {
  auto transaction = prepare(context, request);
  if (!transaction.ok()) return done(std::move(transaction).error());
  WriteTransaction::run_async(std::move(transaction).value(), std::move(done));
}

}  // namespace varve::api::dynamo
