// What every Driver must do, as a typed suite. A World is default-constructible and has
//   Driver* driver();          lives as long as the World
//   std::string directory();   exists, is empty, and is not shared
// INSTANTIATE_TYPED_TEST_SUITE_P(Posix, DriverContract, PosixWorld);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/io/aligned_buffer.h"
#include "base/io/driver.h"
#include "base/random.h"

namespace varve::io {

#define VARVE_ASSERT_OK(expression)                         \
  do {                                                      \
    const Status status_of_ = (expression);                 \
    ASSERT_TRUE(status_of_.ok()) << status_of_.to_string(); \
  } while (false)

template <typename World>
class DriverContract : public ::testing::Test {
 protected:
  Driver* driver() { return world_.driver(); }
  std::string path(const std::string& name) { return join_path(world_.directory(), name); }
  std::string directory() { return world_.directory(); }

  std::unique_ptr<File> open(const std::string& name, OpenMode mode, Caching caching = Caching::kBuffered) {
    auto file = driver()->open(path(name), mode, caching);
    EXPECT_TRUE(file.ok()) << file.status().to_string();
    return file.ok() ? std::move(file).value() : nullptr;
  }
  std::string read(File* file, uint64_t offset, size_t size) {
    std::string bytes(size, '?');
    auto count = file->read_at(offset, {bytes.data(), bytes.size()});
    EXPECT_TRUE(count.ok()) << count.status().to_string();
    bytes.resize(count.ok() ? *count : 0);
    return bytes;
  }
  static AlignedBuffer filled(size_t size, char first) {
    AlignedBuffer buffer(size);
    for (size_t i = 0; i < size; ++i)
      buffer.data()[i] = static_cast<char>(first + static_cast<char>(i / 512 % 50));
    return buffer;
  }
  static Slice slice(const AlignedBuffer& buffer) { return {buffer.data(), buffer.size()}; }

  World world_;
};

TYPED_TEST_SUITE_P(DriverContract);

TYPED_TEST_P(DriverContract, ReadsBackWhatWasWrittenAndStopsShortOnlyAtTheEnd) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "hello world"));
  EXPECT_EQ(this->read(file.get(), 0, 5), "hello");
  EXPECT_EQ(this->read(file.get(), 6, 100), "world");
  EXPECT_EQ(this->read(file.get(), 11, 1), "");
  EXPECT_EQ(this->read(file.get(), 1000, 1), "");
  EXPECT_EQ(*file->size(), 11u);
  EXPECT_EQ(file->path(), this->path("a"));
}

TYPED_TEST_P(DriverContract, AWriteBeyondTheEndLeavesZerosBetween) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at_durable(5000, "x"));
  EXPECT_EQ(*file->size(), 5001u);
  EXPECT_EQ(this->read(file.get(), 0, 6000), std::string(5000, '\0') + "x");
}

TYPED_TEST_P(DriverContract, OverwritesInPlace) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "aaaaaaaa"));
  VARVE_ASSERT_OK(file->write_at_durable(2, "bb"));
  VARVE_ASSERT_OK(file->write_at(6, "cccc"));
  VARVE_ASSERT_OK(file->sync());
  EXPECT_EQ(this->read(file.get(), 0, 100), "aabbaacccc");
}

TYPED_TEST_P(DriverContract, TruncateCutsAndExtendsWithZeros) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "abcdef"));
  VARVE_ASSERT_OK(file->truncate(3));
  EXPECT_EQ(*file->size(), 3u);
  VARVE_ASSERT_OK(file->truncate(5));
  EXPECT_EQ(this->read(file.get(), 0, 10), std::string("abc\0\0", 5));
}

