// Transactions: what holds under concurrency, over time and across a reopen. Requests and their answers are in cases/transactions.txt.
#include <gtest/gtest.h>

#include <atomic>

#include "api/dynamo/context.h"
#include "api/dynamo/transaction_tokens.h"
#include "api/varve.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "index/key_codec.h"
#include "tests/api/test_database.h"
#include "tests/support/temporary_directory.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

constexpr int kAccounts = 24;
constexpr int64_t kOpening = 100;

CreateTableRequest on_demand_table(const std::string& name) {
  CreateTableRequest request;
  request.table = name;
  request.attribute_definitions = {{"pk", AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  request.billing_mode = BillingMode::kPayPerRequest;
  return request;
}

// Accounts are spread over two tables.
std::string table_of(int account) { return account % 2 == 0 ? "Even" : "Odd"; }
Item key_of(int account) { return {{"pk", AttributeValue::string("account" + std::to_string(account))}}; }

void open_accounts(Database* database) {
  ASSERT_TRUE(database->create_table(on_demand_table("Even")).ok());
  ASSERT_TRUE(database->create_table(on_demand_table("Odd")).ok());
  for (int account = 0; account < kAccounts; ++account) {
    PutItemRequest put;
    put.table = table_of(account);
    put.item = key_of(account);
    put.item.set("n", AttributeValue::number(Number(kOpening)));
    ASSERT_TRUE(database->put_item(put).ok());
  }
}

TransactWrite add(int account, int64_t amount) {
  TransactWrite action;
  UpdateItemRequest& update = action.update.emplace();
  update.table = table_of(account);
  update.key = key_of(account);
  update.update_expression = "SET n = n + :amount";
  update.attributes.values = {{{":amount", AttributeValue::number(Number(amount))}}};
  if (amount < 0) {
    update.condition_expression = "n >= :needed";
    update.attributes.values->emplace_back(":needed", AttributeValue::number(Number(-amount)));
  }
  return action;
}

TransactWriteItemsRequest transfer(int from, int to, int64_t amount) {
  TransactWriteItemsRequest request;
  request.actions = {add(from, -amount), add(to, amount)};
  return request;
}

// The same in PartiQL.
StatementRequest add_statement(int account, int64_t amount) {
  StatementRequest statement;
  statement.statement = "UPDATE " + table_of(account) + " SET n = n + ? WHERE pk = ?";
  statement.parameters = {AttributeValue::number(Number(amount)), *key_of(account).find("pk")};
  if (amount < 0) {
    statement.statement += " AND n >= ?";
    statement.parameters.push_back(AttributeValue::number(Number(-amount)));
  }
  return statement;
}

ExecuteTransactionRequest transfer_by_statements(int from, int to, int64_t amount) {
  ExecuteTransactionRequest request;
  request.statements = {add_statement(from, -amount), add_statement(to, amount)};
  return request;
}

bool is_conflict(const Error& error) {
  return error.type == ErrorType::kTransactionConflict ||
         error.message.find("TransactionConflict") != std::string::npos;
}

// What all accounts hold at one moment; nullopt when a transaction was in the way.
std::optional<int64_t> total(Database* database) {
  TransactGetItemsRequest request;
  for (int account = 0; account < kAccounts; ++account) {
    GetItemRequest& get = request.gets.emplace_back();
    get.table = table_of(account);
    get.key = key_of(account);
  }
  const auto got = database->transact_get(request);
  if (!got.ok()) {
    EXPECT_TRUE(is_conflict(got.error())) << got.error().message;
    return std::nullopt;
  }
  int64_t sum = 0;
  for (const StoredItem& item : got->items) {
    EXPECT_TRUE(item.found());
    sum += item.view().find("n")->as_number().to_int64().value_or(-1000000);
  }
  return sum;
}

// Carries out `count` transfers, each again until no one is in the way.
void transfer_at_random(Database* database, int count, uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const int from = static_cast<int>(random.below(kAccounts));
    const int to = (from + 1 + static_cast<int>(random.below(kAccounts - 1))) % kAccounts;
    const int64_t amount = 1 + static_cast<int64_t>(random.below(60));
    const bool in_partiql = random.one_in(2);
    while (true) {
      const auto ended = [](const auto& done) { return done.ok() || !is_conflict(done.error()); };
      if (in_partiql ? ended(database->execute_transaction(transfer_by_statements(from, to, amount)))
                     : ended(database->transact_write(transfer(from, to, amount)))) {
        break;
      }
      io::sleep_ns(50'000 + random.below(200'000));
    }
  }
}

