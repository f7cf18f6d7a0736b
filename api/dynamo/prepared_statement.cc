#include "api/dynamo/prepared_statement.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/page_reader.h"
#include "api/dynamo/parameters.h"
#include "api/dynamo/transaction.h"
#include "api/dynamo/value_json.h"
#include "api/expression/path.h"
#include "api/partiql/next_token.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

ReturnValues return_values(partiql::Returning returning) {
  switch (returning) {
    case partiql::Returning::kNothing:
      return ReturnValues::kNone;
    case partiql::Returning::kAllOld:
      return ReturnValues::kAllOld;
    case partiql::Returning::kAllNew:
      return ReturnValues::kAllNew;
    case partiql::Returning::kModifiedOld:
      return ReturnValues::kUpdatedOld;
    case partiql::Returning::kModifiedNew:
      return ReturnValues::kUpdatedNew;
  }
  return ReturnValues::kNone;
}

// What SELECT names, for check_key_paths.
struct SelectedPaths {
  const std::vector<expression::DocumentPath>& paths;
  Status check_key_paths(const index::KeyParts& keys, Slice kind) const {
    for (const expression::DocumentPath& path : paths) {
      VARVE_RETURN_IF_ERROR(expression::check_not_below_key(path, keys, kind));
    }
    return {};
  }
};

// The members that SELECT names, of one item.
Outcome<Item> project(const std::vector<expression::DocumentPath>& paths, const index::ItemView& item) {
  Item out;
  for (const expression::DocumentPath& path : paths) {
    const auto found = expression::find_path(item, path);
    if (!found) continue;
    VARVE_ASSIGN_OR_FAIL_STATUS(AttributeValue value, found->decode());
    out.set(partiql::result_name(path), std::move(value));
  }
  return out;
}

Failure append_items(const EncodedItems& items, const std::vector<expression::DocumentPath>& projection,
                     EncodedItems* out) {
  for (size_t i = 0; i < items.size(); ++i) {
    VARVE_ASSIGN_OR_FAIL(const Item item, project(projection, items[i]));
    out->append(index::encode_item(item));
  }
  return std::nullopt;
}

Failure check_values(const StatementRequest& request, const partiql::Statement& statement) {
  for (const AttributeValue& value : request.parameters) VARVE_RETURN_IF_FAILED(check_value(value));
  for (const AttributeValue& value : statement.values) VARVE_RETURN_IF_FAILED(check_value(value));
  if (statement.kind != partiql::StatementKind::kInsert) return std::nullopt;
  VARVE_RETURN_IF_FAILED(check_item(statement.item));
  if (index::item_size_bytes(statement.item) > index::kMaxItemBytes) {
    return item_too_large(index::ItemSource::kPut);
  }
  return std::nullopt;
}

}  // namespace

Failure check_statement_length(const std::string& statement, Slice path) {
  if (statement.empty()) return constraint_error(statement, path, min_length(1));
  if (statement.size() > partiql::kMaxStatementBytes)
    return constraint_error(statement, path, max_length(static_cast<int64_t>(partiql::kMaxStatementBytes)));
  return std::nullopt;
}

PreparedStatement::PreparedStatement(const StatementRequest& request, partiql::Statement statement)
    : request_(&request), statement_(std::make_unique<const partiql::Statement>(std::move(statement))) {}

Outcome<PreparedStatement> PreparedStatement::prepare(const Context& context, const StatementRequest& request,
                                                      Identity* identity) {
  VARVE_ASSIGN_OR_FAIL(PreparedStatement prepared, bind(request, identity));
  if (prepared.statement().kind == partiql::StatementKind::kExists) {
    return validation_error("EXISTS is only supported in ExecuteTransaction");
  }
  VARVE_ASSIGN_OR_FAIL(TableRef table, context.table_for_items(prepared.statement().table));
  if (identity != nullptr) identity->table = table->description.name;
  VARVE_RETURN_IF_FAILED(prepared.plan(std::move(table)));
  VARVE_RETURN_IF_FAILED(prepared.make_write());
  return prepared;
}