TYPED_TEST_P(DriverContract, OpenModesSayWhatMustExist) {
  auto open = [&](const char* name, OpenMode mode) {
    return this->driver()->open(this->path(name), mode, Caching::kBuffered).code();
  };
  EXPECT_EQ(open("a", OpenMode::kRead), ErrorCode::kNotFound);
  EXPECT_EQ(open("a", OpenMode::kReadWrite), ErrorCode::kNotFound);
  EXPECT_EQ(open("a", OpenMode::kCreate), ErrorCode::kOk);
  EXPECT_EQ(open("a", OpenMode::kCreate), ErrorCode::kAlreadyExists);
  EXPECT_EQ(open("no/such/directory", OpenMode::kCreate), ErrorCode::kNotFound);
  VARVE_ASSERT_OK(this->open("a", OpenMode::kReadWrite)->write_at(0, "abc"));
  EXPECT_EQ(*this->open("a", OpenMode::kRead)->size(), 3u);
  EXPECT_EQ(*this->open("a", OpenMode::kCreateOrTruncate)->size(), 0u);
}

TYPED_TEST_P(DriverContract, TwoOpensSeeOneFile) {
  auto writer = this->open("a", OpenMode::kCreate);
  auto reader = this->open("a", OpenMode::kRead);
  VARVE_ASSERT_OK(writer->write_at(0, "abc"));
  EXPECT_EQ(this->read(reader.get(), 0, 3), "abc");
}

TYPED_TEST_P(DriverContract, DirectFilesMoveAlignedBlocksAndReadUnalignedEnds) {
  auto file = this->open("a", OpenMode::kCreate, Caching::kDirect);
  const AlignedBuffer blocks = this->filled(3 * kIoAlignment, 'A');
  VARVE_ASSERT_OK(file->write_at(0, this->slice(blocks)));
  VARVE_ASSERT_OK(file->write_at_durable(3 * kIoAlignment, this->slice(blocks)));
  VARVE_ASSERT_OK(file->truncate(5 * kIoAlignment + 100));
  AlignedBuffer out(8 * kIoAlignment);
  auto count = file->read_at(kIoAlignment, {out.data(), out.size()});
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  ASSERT_EQ(*count, 4 * kIoAlignment + 100);
  EXPECT_EQ(Slice(out.data(), 2 * kIoAlignment), this->slice(blocks).substr(kIoAlignment));
  EXPECT_EQ(Slice(out.data() + 2 * kIoAlignment, 2 * kIoAlignment + 100),
            this->slice(blocks).substr(0, 2 * kIoAlignment + 100));
}

TYPED_TEST_P(DriverContract, RenameReplacesTheTarget) {
  VARVE_ASSERT_OK(this->open("a", OpenMode::kCreate)->write_at(0, "new"));
  VARVE_ASSERT_OK(this->open("b", OpenMode::kCreate)->write_at(0, "older"));
  VARVE_ASSERT_OK(this->driver()->rename(this->path("a"), this->path("b")));
  VARVE_ASSERT_OK(this->driver()->sync_directory(this->directory()));
  EXPECT_EQ(*this->driver()->list(this->directory()), std::vector<std::string>{"b"});
  EXPECT_EQ(*read_file(this->driver(), this->path("b"), 100), "new");
  EXPECT_EQ(this->driver()->rename(this->path("a"), this->path("c")).code(), ErrorCode::kNotFound);
}

TYPED_TEST_P(DriverContract, ARemovedFileIsGoneButAnOpenOneStillReads) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "abc"));
  EXPECT_TRUE(*this->driver()->exists(this->path("a")));
  VARVE_ASSERT_OK(this->driver()->remove(this->path("a")));
  EXPECT_FALSE(*this->driver()->exists(this->path("a")));
  EXPECT_EQ(this->read(file.get(), 0, 3), "abc");
  EXPECT_EQ(this->driver()->remove(this->path("a")).code(), ErrorCode::kNotFound);
}