void run_bank(Database* database, int threads, int transfers, uint64_t seed, uint64_t audit_pause_ns) {
  open_accounts(database);
  std::atomic<int> at_work{threads};
  {
    std::vector<io::Thread> tellers;
    for (int t = 0; t < threads; ++t) {
      tellers.emplace_back("teller", [=, &at_work] {
        transfer_at_random(database, transfers, seed * 100 + static_cast<uint64_t>(t));
        --at_work;
      });
    }
    tellers.emplace_back("auditor", [=, &at_work] {
      while (at_work > 0) {
        const auto sum = total(database);
        EXPECT_EQ(sum.value_or(kAccounts * kOpening), kAccounts * kOpening);
        io::sleep_ns(audit_pause_ns);
      }
    });
  }
  EXPECT_EQ(total(database), kAccounts * kOpening);
}

TEST(Transactions, TransfersKeepTheSumAndNoReaderSeesHalfOfOneInAnySchedule) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    with_database(seed, [seed](Database* database) { run_bank(database, 3, 8, seed, 30'000); });
  }
}

TEST(Transactions, TransfersKeepTheSumAndNoReaderSeesHalfOfOneOnRealThreads) {
  TemporaryDirectory directory;
  DatabaseOptions options;
  options.store.memory_bytes = 32u << 20;
  // Commits that become visible at once can do so while a reader is between two items.
  options.store.durability = partition::Durability::kInterval;
  auto database = Database::open(directory.path(), options);
  ASSERT_TRUE(database.ok());
  run_bank(database->get(), 2, 2000, 1, 1);
}

// Single writes and transactions on one item: each is refused or counted.
TEST(Transactions, UpdatesBesideTransactionsAreNotLost) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    with_database(seed, [](Database* database) {
      open_accounts(database);
      std::atomic<int64_t> added{0};
      {
        std::vector<io::Thread> threads;
        for (int t = 0; t < 4; ++t) {
          threads.emplace_back("writer", [&, t] {
            for (int i = 0; i < 6; ++i) {
              TransactWriteItemsRequest request;
              request.actions = {add(0, 1)};
              if (t % 2 == 0) request.actions.push_back(add(1 + t, 1));
              const int64_t worth = static_cast<int64_t>(request.actions.size());
              const Failure failure = [&]() -> Failure {
                if (t % 2 == 0) {
                  VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const auto done, database->transact_write(request));
                } else {
                  VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const auto done,
                                       database->update_item(*request.actions[0].update));
                }
                return std::nullopt;
              }();
              if (!failure) added += worth;
              if (failure) {
                EXPECT_TRUE(is_conflict(*failure)) << failure->message;
              }
            }
          });
        }
      }
      EXPECT_GT(added, 0);
      EXPECT_EQ(total(database), kAccounts * kOpening + added);
    });
  }
}

// The claim is taken by hand, so that the answer does not depend on a race.
TEST(Transactions, AnItemThatATransactionHoldsRefusesEveryoneElseAtOnce) {
  with_database(1, [](Database* database) {
    open_accounts(database);
    const std::string tree_key = index::encode_tree_key({AttributeValue::string("account1"), std::nullopt});
    const partition::CommitKey key{database->context().catalog->find("Odd")->items, tree_key};
    std::vector<size_t> taken;
    auto claim = database->store().claim({&key, 1}, &taken);
    ASSERT_NE(claim, nullptr);

    const auto single = database->update_item(*add(1, 1).update);
    ASSERT_FALSE(single.ok());
    EXPECT_EQ(single.error().name(), "TransactionConflictException");
    EXPECT_EQ(single.error().message, "Transaction is ongoing for the item");
    BatchWriteItemRequest batch;
    batch.tables = {{"Odd", {{.put_item = std::nullopt, .delete_key = key_of(1)}}}};
    EXPECT_EQ(database->batch_write_item(batch).error().name(), "TransactionConflictException");

    const auto other = database->transact_write(transfer(0, 1, 1));
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().message,
              "Transaction cancelled, please refer cancellation reasons for specific reasons [None, "
              "TransactionConflict]");
    EXPECT_EQ(other.error().cancellation_reasons->at(1).message, "Transaction is ongoing for the item");
    EXPECT_FALSE(total(database).has_value());

    EXPECT_TRUE(database->transact_write(transfer(0, 3, 1)).ok());
    claim.reset();
    EXPECT_TRUE(database->transact_write(transfer(0, 1, 1)).ok());
    EXPECT_TRUE(database->update_item(*add(1, 1).update).ok());
    EXPECT_EQ(total(database), kAccounts * kOpening + 1);
  });
}

