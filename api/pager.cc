#include "api/pager.h"

#include <utility>

namespace varve::api {

Pager::Pager(Database* database, QueryRequest request) : database_(database), request_(std::move(request)) {}
Pager::Pager(Database* database, ScanRequest request) : database_(database), request_(std::move(request)) {}

bool Pager::next() {
  if (is_last_) return false;
  failure_.reset();
  auto outcome = std::holds_alternative<QueryRequest>(request_)
                     ? database_->query(std::get<QueryRequest>(request_))
                     : database_->scan(std::get<ScanRequest>(request_));
  if (!outcome.ok()) {
    failure_ = outcome.error();
    return false;
  }
  page_ = std::move(outcome).value();
  is_last_ = !page_.last_evaluated_key.has_value();
  std::visit([this](ReadPageRequest& request) { request.exclusive_start_key = page_.last_evaluated_key; },
             request_);
  return true;
}

}  // namespace varve::api