Outcome<PreparedStatement> PreparedStatement::bind(const StatementRequest& request, Identity* identity) {
  VARVE_ASSIGN_OR_FAIL_STATUS(partiql::Statement statement,
                              partiql::parse_statement(request.statement, request.parameters));
  if (identity != nullptr) *identity = {statement.is_read(), statement.table};
  VARVE_RETURN_IF_FAILED(check_values(request, statement));
  PreparedStatement prepared(request, std::move(statement));
  VARVE_ASSIGN_OR_FAIL_STATUS(partiql::Planner planner, partiql::Planner::bind(prepared.statement()));
  prepared.planner_.emplace(std::move(planner));
  return prepared;
}

Failure PreparedStatement::plan_read() {
  if (statement_->index && !table_->find_index(*statement_->index)) {
    return validation_error("The table does not have the specified index");
  }
  VARVE_ASSIGN_OR_FAIL(source_, PageSource::find(*table_, statement_->index));
  if (source_->is_global_index() && request_->consistent_read) {
    return validation_error("Strongly consistent read is not supported on Global Secondary Indexes");
  }
  VARVE_ASSIGN_OR_FAIL_STATUS(read_, planner_->plan_read(source_->keys()));
  if (source_->index() != nullptr) {
    // Several entries may have one index key.
    read_.may_continue = true;
    read_.key.reset();
  }
  if (read_.filter) VARVE_RETURN_IF_FAILED(check_key_paths(*table_, *read_.filter));
  VARVE_RETURN_IF_FAILED(check_key_paths(*table_, SelectedPaths{read_.projection}));
  VARVE_ASSIGN_OR_FAIL(fetch_, source_->must_fetch(std::nullopt, &read_.projection));
  if (read_.filter && read_.has_partition) VARVE_RETURN_IF_FAILED(source_->check_filter(*read_.filter));
  fingerprint_ =
      partiql::statement_fingerprint(request_->statement, request_->parameters, source_->keyspace());
  return std::nullopt;
}

Failure PreparedStatement::plan(TableRef table) {
  table_ = std::move(table);
  const index::KeySchema& schema = table_->description.key_schema;
  if (is_read()) return plan_read();
  if (is_insert()) {
    VARVE_ASSIGN_OR_FAIL_STATUS(write_plan_.condition, planner_->plan_insert(schema));
  } else {
    VARVE_ASSIGN_OR_FAIL_STATUS(write_plan_, planner_->plan_write(schema));
  }
  return std::nullopt;
}

Failure PreparedStatement::check_keys_not_empty() const {
  VARVE_RETURN_IF_FAILED(
      check_key_not_empty(table_->description.key_schema, is_insert() ? statement_->item : write_plan_.key));
  if (is_insert()) return check_index_keys_not_empty(*table_, statement_->item, index::ItemSource::kPut);
  if (!write_plan_.update) return std::nullopt;
  return check_index_keys_not_empty(*table_, write_plan_.update->assigned_values(),
                                    index::ItemSource::kUpdate);
}

