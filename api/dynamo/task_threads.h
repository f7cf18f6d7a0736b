// TaskThreads: a few threads that carry out tasks in the order they came. With one thread, tasks follow each other: so the dispatcher
// runs table operations, which wait for the log, apart from the threads that serve requests. The threads start with the first task.
//
// Threads: run from any, tasks included. The destructor carries out what is queued, then joins; it may begin as soon as the last task
// has, while another thread is still on its way out of run. Tasks must not throw.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/io/mutex.h"
#include "base/io/thread.h"

namespace varve::api::dynamo {

class TaskThreads {
 public:
  // count >= 1. name: as operating systems list them, at most 15 bytes.
  TaskThreads(std::string name, size_t count) : name_(std::move(name)), count_(count) {}
  ~TaskThreads();
  TaskThreads(const TaskThreads&) = delete;
  TaskThreads& operator=(const TaskThreads&) = delete;

  void run(std::function<void()> task);

 private:
  void loop();
  const std::string name_;
  const size_t count_;
  io::Mutex mutex_;
  io::CondVar wake_;
  std::deque<std::function<void()>> tasks_ VARVE_GUARDED_BY(mutex_);
  bool stopping_ VARVE_GUARDED_BY(mutex_) = false;
  bool started_ VARVE_GUARDED_BY(mutex_) = false;
  std::vector<io::Thread> threads_;
};

}  // namespace varve::api::dynamo