TEST(Transactions, StatementsMeetOthersAndTheirOwnTokenAsActionsDo) {
  with_database(1, [](Database* database) {
    open_accounts(database);
    const std::string tree_key = index::encode_tree_key({AttributeValue::string("account1"), std::nullopt});
    const partition::CommitKey key{database->context().catalog->find("Odd")->items, tree_key};
    std::vector<size_t> taken;
    auto claim = database->store().claim({&key, 1}, &taken);
    ASSERT_NE(claim, nullptr);
    ExecuteTransactionRequest writes = transfer_by_statements(0, 1, 5);
    writes.client_request_token = "token";
    ExecuteTransactionRequest reads;
    for (const char* text :
         {"SELECT n FROM Even WHERE pk = 'account0'", "SELECT n FROM Odd WHERE pk = 'account1'"}) {
      reads.statements.emplace_back().statement = text;
    }
    for (const ExecuteTransactionRequest& request : {writes, reads}) {
      const auto refused = database->execute_transaction(request);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().message,
                "Transaction cancelled, please refer cancellation reasons for specific reasons [None, "
                "TransactionConflict]");
    }
    claim.reset();

    for (const bool replayed : {false, true}) {
      const auto done = database->execute_transaction(writes);
      ASSERT_TRUE(done.ok()) << done.error().message;
      EXPECT_TRUE(done->wrote);
      EXPECT_EQ(done->replayed, replayed);
      EXPECT_EQ(done->items.size(), 2u);
    }
    const auto read = database->execute_transaction(reads);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_FALSE(read->wrote);
    EXPECT_EQ(read->items[0].view().find("n")->as_number(), Number(kOpening - 5));
    EXPECT_EQ(read->items[1].view().find("n")->as_number(), Number(kOpening + 5));
    EXPECT_EQ(total(database), kAccounts * kOpening);
  });
}

TEST(Transactions, ATokenStillInUseIsInProgressAndOneDoneBeforeIsNoConflict) {
  with_database(1, [](Database* database) {
    open_accounts(database);
    TransactWriteItemsRequest request = transfer(0, 1, 5);
    request.client_request_token = "token";
    const std::string tree_key_of_token = dynamo::token_key("token");
    const partition::CommitKey token{database->context().tokens->keyspace(), tree_key_of_token};
    std::vector<size_t> taken;
    auto claim = database->store().claim({&token, 1}, &taken);
    EXPECT_EQ(database->transact_write(request).error().name(), "TransactionInProgressException");
    claim.reset();
    ASSERT_TRUE(database->transact_write(request).ok());

    const std::string tree_key = index::encode_tree_key({AttributeValue::string("account1"), std::nullopt});
    const partition::CommitKey item{database->context().catalog->find("Odd")->items, tree_key};
    claim = database->store().claim({&item, 1}, &taken);
    const auto again = database->transact_write(request);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->replayed);
    request.actions[0] = add(0, -6);
    EXPECT_EQ(database->transact_write(request).error().name(), "IdempotentParameterMismatchException");
  });
}

