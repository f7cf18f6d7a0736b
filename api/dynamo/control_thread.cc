#include "api/dynamo/control_thread.h"

namespace varve::api::dynamo {

ControlThread::~ControlThread() {
  {
    io::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ControlThread::run(std::function<void()> task) {
  {
    io::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
    if (!started_) {
      started_ = true;
      thread_ = io::Thread("varve-control", [this] { loop(); });
    }
  }
  wake_.notify_one();
}

void ControlThread::loop() {
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