TYPED_TEST_P(DriverContract, DirectoriesListSortedNames) {
  VARVE_ASSERT_OK(this->driver()->create_directory(this->path("sub")));
  VARVE_ASSERT_OK(this->driver()->create_directory(this->path("sub")));
  for (const char* name : {"sub/c", "sub/a", "sub/b"}) this->open(name, OpenMode::kCreate);
  EXPECT_EQ(*this->driver()->list(this->path("sub")), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(*this->driver()->list(this->directory()), std::vector<std::string>{"sub"});
  EXPECT_TRUE(*this->driver()->exists(this->path("sub")));
  EXPECT_EQ(this->driver()->list(this->path("none")).code(), ErrorCode::kNotFound);
  EXPECT_EQ(this->driver()->sync_directory(this->path("none")).code(), ErrorCode::kNotFound);
  EXPECT_EQ(this->driver()->create_directory(this->path("none/sub")).code(), ErrorCode::kNotFound);
  EXPECT_GT(*this->driver()->free_space_bytes(this->directory()), 0u);
}

TYPED_TEST_P(DriverContract, ALockIsHeldByOneAndFreedByItsDestructor) {
  auto first = this->driver()->lock(this->path("LOCK"));
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  const Status second = this->driver()->lock(this->path("LOCK")).status();
  EXPECT_EQ(second.code(), ErrorCode::kBusy);
  EXPECT_NE(second.message().find(this->path("LOCK")), std::string::npos) << second.to_string();
  std::move(first).value().reset();
  EXPECT_TRUE(this->driver()->lock(this->path("LOCK")).ok());
}

TYPED_TEST_P(DriverContract, AtomicWritesReplaceWholeFiles) {
  VARVE_ASSERT_OK(write_file_atomically(this->driver(), this->path("a"), "one"));
  VARVE_ASSERT_OK(write_file_atomically(this->driver(), this->path("a"), "three"));
  EXPECT_EQ(*read_file(this->driver(), this->path("a"), 5), "three");
  EXPECT_EQ(read_file(this->driver(), this->path("a"), 4).code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(*this->driver()->list(this->directory()), std::vector<std::string>{"a"});
}

TYPED_TEST_P(DriverContract, ARingAnswersEachTagOnceWithAllOfItsBytes) {
  auto file = this->open("a", OpenMode::kCreate);
  auto ring = std::move(this->driver()->make_ring(4)).value();
  std::vector<std::string> pieces;
  for (int i = 0; i < 4; ++i) pieces.emplace_back(1000, static_cast<char>('a' + i));
  for (size_t i = 0; i < 4; ++i) {
    const auto operation = i % 2 == 0 ? Ring::Operation::kWrite : Ring::Operation::kWriteDurable;
    VARVE_ASSERT_OK(ring->submit({operation, file.get(), i * 1000, pieces[i].data(), 1000, 70 + i}));
  }
  EXPECT_EQ(ring->submit({Ring::Operation::kSync, file.get()}).code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(ring->outstanding(), 4u);
  std::vector<Ring::Completion> done;
  while (ring->outstanding() > 0) VARVE_ASSERT_OK(ring->wait(1, &done));
  ASSERT_EQ(done.size(), 4u);
  std::vector<uint64_t> tags;
  for (const auto& completion : done) {
    EXPECT_TRUE(completion.status.ok()) << completion.status.to_string();
    EXPECT_EQ(completion.bytes, 1000u);
    tags.push_back(completion.tag);
  }
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(tags, (std::vector<uint64_t>{70, 71, 72, 73}));
  EXPECT_EQ(this->read(file.get(), 0, 4000), pieces[0] + pieces[1] + pieces[2] + pieces[3]);
}

TYPED_TEST_P(DriverContract, ARingReadAtTheEndAnswersTheBytesThereAre) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "0123456789"));
  auto ring = std::move(this->driver()->make_ring(2)).value();
  std::string out(8, '?');
  std::string beyond(8, '?');
  VARVE_ASSERT_OK(ring->submit({Ring::Operation::kRead, file.get(), 6, out.data(), 8, 1}));
  VARVE_ASSERT_OK(ring->submit({Ring::Operation::kRead, file.get(), 60, beyond.data(), 8, 2}));
  VARVE_ASSERT_OK(ring->flush());
  std::vector<Ring::Completion> done;
  VARVE_ASSERT_OK(ring->wait(2, &done));
  ASSERT_EQ(done.size(), 2u);
  for (const auto& completion : done) {
    EXPECT_TRUE(completion.status.ok());
    EXPECT_EQ(completion.bytes, completion.tag == 1 ? 4u : 0u);
  }
  EXPECT_EQ(out, "6789????");
}