Failure PreparedStatement::make_write() {
  const auto place = [&](auto request) {
    request.return_values = return_values(statement_->returning);
    request.return_old_on_condition_failure = request_->return_old_on_condition_failure;
    return place_write(table_, request, {std::move(write_plan_.condition), std::move(write_plan_.update)});
  };
  switch (statement_->kind) {
    case partiql::StatementKind::kSelect:
      return std::nullopt;
    case partiql::StatementKind::kInsert: {
      PutItemRequest put;
      put.item = statement_->item;
      VARVE_ASSIGN_OR_FAIL(write_, place(std::move(put)));
      return std::nullopt;
    }
    case partiql::StatementKind::kUpdate: {
      UpdateItemRequest update;
      update.key = std::move(write_plan_.key);
      VARVE_ASSIGN_OR_FAIL(write_, place(std::move(update)));
      return std::nullopt;
    }
    case partiql::StatementKind::kDelete: {
      DeleteItemRequest remove;
      remove.key = std::move(write_plan_.key);
      VARVE_ASSIGN_OR_FAIL(write_, place(std::move(remove)));
      return std::nullopt;
    }
    case partiql::StatementKind::kExists: {
      ConditionCheckRequest check;
      check.key = std::move(write_plan_.key);
      VARVE_ASSIGN_OR_FAIL(write_, place(std::move(check)));
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Failure PreparedStatement::shape(StoredItem* item) const {
  if (!item->found()) return std::nullopt;
  if (read_.filter && !read_.filter->evaluate(item->view())) {
    item->reset();
    return std::nullopt;
  }
  if (read_.projection.empty()) return std::nullopt;
  VARVE_ASSIGN_OR_FAIL(const Item part, project(read_.projection, item->view()));
  if (part.empty()) {
    item->reset();
    return std::nullopt;
  }
  return failure_of(item->own(index::encode_item(part)));
}

Outcome<ExecuteStatementResult> PreparedStatement::finish(Outcome<WriteItemResult> outcome, bool is_insert) {
  if (!outcome.ok()) {
    // An INSERT's only condition is that there is no item yet.
    if (is_insert && outcome.error().type == ErrorType::kConditionalCheckFailed) return duplicate_item();
    return std::move(outcome).error();
  }
  ExecuteStatementResult result;
  result.consumed_capacity = std::move(outcome->consumed_capacity);
  if (outcome->attributes) result.items.append(index::encode_item(*outcome->attributes));
  return result;
}

Outcome<ExecuteStatementResult> PreparedStatement::read(const Context& context, std::optional<int64_t> limit,
                                                        const std::optional<std::string>& next_token) const {
  partiql::ReadPosition at;
  if (next_token) {
    auto decoded =
        partiql::decode_next_token(*next_token, fingerprint_, read_, source_->tree_key_components());
    if (!decoded) return validation_error("The provided NextToken is invalid for this statement");
    at = *std::move(decoded);
  }
  ReadPageRequest page_request;
  page_request.consistent_read = request_->consistent_read;
  page_request.limit = limit;
  const PageExpressions expressions{read_.filter, std::nullopt, fetch_};
  ExecuteStatementResult result;
  result.consumed_capacity.table = table_->description.name;
  const double page_units = read_units(kPageBytes, request_->consistent_read);
  while (at.range < read_.ranges.size()) {
    const PageRange range{read_.ranges[at.range], read_.forward, std::move(at.after), read_.may_continue};
    VARVE_ASSIGN_OR_FAIL(ReadPageResult page, read_page(context, *source_, page_request, range, expressions));
    result.consumed_capacity.add(page.consumed_capacity);
    if (read_.projection.empty()) {
      for (size_t i = 0; i < page.items.size(); ++i) result.items.append(page.items.bytes(i));
    } else {
      VARVE_RETURN_IF_FAILED(append_items(page.items, read_.projection, &result.items));
    }
    if (page.last_evaluated_key) {
      VARVE_ASSIGN_OR_FAIL_STATUS(at.after, source_->tree_key(*page.last_evaluated_key));
      result.next_token = partiql::encode_next_token(fingerprint_, at);
      result.last_evaluated_key = std::move(page.last_evaluated_key);
      break;
    }
    at = {at.range + 1, {}};
    if (page_request.limit) *page_request.limit -= static_cast<int64_t>(page.scanned_count);
    const bool full =
        (page_request.limit && *page_request.limit <= 0) || result.consumed_capacity.total() >= page_units;
    if (!full) continue;
    if (at.range < read_.ranges.size()) result.next_token = partiql::encode_next_token(fingerprint_, at);
    break;
  }
  return result;
}

}  // namespace varve::api::dynamo
