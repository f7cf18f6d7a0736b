#include "bench/workload.h"

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <numeric>
#include <vector>

#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"

namespace varve::bench {

namespace {

// Values that differ, so that nothing dedupes or compresses by accident.
class Values {
 public:
  Values(uint64_t seed, size_t value_bytes) : pool_(1u << 20, '\0'), value_bytes_(value_bytes) {
    Random random(seed);
    for (char& c : pool_) c = static_cast<char>(random.next());
  }
  Slice next(uint64_t i) const {
    return Slice(pool_).substr(i * 61 % (pool_.size() - value_bytes_), value_bytes_);
  }

 private:
  std::string pool_;
  size_t value_bytes_;
};

// Visits 0..n-1 in a pseudo-random order without a table: i * step mod n, with step coprime to n.
class Permutation {
 public:
  Permutation(uint64_t n, uint64_t seed) : n_(n), step_(0x9e3779b97f4a7c15u % n | 1), start_(seed % n) {
    while (std::gcd(step_, n_) != 1) step_ += 2;
  }
  uint64_t at(uint64_t i) const {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(i) * step_ + start_) % n_);
  }

 private:
  uint64_t n_, step_, start_;
};

template <typename Operation>
Status timed(Measurement* measurement, const Operation& operation) {
  const uint64_t start = io::monotonic_ns();
  Status status = operation();
  measurement->latency_ns.record(io::monotonic_ns() - start);
  ++measurement->operations;
  return status;
}

double seconds_since(uint64_t start_ns) { return static_cast<double>(io::monotonic_ns() - start_ns) / 1e9; }

}  // namespace

std::string key_of(uint64_t i, bool missing) {
  char buffer[24];
  std::snprintf(buffer, sizeof(buffer), "%016" PRIu64, 2 * i + (missing ? 1 : 0));
  return std::string(buffer, 16);
}

Result<Measurement> fill(Engine* engine, const WorkloadOptions& options, bool random) {
  const Values values(options.seed, options.value_bytes);
  const Permutation permutation(options.keys, options.seed);
  Measurement measurement;
  const uint64_t start = io::monotonic_ns();
  for (uint64_t i = 0; i < options.keys; ++i) {
    const std::string key = key_of(random ? permutation.at(i) : i);
    VARVE_RETURN_IF_ERROR(timed(&measurement, [&] { return engine->put(key, values.next(i)); }));
  }
  measurement.seconds = seconds_since(start);
  return measurement;
}

Result<Measurement> fill_sync(Engine* engine, const WorkloadOptions& options, int threads) {
  const Values values(options.seed, options.value_bytes);
  std::vector<Measurement> parts(static_cast<size_t>(threads));
  std::vector<Status> errors(static_cast<size_t>(threads));
  const uint64_t start = io::monotonic_ns();
  {
    std::vector<io::Thread> writers;
    for (size_t t = 0; t < parts.size(); ++t) {
      writers.emplace_back("fillsync", [&, t] {
        Random random(options.seed * 1000 + t);
        while (errors[t].ok() && seconds_since(start) < static_cast<double>(options.fillsync_seconds)) {
          const uint64_t i = random.below(options.keys);
          const std::string key = key_of(i);
          errors[t] = timed(&parts[t], [&] { return engine->put(key, values.next(i)); });
        }
      });
    }
  }
  Measurement total;
  total.seconds = seconds_since(start);
  for (size_t t = 0; t < parts.size(); ++t) {
    VARVE_RETURN_IF_ERROR(errors[t]);
    total.operations += parts[t].operations;
    total.latency_ns.merge(parts[t].latency_ns);
  }
  return total;
}

Result<Measurement> read_random(Engine* engine, const WorkloadOptions& options, bool missing) {
  Random random(options.seed + 17);
  Measurement measurement;
  std::string value;
  uint64_t wrong = 0;
  const uint64_t start = io::monotonic_ns();
  for (uint64_t n = 0; n < options.reads; ++n) {
    const std::string key = key_of(random.below(options.keys), missing);
    VARVE_RETURN_IF_ERROR(timed(&measurement, [&] {
      auto found = engine->get(key, &value);
      if (!found.ok()) return found.status();
      wrong += *found == missing;
      return Status();
    }));
  }
  measurement.seconds = seconds_since(start);
  if (wrong != 0)
    return Status::corruption(engine->name() + ": " + std::to_string(wrong) + " reads answered wrongly");
  return measurement;
}

Result<Measurement> seek_random(Engine* engine, const WorkloadOptions& options) {
  constexpr int kEntries = 10;
  Random random(options.seed + 23);
  Measurement measurement;
  uint64_t bytes = 0;
  const std::unique_ptr<Cursor> cursor = engine->cursor();
  const uint64_t start = io::monotonic_ns();
  for (uint64_t n = 0; n < options.reads / 4; ++n) {
    const std::string key = key_of(random.below(options.keys));
    VARVE_RETURN_IF_ERROR(timed(&measurement, [&] {
      cursor->seek(key);
      if (!cursor->valid() || cursor->key() != key)
        return Status::corruption(engine->name() + ": seek missed " + key);
      for (int i = 0; i < kEntries && cursor->valid(); ++i, cursor->next()) bytes += cursor->value().size();
      return Status();
    }));
  }
  measurement.seconds = seconds_since(start);
  if (bytes == 0) return Status::corruption(engine->name() + ": scans were empty");
  return measurement;
}

}  // namespace varve::bench
