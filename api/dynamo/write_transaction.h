// WriteTransaction: writes of many items over many tables, all or nothing, in one commit. TransactWriteItems and ExecuteTransaction
// make one of what they were asked, each with its own checks, and run it.
//
// The items are claimed before they are read and until the outcome is told, so that whoever else would write one meanwhile is
// refused, as in DynamoDB, and the transaction is not held up by them. Its ClientRequestToken is written in the same commit.
//
// Threads: one at a time. Ownership: run_async shares the object with the store until the callback; the context is borrowed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/dynamo/item_write.h"
#include "api/dynamo/transaction_tokens.h"

namespace varve::api::dynamo {

class WriteTransaction {
 public:
  using Done = std::function<void(Outcome<TransactWriteItemsResult>)>;
  struct Member {
    std::shared_ptr<ItemWrite> write;
    bool is_insert = false;  // PartiQL's: a condition that is not met says that the item exists
  };
  struct Token {
    std::string text;
    ParametersHash parameters{};
  };

  // The members' items differ (checked by the caller: same_item_twice).
  WriteTransaction(const Context& context, std::vector<Member> members, const std::optional<Token>& token);

  // ReturnItemCollectionMetrics.
  void tell_item_collections() { tell_item_collections_ = true; }

  static Outcome<TransactWriteItemsResult> run(WriteTransaction* transaction);
  // `done` is called once: before this returns when the outcome is known at once, else from the log's thread.
  static void run_async(std::shared_ptr<WriteTransaction> transaction, Done done);

 private:
  // Takes the claim. An answer when the transaction ends here: others hold some of its keys.
  std::optional<Outcome<TransactWriteItemsResult>> claim();
  Status evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch);
  // Lets go of the claim before the caller learns anything: its next write must not meet its own transaction.
  Outcome<TransactWriteItemsResult> finish(const Result<partition::CommitResult>& committed);
  partition::WriteOptions write_options() const;
  void note_token_use();
  void add_item_collections();

  Failure decide(std::span<const partition::Image> images, partition::WriteBatch* batch);
  Failure apply_members(std::span<const partition::Image> images, partition::WriteBatch* batch);
  // Whether the token was seen; true means that the answer is in result_.
  Outcome<bool> look_at_token(const Slice* record, const std::vector<size_t>& item_sizes);
  Outcome<std::optional<TransactWriteItemsResult>> replay_beside_others();

  const Context context_;
  const std::vector<Member> members_;
  const std::optional<Token> token_;
  const std::string token_key_;
  std::vector<partition::CommitKey> keys_;  // of the items, then of the token
  bool tell_item_collections_ = false;
  std::unique_ptr<partition::KeyClaim> claim_;
  // The last evaluation's outcome.
  Failure failure_;
  TransactWriteItemsResult result_;
};

}  // namespace varve::api::dynamo
