#include "api/dynamo/page_reader.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/parameters.h"
#include "api/dynamo/value_json.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

class PageReader {
 public:
  PageReader(const Context& context, const PageSource& source, const ReadPageRequest& request,
             const PageRange& range, const PageExpressions& expressions, const ItemVisitor& visit)
      : store_(context.store),
        source_(source),
        request_(request),
        range_(range),
        expressions_(expressions),
        visit_(visit) {}

  Outcome<ReadPageResult> read() {
    lsm::Bounds bounds{range_.keys.lower, std::nullopt};
    if (!range_.keys.upper.empty()) bounds.upper = range_.keys.upper;
    auto point = partition::ReadPoint::visible();
    if (expressions_.fetch) {
      // Before either tree is looked at: both are then read at one moment.
      snapshot_ = store_->snapshot();
      point = snapshot_->point();
    }
    auto opened = store_->iterate(source_.keyspace(), bounds, point);
    if (!opened.ok()) return failed(opened.status());
    partition::Iterator* const at = opened->get();
    for (start(at); at->valid(); range_.forward ? at->next() : at->prev()) {
      VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(at->value()));
      VARVE_RETURN_IF_FAILED(evaluate(item, at->value()));
      if (!page_is_full()) continue;
      if (range_.resumable) {
        VARVE_ASSIGN_OR_FAIL(result_.last_evaluated_key, source_.key_of(item));
      }
      break;
    }
    if (!at->status().ok()) return failed(at->status());
    account();
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
           size_bytes_ + fetched_bytes_ >= kPageBytes;
  }

  // What was dropped while it was read: the table, or only the index.
  Error failed(const Status& status) const {
    if (status.code() == ErrorCode::kNotFound && source_.index() != nullptr &&
        store_->keyspace_statistics(source_.table().items).ok()) {
      return validation_error("The table does not have the specified index: " + source_.index()->schema.name);
    }
    return error_of_store(status);
  }

  Failure evaluate(const index::ItemView& item, Slice encoded) {
    ++result_.scanned_count;
    size_bytes_ += item.size_bytes();
    if (expressions_.filter && !expressions_.filter->evaluate(item)) return std::nullopt;
    ++result_.count;
    if (request_.select == Select::kCount) return std::nullopt;
    if (!expressions_.fetch) return keep(item, encoded);
    VARVE_RETURN_IF_FAILED(fetch(item));
    VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView whole, index::ItemView::open(fetched_.slice()));
    fetched_bytes_ += whole.size_bytes();
    fetched_units_ += read_units(whole.size_bytes(), request_.consistent_read);
    return keep(whole, fetched_.slice());
  }

  Failure keep(const index::ItemView& item, Slice encoded) {
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

  // The item of an entry, into fetched_.
  Failure fetch(const index::ItemView& entry) {
    const index::KeySchema& schema = source_.table().description.key_schema;
    index::begin_tree_key(&key_);
    const auto append = [&](const index::KeyAttribute& attribute) {
      if (const auto value = entry.find(attribute.name)) index::append_key_component(*value, &key_);
    };
    append(schema.partition);
    index::finish_partition_prefix(&key_);
    if (schema.sort) append(*schema.sort);
    const auto found = store_->get(source_.table().items, key_, snapshot_->point(), &fetched_);
    if (!found.ok()) return error_of_store(found.status());
    if (found->found) return std::nullopt;
    return from_status(
        Status::corruption("index " + source_.index()->schema.name, 0, "an entry without its item"));
  }

  void account() {
    ConsumedCapacity& consumed = result_.consumed_capacity;
    consumed.table = source_.table().description.name;
    const double units = read_units(size_bytes_, request_.consistent_read);
    if (source_.index() == nullptr) {
      consumed.units = units;
      return;
    }
    consumed.units = fetched_units_;
    consumed.add_index(source_.index()->schema.name, source_.index()->schema.kind, units);
  }

  partition::Store* const store_;
  const PageSource& source_;
  const ReadPageRequest& request_;
  const PageRange& range_;
  const PageExpressions& expressions_;
  const ItemVisitor& visit_;
  std::unique_ptr<partition::Snapshot> snapshot_;
  std::string key_;
  partition::PinnedValue fetched_;
  ReadPageResult result_;
  size_t size_bytes_ = 0;     // of what was looked at
  size_t fetched_bytes_ = 0;  // of what was fetched from the table besides
  double fetched_units_ = 0;
  bool stopped_ = false;
};

}  // namespace

Outcome<ReadPageResult> read_page(const Context& context, const PageSource& source,
                                  const ReadPageRequest& request, const PageRange& range,
                                  const PageExpressions& expressions, const ItemVisitor& visit) {
  return PageReader(context, source, request, range, expressions, visit).read();
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
      if (!request.index_name) {
        return invalid_parameter(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
      }
      if (!projects) return std::nullopt;
      return invalid_parameter("Cannot specify the " + chosen +
                               " when choosing to get ALL_PROJECTED_ATTRIBUTES");
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

Outcome<PageSource> page_source(const Table& table, const ReadPageRequest& request) {
  VARVE_ASSIGN_OR_FAIL(PageSource source, PageSource::find(table, request.index_name));
  if (source.is_global_index() && request.consistent_read) {
    return validation_error("Consistent reads are not supported on global secondary indexes");
  }
  return source;
}

Failure check_key_paths(const PageSource& source, const PageExpressions& expressions) {
  if (expressions.filter) VARVE_RETURN_IF_FAILED(check_key_paths(source.table(), *expressions.filter));
  if (expressions.projection) return check_key_paths(source.table(), *expressions.projection);
  return std::nullopt;
}

Outcome<bool> must_fetch(const PageSource& source, const ReadPageRequest& request,
                         const PageExpressions& expressions) {
  return source.must_fetch(request.select,
                           expressions.projection ? &expressions.projection->paths() : nullptr);
}

}  // namespace varve::api::dynamo