TEST(Transactions, ATokenIsRememberedAcrossAReopenForTenMinutesAndThenForgotten) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(3);
  simulation.run([&] {
    TransactWriteItemsRequest request = transfer(0, 1, 5);
    request.client_request_token = "token";
    {
      auto database = Database::open("db", small_options(&driver));
      ASSERT_TRUE(database.ok());
      open_accounts(database->get());
      const auto first = (*database)->transact_write(request);
      ASSERT_TRUE(first.ok());
      EXPECT_FALSE(first->replayed);
    }
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    const auto replay = (*database)->transact_write(request);
    ASSERT_TRUE(replay.ok());
    EXPECT_TRUE(replay->replayed);
    io::sleep_ns(dynamo::kTokenLifetimeUs * 1000);
    const auto anew = (*database)->transact_write(request);
    ASSERT_TRUE(anew.ok());
    EXPECT_FALSE(anew->replayed);
    StoredItem item;
    ASSERT_FALSE(
        (*database)->read_item("Odd", {AttributeValue::string("account1"), std::nullopt}, &item).has_value());
    EXPECT_EQ(item.view().find("n")->as_number().to_int64().value_or(0), kOpening + 10);
    item.reset();
    ASSERT_TRUE((*database)->close().ok());
  });
}

size_t tokens_kept(Database* database) {
  const auto iterator =
      database->store().iterate(database->context().tokens->keyspace(), {}, partition::ReadPoint::visible());
  CHECK(iterator.ok());
  size_t count = 0;
  for ((*iterator)->seek_to_first(); (*iterator)->valid(); (*iterator)->next()) ++count;
  return count;
}

TEST(Transactions, OldTokensAreRemovedAndYoungOnesKept) {
  with_database(1, [](Database* database) {
    open_accounts(database);
    const auto use_tokens = [&](const std::string& name, int count) {
      for (int i = 0; i < count; ++i) {
        TransactWriteItemsRequest request;
        request.actions = {add(0, 1)};
        request.client_request_token = name + std::to_string(i);
        ASSERT_TRUE(database->transact_write(request).ok());
      }
    };
    use_tokens("old", 80);
    EXPECT_EQ(tokens_kept(database), 160u);  // each twice: itself, and by time
    io::sleep_ns(dynamo::kTokenLifetimeUs * 1000);
    use_tokens("young", static_cast<int>(dynamo::kSweepEvery));
    ASSERT_TRUE(database->store().sync().ok());
    EXPECT_EQ(tokens_kept(database), 2 * dynamo::kSweepEvery);
    use_tokens("young", 1);  // a replay
    EXPECT_EQ(tokens_kept(database), 2 * dynamo::kSweepEvery);
  });
}

TEST(Transactions, ACancelledTransactionLeavesNoToken) {
  with_database(1, [](Database* database) {
    open_accounts(database);
    TransactWriteItemsRequest request = transfer(0, 1, kOpening + 1);
    request.client_request_token = "token";
    EXPECT_EQ(database->transact_write(request).error().name(), "TransactionCanceledException");
    EXPECT_EQ(tokens_kept(database), 0u);
  });
}

// The worked example of api/dynamo/FORMAT.md.
TEST(Transactions, TheTokensExampleOfTheFormatIsWhatIsWritten) {
  const dynamo::TokenRecord record{1767225600123000, {0x0807060504030201, 0x1817161514131211}};
  const auto hex = [](Slice bytes) {
    std::string text;
    for (const char c : bytes) {
      char digits[3];
      snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c));
      text += digits;
    }
    return text;
  };
  const std::string encoded = dynamo::encode_token_record(record);
  EXPECT_EQ(hex(encoded),
            "01"
            "7820224648470600"
            "0102030405060708"
            "1112131415161718");
  EXPECT_EQ(hex(dynamo::token_key("k1")),
            "74"
            "6b31");
  EXPECT_EQ(hex(dynamo::token_time_key(record.done_us, "k1")),
            "71"
            "0006474846222078"
            "6b31");
  const auto decoded = dynamo::decode_token_record(encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, record);
  EXPECT_EQ(dynamo::decode_token_record(encoded + "x").code(), ErrorCode::kCorruption);
  EXPECT_EQ(dynamo::decode_token_record(Slice(encoded).substr(1)).code(), ErrorCode::kCorruption);
  EXPECT_EQ(dynamo::decode_token_record("").code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace varve::api