TYPED_TEST_P(DriverContract, WaitingOnAnIdleRingReturnsAtOnce) {
  auto ring = std::move(this->driver()->make_ring(2)).value();
  std::vector<Ring::Completion> done;
  VARVE_ASSERT_OK(ring->wait(1, &done));
  VARVE_ASSERT_OK(ring->flush());
  EXPECT_TRUE(done.empty());
}

TYPED_TEST_P(DriverContract, ARingSyncReportsItself) {
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "abc"));
  auto ring = std::move(this->driver()->make_ring(1)).value();
  VARVE_ASSERT_OK(ring->submit({Ring::Operation::kSync, file.get(), 0, nullptr, 0, 9}));
  std::vector<Ring::Completion> done;
  VARVE_ASSERT_OK(ring->wait(1, &done));
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].tag, 9u);
  EXPECT_EQ(done[0].bytes, 0u);
  EXPECT_TRUE(done[0].status.ok());
}

TYPED_TEST_P(DriverContract, RandomTransfersAgreeWithAString) {
  constexpr uint64_t kSeed = 20260101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  auto file = this->open("a", OpenMode::kCreate);
  auto ring = std::move(this->driver()->make_ring(8)).value();
  std::string model;
  for (int step = 0; step < 400; ++step) {
    const uint64_t offset = random.below(20000);
    std::string bytes(random.between(1, 9000), static_cast<char>('a' + random.below(26)));
    if (random.one_in(3)) {
      std::string expected = offset < model.size() ? model.substr(offset, bytes.size()) : "";
      EXPECT_EQ(this->read(file.get(), offset, bytes.size()), expected);
      continue;
    }
    if (random.one_in(2)) {
      VARVE_ASSERT_OK(
          ring->submit({Ring::Operation::kWrite, file.get(), offset, bytes.data(), bytes.size(), 0}));
      std::vector<Ring::Completion> done;
      VARVE_ASSERT_OK(ring->wait(1, &done));
      ASSERT_EQ(done.at(0).bytes, bytes.size());
    } else {
      VARVE_ASSERT_OK(file->write_at(offset, bytes));
    }
    model.resize(std::max(model.size(), offset + bytes.size()), '\0');
    model.replace(offset, bytes.size(), bytes);
  }
  EXPECT_EQ(this->read(file.get(), 0, model.size() + 1), model);
}

TYPED_TEST_P(DriverContract, CountersRise) {
  const DriverCounters& counters = this->driver()->counters();
  auto file = this->open("a", OpenMode::kCreate);
  VARVE_ASSERT_OK(file->write_at(0, "abc"));
  VARVE_ASSERT_OK(file->write_at_durable(3, "de"));
  VARVE_ASSERT_OK(file->sync());
  VARVE_ASSERT_OK(this->driver()->sync_directory(this->directory()));
  EXPECT_EQ(this->read(file.get(), 0, 5), "abcde");
  EXPECT_GE(counters.writes, 1u);
  EXPECT_GE(counters.durable_writes, 1u);
  EXPECT_GE(counters.write_bytes, 5u);
  EXPECT_GE(counters.reads, 1u);
  EXPECT_GE(counters.read_bytes, 5u);
  EXPECT_GE(counters.syncs, 1u);
  EXPECT_GE(counters.directory_syncs, 1u);
}

REGISTER_TYPED_TEST_SUITE_P(DriverContract, ReadsBackWhatWasWrittenAndStopsShortOnlyAtTheEnd,
                            AWriteBeyondTheEndLeavesZerosBetween, OverwritesInPlace,
                            TruncateCutsAndExtendsWithZeros, OpenModesSayWhatMustExist, TwoOpensSeeOneFile,
                            DirectFilesMoveAlignedBlocksAndReadUnalignedEnds, RenameReplacesTheTarget,
                            ARemovedFileIsGoneButAnOpenOneStillReads, DirectoriesListSortedNames,
                            ALockIsHeldByOneAndFreedByItsDestructor, AtomicWritesReplaceWholeFiles,
                            ARingAnswersEachTagOnceWithAllOfItsBytes,
                            ARingReadAtTheEndAnswersTheBytesThereAre, WaitingOnAnIdleRingReturnsAtOnce,
                            ARingSyncReportsItself, RandomTransfersAgreeWithAString, CountersRise);

}  // namespace varve::io
