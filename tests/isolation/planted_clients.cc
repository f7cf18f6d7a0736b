#include "tests/isolation/planted_clients.h"

#include <array>
#include <tuple>
#include <utility>

#include "base/io/clock.h"

namespace varve::isolation {
namespace {

class PlantedClient : public Client {
 public:
  PlantedClient(api::Face* face, PlantedState* state) : Client(face), state_(state) {}

 protected:
  // Between two steps that should have been one. (In a simulation a read of memory is one step.)
  static void time_passes() { io::sleep_ns(50'000); }
  // True for one call in n, whoever's.
  bool one_in(uint64_t n) {
    const io::MutexLock lock(&state_->mutex);
    return ++state_->calls % n == 0;
  }
  PlantedState* const state_;
};

// Looks at the condition, then writes: whoever wrote in between is overwritten.
class EvaluatesOnAStaleImage final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer compare_and_set(const std::string& key, int64_t expected, int64_t value) override {
    const Answer seen = read(key);
    if (seen.told != Told::kDone) return seen;
    const std::vector<int64_t>& values = seen.items[0].values;
    const int64_t found = values.empty() ? 0 : values.back();
    if (found != expected) return {Told::kRefused, {}};
    time_passes();
    // The image may be old by now; whatever is there is replaced.
    for (int64_t newest = found;;) {
      const Answer written = PlantedClient::compare_and_set(key, newest, value);
      if (written.told != Told::kRefused) return written;
      newest = read(key).items[0].values.back();
    }
  }
};

class AcknowledgesEarly final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer append(const std::string& key, int64_t value, std::optional<size_t> count) override {
    const auto [late_key, late_value] = take_late();
    if (!late_key.empty()) PlantedClient::append(late_key, late_value, std::nullopt);
    if (count || !one_in(10)) return PlantedClient::append(key, value, count);
    const io::MutexLock lock(&state_->mutex);
    std::tie(state_->late_key, state_->late_value) = std::pair(key, value);
    return {Told::kDone, {}};
  }

 private:
  std::pair<std::string, int64_t> take_late() {
    const io::MutexLock lock(&state_->mutex);
    return {std::exchange(state_->late_key, ""), state_->late_value};
  }
};

class ForgetsAnAcknowledgedWrite final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer append(const std::string& key, int64_t value, std::optional<size_t> count) override {
    if (!count && one_in(20)) return {Told::kDone, {}};
    return PlantedClient::append(key, value, count);
  }
};

class TearsTransactions final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer transact(const std::vector<Posting>& postings, const std::vector<Demand>& demands) override {
    if (postings.size() < 2) return PlantedClient::transact(postings, demands);
    const Answer first = PlantedClient::transact({postings[0]}, demands);
    if (first.told != Told::kDone) return first;
    time_passes();
    Answer second;
    do {
      second = PlantedClient::transact({postings[1]}, {});
    } while (second.told == Told::kRefused);
    return second;
  }
};

class ReadsATransactionPieceByPiece final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer read_all(const std::vector<std::string>& keys) override {
    Answer all{Told::kDone, {}};
    for (const std::string& key : keys) {
      all.items.push_back(std::move(read(key).items.at(0)));
      time_passes();
    }
    return all;
  }
};

class QueriesAnOldSnapshot final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer read_table(int table) override {
    const bool old = one_in(5);
    Answer now = PlantedClient::read_table(table);
    const io::MutexLock lock(&state_->mutex);
    Answer& kept = state_->old_table[table];
    if (old && !kept.items.empty()) return kept;
    kept = now;
    return now;
  }
};

// Checks first, writes then: two transactions that each look at what the other writes both succeed.
class ChecksConditionsBeforeTheTransaction final : public PlantedClient {
 public:
  using PlantedClient::PlantedClient;
  Answer transact(const std::vector<Posting>& postings, const std::vector<Demand>& demands) override {
    for (const Demand& demand : demands) {
      const Answer seen = read(demand.key);
      if (seen.told != Told::kDone) return seen;
      if (seen.items[0].values.size() != demand.count) return {Told::kRefused, {}};
    }
    if (!demands.empty()) time_passes();
    return PlantedClient::transact(postings, {});
  }
};

template <typename Bug>
std::unique_ptr<Client> make(api::Face* face, PlantedState* state) {
  return std::make_unique<Bug>(face, state);
}

constexpr std::array kBugs = {
    PlantedBug{"evaluates on a stale image", make<EvaluatesOnAStaleImage>},
    PlantedBug{"acknowledges early", make<AcknowledgesEarly>},
    PlantedBug{"forgets an acknowledged write", make<ForgetsAnAcknowledgedWrite>},
    PlantedBug{"tears transactions", make<TearsTransactions>},
    PlantedBug{"reads a transaction piece by piece", make<ReadsATransactionPieceByPiece>},
    PlantedBug{"queries an old snapshot", make<QueriesAnOldSnapshot>},
    PlantedBug{"checks conditions before the transaction", make<ChecksConditionsBeforeTheTransaction>},
};

}  // namespace

std::span<const PlantedBug> planted_bugs() { return kBugs; }

}  // namespace varve::isolation
