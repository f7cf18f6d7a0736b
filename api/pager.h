// Pager: a Query or Scan page by page, until the range is exhausted.
//
//   for (varve::api::Pager pages(database.get(), query); pages.next();) {
//     for (const varve::index::ItemView item : pages.page().items) ...
//   }
//   if (pages.failure()) ...
//
// Each page reads the newest state of the table; nothing of the store is held between two pages. request.limit is the items of a page,
// not of all; a page may be empty when a filter let nothing through, and the walk goes on.
//
// Threads: one at a time. Ownership: borrows the Database; views of a page's items are valid until the next next().
#pragma once

#include <variant>

#include "api/varve.h"

namespace varve::api {

class Pager {
 public:
  Pager(Database* database, QueryRequest request);
  Pager(Database* database, ScanRequest request);

  // Reads the next page. False when there is none: after the last, or after a failure.
  bool next();
  // The page that next() read; call it after next() was true.
  const ReadPageResult& page() const { return page_; }
  // Why next() was false; nothing when the range is exhausted. The next call of next() tries the page again.
  const Failure& failure() const { return failure_; }

 private:
  Database* const database_;
  std::variant<QueryRequest, ScanRequest> request_;
  ReadPageResult page_;
  Failure failure_;
  bool is_last_ = false;
};

}  // namespace varve::api
