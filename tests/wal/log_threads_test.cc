// The log on real threads and real files, under both kernel drivers; TSan runs this.
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "tests/support/temporary_directory.h"
#include "tests/wal/log_fixture.h"

namespace varve::wal {
namespace {

class LogThreads : public testing::TestWithParam<bool> {
 protected:
  // Null where the kernel refuses io_uring.
  std::unique_ptr<io::Driver> make_driver() {
    if (!GetParam()) return io::make_posix_driver();
    auto driver = io::make_uring_driver();
    return driver.ok() ? std::move(driver).value() : nullptr;
  }
};

TEST_P(LogThreads, ConcurrentWritersReleasesAndReadersOfStateAgree) {
  const std::unique_ptr<io::Driver> driver = make_driver();
  if (driver == nullptr) GTEST_SKIP() << "io_uring is refused here";
  TemporaryDirectory directory;
  LogOptions options;
  options.driver = driver.get();
  options.directory = directory.path();
  options.first_segment_bytes = options.max_segment_bytes = 128u << 10;
  options.max_frame_bytes = 32u << 10;
  options.idle_promise_ns = 300'000;
  std::atomic<uint64_t> told{0};
  options.on_durable = [&](SequenceNumber durable) { told = durable.value; };
  std::atomic<uint64_t> kept{1};
  options.before_release = [&](SegmentNumber first_kept) {
    kept = first_kept.value;
    return Status();
  };
  auto log = Log::start(options, {}, {}, 77);
  ASSERT_TRUE(log.ok()) << log.status().to_string();

  constexpr int kWriters = 4, kRecords = 60;
  std::atomic<uint64_t> flushed{0};
  {
    std::vector<io::Thread> threads;
    for (int w = 0; w < kWriters; ++w) {
      threads.emplace_back("writer", [&, w] {
        for (int i = 0; i < kRecords; ++i) {
          std::string payload(i % 10 == 0 ? 40'000 : 200, static_cast<char>('a' + w));
          auto appended = (*log)->append(1, w, MutableSlice(payload.data(), payload.size()), {});
          ASSERT_TRUE(appended.ok());
          if (i % 3 == 2) {
            i % 2 == 0 ? (*log)->request_sync() : (*log)->write_or_request_sync();
          } else {
            ASSERT_TRUE((*log)->sync(appended->sequence).ok());
            ASSERT_GE((*log)->durable_sequence(), appended->sequence);
            ASSERT_GE(told.load(), appended->sequence.value) << "on_durable comes before any waiter wakes";
          }
          (*log)->wait_for_room();
        }
      });
    }
    threads.emplace_back("flusher", [&] {
      for (int i = 0; i < 20; ++i) {
        io::sleep_ns(2'000'000);
        const uint64_t bound = (*log)->durable_sequence().value / 2;
        ASSERT_TRUE((*log)->release_before(SequenceNumber(bound)).ok());
        flushed = bound;
        (void)(*log)->bytes_in_use();
        (void)(*log)->statistics();
      }
    });
  }
  ASSERT_TRUE((*log)->close().ok());
  EXPECT_EQ((*log)->durable_sequence().value, uint64_t{kWriters * kRecords});

  Generation generation;
  generation.id = 77;
  generation.first_segment = SegmentNumber(kept.load());
  uint64_t last = 0;
  auto report = Log::recover(
      options, {&generation, 1}, SequenceNumber(flushed.load()), [&](const ReplayedRecord& record) {
        EXPECT_TRUE(last == 0 || record.sequence.value == last + 1);
        last = record.sequence.value;
        EXPECT_EQ(record.payload.find_first_not_of(static_cast<char>('a' + record.origin)), Slice::npos);
        return Status();
      });
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_EQ(last, uint64_t{kWriters * kRecords});
}

INSTANTIATE_TEST_SUITE_P(, LogThreads, testing::Bool(), [](const testing::TestParamInfo<bool>& each) {
  return each.param ? "Uring" : "Posix";
});

}  // namespace
}  // namespace varve::wal
