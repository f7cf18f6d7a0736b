// Thread: a named thread of the operating system, or a fiber when the creator runs inside a simulation.
//
// Ownership: the destructor joins. A body never lets an exception out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace varve::io {

class Thread {
 public:
  Thread() = default;
  // name: at most 15 bytes show in the operating system's listings.
  Thread(std::string name, std::function<void()> body);
  ~Thread();
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  bool joinable() const;
  void join();

 private:
  std::thread thread_;
  uint64_t fiber_ = 0;  // 0: none
};

// A hint to let others run: a seeded choice inside a simulation, a pause instruction outside.
void spin_pause();

}  // namespace varve::io
