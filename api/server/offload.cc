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

Offload::Offload(size_t threads, Server::Handler handler) : handler_(std::move(handler)) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back("requests", [this] { work(); });
}

Offload::~Offload() {
  {
    const io::MutexLock lock(&mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // joins
}

void Offload::handle(Slice target, Slice body, Server::Done done) {
  if (!may_take_long(target)) return handler_(target, body, std::move(done));
  {
    const io::MutexLock lock(&mutex_);
    queue_.push_back({std::string(target), std::string(body), std::move(done)});
  }
  changed_.notify_one();
}

void Offload::work() {
  for (;;) {
    Job job;
    {
      const io::MutexLock lock(&mutex_);
      while (queue_.empty() && !closing_) changed_.wait(&mutex_);
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    handler_(job.target, job.body, std::move(job.done));
  }
}

}  // namespace varve::api
