#include "tests/isolation/history.h"

#include "base/check.h"

namespace varve::isolation {

std::string Operation::to_string() const {
  std::string text = what + " of client " + std::to_string(client) + " at " + std::to_string(begun) + "-" +
                     (ended == kNever ? "?" : std::to_string(ended)) + " {";
  for (const Read& read : reads) {
    text += " " + read.key + ":";
    text +=
        read.values.empty() ? "none" : (read.is_register ? "" : "..") + std::to_string(read.values.back());
  }
  for (const Write& write : writes) text += " " + write.key + "<-" + std::to_string(write.value);
  return text + " }";
}

size_t History::begin(Operation operation) {
  const io::MutexLock lock(&mutex_);
  operation.begun = clock_++;
  operations_.push_back(std::move(operation));
  return operations_.size() - 1;
}

void History::end(size_t number, Told told, std::vector<Read> reads) {
  const io::MutexLock lock(&mutex_);
  Operation& operation = operations_[number];
  CHECK(operation.ended == kNever);
  operation.told = told;
  // What may still happen has not ended.
  if (told != Told::kUnknown) operation.ended = clock_++;
  if (told == Told::kDone) operation.reads = std::move(reads);
}

std::vector<Operation> History::operations() const {
  const io::MutexLock lock(&mutex_);
  return operations_;
}

uint64_t History::now() {
  const io::MutexLock lock(&mutex_);
  return clock_++;
}

size_t History::size() const {
  const io::MutexLock lock(&mutex_);
  return operations_.size();
}

void History::cut(uint64_t first, uint64_t last) {
  const io::MutexLock lock(&mutex_);
  std::erase_if(operations_, [last](const Operation& operation) { return operation.begun > last; });
  for (Operation& operation : operations_) {
    if (operation.ended == kNever || operation.ended < first) continue;
    operation.ended = kNever;
    operation.told = Told::kUnknown;
    operation.reads.clear();
  }
}

}  // namespace varve::isolation
