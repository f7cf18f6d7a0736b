#include "tests/isolation/workload.h"

#include <algorithm>

namespace varve::isolation {
namespace {

std::vector<Read> reads_of(const std::vector<Seen>& items) {
  std::vector<Read> reads;
  for (const Seen& item : items) reads.push_back({item.key, item.values, is_register(item.key)});
  return reads;
}

// The reads of an append that answers the item as it left it.
std::vector<Read> reads_before(const std::vector<Seen>& items, int64_t own) {
  std::vector<Read> reads = reads_of(items);
  for (Read& read : reads) {
    if (!read.values.empty() && read.values.back() == own) read.values.pop_back();
  }
  return reads;
}

std::vector<std::string> accounts() {
  std::vector<std::string> keys;
  for (int table = 0; table < kTables; ++table) {
    for (std::string& key : account_keys(table)) keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

// What one client does.
class Workload::Session {
 public:
  Session(Workload* workload, Client* client, int number, uint64_t seed)
      : workload_(workload), client_(client), number_(number), random_(seed) {}

  void step() {
    const uint64_t dice = random_.below(100);
    if (dice < 20) return append();
    if (dice < 35) return append_if_unchanged();
    if (dice < 50) return compare_and_set();
    if (dice < 65) return transfer();
    if (dice < 75) return append_unless_other_changed();
    if (dice < 87) return (void)read_one(random_.one_in(4) ? any_register() : any_account());
    return snapshot(dice < 94);
  }

 private:
  std::string any_account() {
    return account_key(static_cast<int>(random_.below(kTables)), static_cast<int>(random_.below(kAccounts)));
  }
  std::string any_register() {
    return register_key(static_cast<int>(random_.below(kTables)),
                        static_cast<int>(random_.below(kRegisters)));
  }
  std::pair<std::string, std::string> two_accounts() {
    const std::string one = any_account();
    std::string other = any_account();
    while (other == one) other = any_account();
    return {one, other};
  }

  size_t begin(std::string what, std::vector<Write> writes = {}, std::vector<Read> expected = {}) {
    Operation operation;
    operation.what = std::move(what);
    operation.client = number_;
    operation.writes = std::move(writes);
    operation.expected = std::move(expected);
    return workload_->history_.begin(std::move(operation));
  }
  void end(size_t operation, const Client::Answer& answer, std::vector<Read> reads) {
    workload_->look_at(answer.items, "what client " + std::to_string(number_) + " was answered");
    workload_->history_.end(operation, answer.told, std::move(reads));
  }

  Client::Answer read_one(const std::string& key) {
    const size_t operation = begin("GetItem");
    Client::Answer answer = client_->read(key);
    end(operation, answer, reads_of(answer.items));
    return answer;
  }

  void append() {
    const std::string key = any_account();
    const int64_t value = workload_->next_value();
    const size_t operation = begin("append", {{key, value}});
    const Client::Answer answer = client_->append(key, value, std::nullopt);
    end(operation, answer, reads_before(answer.items, value));
  }

  // What the client saw before is what its condition demands.
  void append_if_unchanged() {
    const std::string key = any_account();
    const Client::Answer seen = read_one(key);
    if (seen.told != Told::kDone || seen.items.empty()) return;
    const int64_t value = workload_->next_value();
    const size_t operation = begin("conditional append", {{key, value}}, reads_of(seen.items));
    const Client::Answer answer = client_->append(key, value, seen.items[0].values.size());
    end(operation, answer, reads_before(answer.items, value));
  }

  void compare_and_set() {
    const std::string key = any_register();
    const Client::Answer seen = read_one(key);
    if (seen.told != Told::kDone || seen.items.empty()) return;
    const std::vector<int64_t>& values = seen.items[0].values;
    const int64_t value = workload_->next_value();
    const size_t operation = begin("compare and set", {{key, value}}, reads_of(seen.items));
    end(operation, client_->compare_and_set(key, values.empty() ? 0 : values.back(), value), {});
  }

  void transfer() {
    const auto [from, to] = two_accounts();
    const auto amount = static_cast<int64_t>(random_.between(1, 40));
    const std::vector<Posting> postings = {{from, workload_->next_value(), -amount},
                                           {to, workload_->next_value(), amount}};
    const size_t operation = begin("transfer", {{from, postings[0].value}, {to, postings[1].value}});
    end(operation, client_->transact(postings, {}), {});
  }

  // Two of these on a pair of items, each looking at what the other writes, are a write skew if both succeed.
  void append_unless_other_changed() {
    const auto [watched, changed] = two_accounts();
    const size_t look = begin("TransactGetItems");
    const Client::Answer seen = client_->read_all({watched, changed});
    end(look, seen, reads_of(seen.items));
    if (seen.told != Told::kDone) return;
    const Posting posting{changed, workload_->next_value(), 0};
    const size_t operation =
        begin("append with ConditionCheck", {{changed, posting.value}}, reads_of({seen.items[0]}));
    end(operation, client_->transact({posting}, {{watched, seen.items[0].values.size()}}), {});
  }

  void snapshot(bool of_one_table) {
    if (of_one_table) {
      const size_t operation = begin("Query");
      const Client::Answer answer = client_->read_table(static_cast<int>(random_.below(kTables)));
      return end(operation, answer, reads_of(answer.items));
    }
    const size_t operation = begin("TransactGetItems of all");
    const Client::Answer answer = client_->read_all(accounts());
    end(operation, answer, reads_of(answer.items));
    if (answer.told != Told::kDone) return;
    int64_t sum = 0;
    for (const Seen& item : answer.items) sum += item.balance;
    if (sum != kOpening * kTables * kAccounts) {
      workload_->fail("torn transfer: a snapshot of all accounts has the sum " + std::to_string(sum));
    }
  }

  Workload* const workload_;
  Client* const client_;
  const int number_;
  Random random_;
};

void Workload::run(Client* client, int number, uint64_t seed, int count) {
  Session session(this, client, number, seed);
  for (int i = 0; i < count && !has_failed(); ++i) session.step();
}

Verdict Workload::finish(Client* client) {
  for (const std::string& key : all_keys()) {
    Operation operation;
    operation.what = "last look";
    operation.client = -1;
    const size_t number = history_.begin(std::move(operation));
    const Client::Answer answer = client->read(key);
    CHECK(answer.told == Told::kDone && answer.items.size() == 1);
    look_at(answer.items, "the last look");
    history_.end(number, Told::kDone, reads_of(answer.items));
  }
  Verdict verdict = check_history(history_.operations());
  const io::MutexLock lock(&mutex_);
  if (!violation_.empty()) verdict.violation = violation_;
  return verdict;
}

bool Workload::has_failed() {
  const io::MutexLock lock(&mutex_);
  return !violation_.empty();
}

void Workload::fail(const std::string& violation) {
  const io::MutexLock lock(&mutex_);
  if (violation_.empty()) violation_ = violation;
}

void Workload::look_at(const std::vector<Seen>& items, const std::string& what) {
  for (const Seen& item : items) {
    if (!item.whole) fail("torn item: the parts of " + item.key + " contradict each other in " + what);
  }
}

}  // namespace varve::isolation
