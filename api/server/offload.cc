#include "api/server/offload.h"

#include <algorithm>
#include <array>
#include <utility>

namespace varve::api {

bool may_take_long(Slice target) {
  static constexpr std::array<Slice, 10> kLong = {"Query",
                                                  "Scan",
                                                  "BatchGetItem",
                                                  "BatchWriteItem",
                                                  "TransactGetItems",
                                                  "TransactWriteItems",
                                                  "ExecuteStatement",
                                                  "BatchExecuteStatement",
                                                  "ExecuteTransaction",
                                                  "GetRecords"};
  const size_t dot = target.find('.');
  return dot != Slice::npos && std::find(kLong.begin(), kLong.end(), target.substr(dot + 1)) != kLong.end();
}

Offload::Offload(size_t threads, Server::Handler handler)
    : handler_(std::move(handler)), threads_("requests", threads) {}

void Offload::handle(Slice target, Slice body, Server::Done done) {
  if (!may_take_long(target)) return handler_(target, body, std::move(done));
  threads_.run([this, target = std::string(target), body = std::string(body),
                done = std::move(done)]() mutable { handler_(target, body, std::move(done)); });
}

}  // namespace varve::api
