#include "api/dynamo/task_threads.h"

namespace varve::api::dynamo {

TaskThreads::~TaskThreads() {
  {
    io::MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  threads_.clear();  // joins
}

void TaskThreads::run(std::function<void()> task) {
  io::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
  if (!started_) {
    started_ = true;
    for (size_t i = 0; i < count_; ++i) threads_.emplace_back(name_, [this] { loop(); });
  }
  wake_.notify_one();  // under the mutex: once the task has run, its owner may destroy us
}

void TaskThreads::loop() {
  while (true) {
    std::function<void()> task;
    {
      io::MutexLock lock(&mutex_);
      while (tasks_.empty() && !stopping_) wake_.wait(&mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace varve::api::dynamo
