// ControlThread: one thread that carries out table operations one after the other, so that the threads that serve requests never
// wait for the log. It starts with the first task.
//
// Threads: run from any. The destructor carries out what is queued, then joins. Tasks must not throw.
#pragma once

#include <deque>
#include <functional>

#include "base/io/mutex.h"
#include "base/io/thread.h"

namespace varve::api::dynamo {

class ControlThread {
 public:
  ControlThread() = default;
  ~ControlThread();
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  void run(std::function<void()> task);

 private:
  void loop();
  io::Mutex mutex_;
  io::CondVar wake_;
  std::deque<std::function<void()>> tasks_ VARVE_GUARDED_BY(mutex_);
  bool stopping_ VARVE_GUARDED_BY(mutex_) = false;
  bool started_ VARVE_GUARDED_BY(mutex_) = false;
  io::Thread thread_;
};

}  // namespace varve::api::dynamo
