// A history: what concurrent clients asked of a database and were told, with times that order one operation before another. Every
// item holds a list that operations append unique values to, or a register that operations replace; a read of either says which
// values came before, so the order of all writes can be recovered from reads alone (the idea of Elle's list-append: Kingsbury and
// Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020).
//
// Threads: History is shared by the clients that record into it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/io/mutex.h"

namespace varve::isolation {

// The values of a key that an operation saw, oldest first; of a register only the last is known.
struct Read {
  std::string key;
  std::vector<int64_t> values;  // empty: none yet
  bool is_register = false;
};

// The next value of a key. Every value is written once in a history, and none is 0.
struct Write {
  std::string key;
  int64_t value = 0;
};

enum class Told : uint8_t {
  kDone,
  kRefused,  // it certainly did nothing
  kUnknown,  // no answer, or one that says so: it may have happened, or may yet
};

inline constexpr uint64_t kNever = UINT64_MAX;

struct Operation {
  std::string what;  // for people: "transfer"
  int client = 0;
  // Moments of one clock that all clients share. What ended before another began came before it.
  uint64_t begun = 0, ended = kNever;
  Told told = Told::kUnknown;
  std::vector<Write> writes;   // at most one a key
  std::vector<Read> expected;  // what its conditions demand: it saw that if it happened
  // What it was told; of a key that it writes: what was there before its write.
  std::vector<Read> reads;

  std::string to_string() const;
};

class History {
 public:
  // The operation begins now. Answers its number.
  size_t begin(Operation operation);
  // It has ended: what it saw counts only when it is done.
  void end(size_t number, Told told, std::vector<Read> reads = {});
  // All that was recorded so far.
  std::vector<Operation> operations() const;
  // A moment between those of operations.
  uint64_t now();
  // As if a power cut had come between the two moments: what began after the last was never asked, what ended after the first was
  // never answered.
  void cut(uint64_t first, uint64_t last);
  size_t size() const;

 private:
  mutable io::Mutex mutex_;
  uint64_t clock_ VARVE_GUARDED_BY(mutex_) = 0;
  std::vector<Operation> operations_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::isolation
