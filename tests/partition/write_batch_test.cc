#include "partition/write_batch.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "partition/catalog.h"
#include "tests/support/hex.h"

namespace varve::partition {
namespace {

Slice payload_of(WriteBatch* batch) { return {batch->payload().data(), batch->payload().size()}; }

TEST(WriteBatch, EncodesTheExampleOfTheFormat) {
  WriteBatch batch;
  batch.put(KeyspaceId(16), "b", "xy");
  batch.remove(KeyspaceId(16), "a");
  EXPECT_EQ(hex(payload_of(&batch)), "0110016202787902100161");
}

TEST(WriteBatch, EntriesReadBackInOrder) {
  WriteBatch batch;
  batch.put(KeyspaceId(16), "b", "xy");
  batch.remove(KeyspaceId(300), "a");
  std::vector<WriteBatch::Entry> entries;
  ASSERT_TRUE(WriteBatch::for_each(payload_of(&batch), [&](const WriteBatch::Entry& entry) {
                entries.push_back(entry);
                return Status();
              }).ok());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].key, "b");
  EXPECT_EQ(entries[0].value, "xy");
  EXPECT_EQ(entries[1].keyspace, KeyspaceId(300));
  EXPECT_EQ(entries[1].operation, WriteBatch::Operation::kDelete);
}

TEST(WriteBatch, SequenceSlotNamesTheEndOfTheKey) {
  WriteBatch batch;
  batch.put_at_sequence(KeyspaceId(16), "p", "v");
  ASSERT_EQ(batch.slots().size(), 1u);
  store_big64(batch.payload().data() + batch.slots()[0].offset, 0x0102030405060708u);
  Slice rest = payload_of(&batch);
  WriteBatch::Entry entry;
  ASSERT_TRUE(WriteBatch::parse_entry(&rest, &entry).ok());
  EXPECT_EQ(hex(entry.key), "700102030405060708");
  EXPECT_EQ(entry.value, "v");
}

TEST(WriteBatch, StampedEntriesHoldSequenceOrdinalAndTime) {
  WriteBatch batch;
  batch.put_stamped(KeyspaceId(17), "first");
  const size_t begin = batch.bytes();
  batch.put_stamped(KeyspaceId(17), "z");
  ASSERT_EQ(batch.slots().size(), 4u);
  for (const wal::Slot& slot : batch.slots()) {
    store_big64(batch.payload().data() + slot.offset, slot.kind == wal::Slot::Kind::kSequence ? 7 : 9);
  }
  EXPECT_EQ(hex(payload_of(&batch).substr(begin)),
            "01110c00000000000000070000000109"
            "00000000000000097a");
  batch.clear();
  batch.put_stamped(KeyspaceId(17), "");
  EXPECT_EQ(hex(payload_of(&batch)), "01110c000000000000000000000000080000000000000000")
      << "ordinals start anew";
}

TEST(WriteBatch, EveryTruncationAndEveryUnknownOperationIsCorruption) {
  WriteBatch batch;
  batch.put(KeyspaceId(16), "key", "value");
  const std::string whole(payload_of(&batch));
  for (size_t size = 1; size < whole.size(); ++size) {
    Slice rest(whole.data(), size);
    WriteBatch::Entry entry;
    EXPECT_EQ(WriteBatch::parse_entry(&rest, &entry).code(), ErrorCode::kCorruption) << size;
  }
  for (int operation = 0; operation < 256; ++operation) {
    if (operation == 1 || operation == 2) continue;
    std::string changed = whole;
    changed[0] = static_cast<char>(operation);
    Slice rest = changed;
    WriteBatch::Entry entry;
    EXPECT_EQ(WriteBatch::parse_entry(&rest, &entry).code(), ErrorCode::kCorruption) << operation;
  }
}

TEST(Catalog, EncodesTheExampleOfTheFormat) {
  const KeyspaceRecord record{KeyspaceId(16), "users", TreeId(17)};
  EXPECT_EQ(hex(catalog_keyspace_key(record.id)), "6b0000000000000010");
  EXPECT_EQ(hex(record.encode_value()), "0111057573657273");
  auto decoded = KeyspaceRecord::decode(KeyspaceId(16), record.encode_value());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->name, "users");
  EXPECT_EQ(decoded->first_tree, TreeId(17));
  EXPECT_EQ(KeyspaceRecord::decode(KeyspaceId(16), "\x01\x11").code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace varve::partition
