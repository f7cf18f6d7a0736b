#include "api/dynamo/page_reader.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/value_json.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

// The key attributes of a stored item, as LastEvaluatedKey has them.
Outcome<Item> key_of_view(const index::KeySchema& schema, const index::ItemView& item) {
  Item key;
  const auto add = [&](const index::KeyAttribute& attribute) -> Status {
    const auto value = item.find(attribute.name);
    if (!value) return Status::corruption("table", 0, "an item without its key attribute " + attribute.name);
    VARVE_ASSIGN_OR_RETURN(AttributeValue decoded, value->decode());
    key.set(attribute.name, std::move(decoded));
    return {};
  };
  VARVE_RETURN_IF_FAILED(failure_of(add(schema.partition)));
  if (schema.sort) VARVE_RETURN_IF_FAILED(failure_of(add(*schema.sort)));
  return key;
}

class PageReader {
 public:
  PageReader(const Table& table, const ReadPageRequest& request, const PageRange& range,
             const PageExpressions& expressions, const ItemVisitor& visit)
      : table_(table), request_(request), range_(range), expressions_(expressions), visit_(visit) {}

  Outcome<ReadPageResult> read(partition::Store* store) {
    lsm::Bounds bounds{range_.keys.lower, std::nullopt};
    if (!range_.keys.upper.empty()) bounds.upper = range_.keys.upper;
    auto opened = store->iterate(table_.items, bounds, partition::ReadPoint::visible());
    if (!opened.ok()) return error_of_store(opened.status());
    partition::Iterator* const at = opened->get();
    for (start(at); at->valid(); range_.forward ? at->next() : at->prev()) {
      VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(at->value()));
      VARVE_RETURN_IF_FAILED(evaluate(item, at->value()));
      if (!page_is_full()) continue;
      if (range_.resumable) {
        VARVE_ASSIGN_OR_FAIL(result_.last_evaluated_key, key_of_view(table_.description.key_schema, item));
      }
      break;
    }
    if (!at->status().ok()) return error_of_store(at->status());
    result_.consumed_capacity = {table_.description.name, read_units(size_bytes_, request_.consistent_read)};
    return std::move(result_);
  }

 private:
  void start(partition::Iterator* at) const {
    if (range_.after.empty()) {
      range_.forward ? at->seek_to_first() : at->seek_to_last();
      return;
    }
    range_.forward ? at->seek(range_.after) : at->seek_for_prev(range_.after);
    if (at->valid() && at->key() == range_.after) range_.forward ? at->next() : at->prev();
  }

  bool page_is_full() const {
    return stopped_ || (request_.limit && result_.scanned_count >= static_cast<uint64_t>(*request_.limit)) ||
           size_bytes_ >= kPageBytes;
  }

  Failure evaluate(const index::ItemView& item, Slice encoded) {
    ++result_.scanned_count;
    size_bytes_ += item.size_bytes();
    if (expressions_.filter && !expressions_.filter->evaluate(item)) return std::nullopt;
    ++result_.count;
    if (request_.select == Select::kCount) return std::nullopt;
    if (!expressions_.projection) return show(item, encoded);
    VARVE_ASSIGN_OR_FAIL_STATUS(const Item part, expressions_.projection->apply(item));
    const std::string encoded_part = index::encode_item(part);
    VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView view, index::ItemView::open(encoded_part));
    return show(view, encoded_part);
  }

  Failure show(const index::ItemView& item, Slice encoded) {
    if (visit_) {
      stopped_ = !visit_(item);
    } else {
      result_.items.append(encoded);
    }
    return std::nullopt;
  }

  const Table& table_;
  const ReadPageRequest& request_;
  const PageRange& range_;
  const PageExpressions& expressions_;
  const ItemVisitor& visit_;
  ReadPageResult result_;
  size_t size_bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace

Outcome<ReadPageResult> read_page(const Context& context, const Table& table, const ReadPageRequest& request,
                                  const PageRange& range, const PageExpressions& expressions,
                                  const ItemVisitor& visit) {
  return PageReader(table, request, range, expressions, visit).read(context.store);
}

Failure check_start_key_values(const ReadPageRequest& request) {
  if (!request.notes.start_key_error.empty()) return validation_error(request.notes.start_key_error);
  if (!request.exclusive_start_key) return std::nullopt;
  return check_item(*request.exclusive_start_key);
}

Failure check_select(const ReadPageRequest& request) {
  if (!request.select) return std::nullopt;
  const bool projects = request.projection_expression || request.attributes_to_get;
  const std::string chosen = request.attributes_to_get ? "AttributesToGet" : "ProjectionExpression";
  switch (*request.select) {
    case Select::kAllProjectedAttributes:
      if (request.index_name) return std::nullopt;
      return invalid_parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    case Select::kSpecificAttributes:
      if (projects) return std::nullopt;
      return invalid_parameter(
          "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
          "SPECIFIC_ATTRIBUTES");
    case Select::kAllAttributes:
      if (!projects) return std::nullopt;
      return invalid_parameter("Cannot specify the " + chosen + " when choosing to get ALL_ATTRIBUTES");
    case Select::kCount:
      if (!projects) return std::nullopt;
      return invalid_parameter("Cannot specify the " + chosen + " when choosing to get only the Count");
  }
  return std::nullopt;
}

Failure check_index(const ReadPageRequest& request) {
  if (!request.index_name) return std::nullopt;
  return validation_error("The table does not have the specified index: " + *request.index_name);
}

Failure check_key_paths(const PageExpressions& expressions, const index::KeySchema& schema) {
  if (expressions.filter) VARVE_RETURN_IF_FAILED(failure_of(expressions.filter->check_key_paths(schema)));
  if (expressions.projection) return failure_of(expressions.projection->check_key_paths(schema));
  return std::nullopt;
}

}  // namespace varve::api::dynamo
