#include "base/io/driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>

#include "base/io/overlay_driver.h"
#include "tests/base/driver_contract.h"
#include "tests/support/deny_io_uring.h"
#include "tests/support/temporary_directory.h"

namespace varve::io {
namespace {

class PosixWorld {
 public:
  Driver* driver() { return driver_.get(); }
  std::string directory() { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Driver> driver_ = make_posix_driver();
};

class UringWorld {
 public:
  Driver* driver() { return driver_.get(); }
  std::string directory() { return directory_.path(); }

 private:
  // Where a sandbox forbids io_uring the POSIX driver stands in, as it does for users.
  static std::unique_ptr<Driver> make() {
    auto driver = make_uring_driver();
    return driver.ok() ? std::move(driver).value() : make_posix_driver();
  }
  TemporaryDirectory directory_;
  std::unique_ptr<Driver> driver_ = make();
};

class OverlayWorld {
 public:
  Driver* driver() { return &driver_; }
  std::string directory() { return base_.directory(); }

 private:
  PosixWorld base_;
  OverlayDriver driver_{base_.driver()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Overlay, DriverContract, OverlayWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Posix, DriverContract, PosixWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Uring, DriverContract, UringWorld);

TEST(Paths, JoinAndParentUndoEachOther) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("/", "b"), "/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(parent_path("a/b"), "a");
  EXPECT_EQ(parent_path("a/b/"), "a");
  EXPECT_EQ(parent_path("/a//b"), "/a");
  EXPECT_EQ(parent_path("/b"), "/");
  EXPECT_EQ(parent_path("b"), ".");
  EXPECT_EQ(parent_path(""), ".");
  EXPECT_EQ(parent_path("/"), "/");
}

TEST(PosixDriver, RefusesWhatIsNotARegularFile) {
  PosixWorld world;
  const std::string fifo = join_path(world.directory(), "fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(world.driver()->open(fifo, OpenMode::kRead, Caching::kBuffered).code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.driver()->open(world.directory(), OpenMode::kRead, Caching::kBuffered).code(),
            ErrorCode::kInvalidArgument);
}

TEST(PosixDriver, WritesThroughNoSymbolicLink) {
  PosixWorld world;
  const std::string target = join_path(world.directory(), "target");
  const std::string link = join_path(world.directory(), "link");
  VARVE_ASSERT_OK(write_file_atomically(world.driver(), target, "precious"));
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  EXPECT_FALSE(world.driver()->open(link, OpenMode::kCreateOrTruncate, Caching::kBuffered).ok());
  EXPECT_FALSE(world.driver()->open(link, OpenMode::kReadWrite, Caching::kBuffered).ok());
  EXPECT_FALSE(world.driver()->lock(link).ok());
  EXPECT_EQ(*read_file(world.driver(), target, 100), "precious");
}

TEST(PosixDriver, RefusesUnalignedDirectTransfersByNameAndOffset) {
  PosixWorld world;
  const std::string path = join_path(world.directory(), "a");
  auto file = std::move(world.driver()->open(path, OpenMode::kCreate, Caching::kDirect)).value();
  if (!file->direct()) GTEST_SKIP() << "the file system of " << path << " has no direct I/O";
  AlignedBuffer block(kIoAlignment);
  const Status status = file->write_at(512, {block.data(), block.size()});
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(status.message().find("offset 512"), std::string::npos) << status.to_string();
  EXPECT_EQ(file->read_at(0, {block.data() + 1, 512}).code(), ErrorCode::kInvalidArgument);
}

TEST(PosixDriver, FilesAreNotInheritedByOtherPrograms) {
  PosixWorld world;
  const std::string path = join_path(world.directory(), "a");
  auto file = std::move(world.driver()->open(path, OpenMode::kCreate, Caching::kBuffered)).value();
  auto lock = std::move(world.driver()->lock(join_path(world.directory(), "LOCK"))).value();
  for (int fd = 3; fd < 64; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(name, error).string();
    if (target.find(world.directory()) == 0) {
      EXPECT_TRUE((flags & FD_CLOEXEC) != 0) << target;
    }
  }
}

// Runs `body` in a forked child; the child passes by returning 0.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 200;
  return WEXITSTATUS(status);
}

TEST(PosixDriver, AFileSizeLimitIsNoSpaceAndKeepsWhatWasThere) {
  PosixWorld world;
  const int result = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8192, 8192};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    auto file =
        world.driver()->open(join_path(world.directory(), "a"), OpenMode::kCreate, Caching::kBuffered);
    if (!file.ok() || !(*file)->write_at(0, std::string(8192, 'x')).ok()) return 2;
    if ((*file)->write_at(8192, "y").code() != ErrorCode::kNoSpace) return 3;
    if ((*file)->write_at_durable(8192, "y").code() != ErrorCode::kNoSpace) return 4;
    return *(*file)->size() == 8192 ? 0 : 5;
  });
  EXPECT_EQ(result, 0);
}

TEST(PosixDriver, ALockHeldByAnotherProcessIsBusy) {
  PosixWorld world;
  const std::string path = join_path(world.directory(), "LOCK");
  auto lock = std::move(world.driver()->lock(path)).value();
  EXPECT_EQ(in_child([&] { return world.driver()->lock(path).code() == ErrorCode::kBusy ? 0 : 1; }), 0);
}

TEST(DefaultDriver, IsPosixWhereASandboxForbidsIoUring) {
  // The children come before any use of default_driver() in this process, which probes once.
  EXPECT_EQ(in_child([] {
              if (!deny_io_uring()) return 1;
              if (make_uring_driver().code() != ErrorCode::kUnsupported) return 2;
              return Slice(default_driver()->name()) == "posix" ? 0 : 3;
            }),
            0);
}

TEST(DefaultDriver, IsPosixWhereTheEnvironmentAsksForIt) {
  EXPECT_EQ(in_child([] {
              ::setenv("VARVE_IO", "posix", 1);
              return Slice(default_driver()->name()) == "posix" ? 0 : 1;
            }),
            0);
}

TEST(UringDriver, GivesASynchronousRingWhenTheSandboxClosesLater) {
  if (!make_uring_driver().ok()) GTEST_SKIP() << "io_uring is refused here";
  UringWorld world;
  EXPECT_EQ(in_child([&] {
              if (!deny_io_uring()) return 1;
              auto ring = world.driver()->make_ring(4);
              auto file = world.driver()->open(join_path(world.directory(), "a"), OpenMode::kCreate,
                                               Caching::kBuffered);
              if (!ring.ok() || !file.ok()) return 2;
              std::string text = "abc";
              std::vector<Ring::Completion> done;
              if (!(*ring)->submit({Ring::Operation::kWrite, file->get(), 0, text.data(), 3, 1}).ok())
                return 3;
              if (!(*ring)->wait(1, &done).ok() || done.size() != 1 || done[0].bytes != 3) return 4;
              return 0;
            }),
            0);
}

// A limit in the middle of a write makes the kernel take the first part: the rest must be asked for, and its error told.
TEST(Ring, AShortWriteGoesOnAndReportsTheErrorOfItsRest) {
  for (const bool uring : {false, true}) {
    UringWorld uring_world;
    PosixWorld posix_world;
    Driver* driver = uring ? uring_world.driver() : posix_world.driver();
    const std::string path = join_path(uring_world.directory(), uring ? "uring" : "posix");
    const int result = in_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{8192, 8192};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
      auto file = driver->open(path, OpenMode::kCreate, Caching::kBuffered);
      auto ring = driver->make_ring(2);
      if (!file.ok() || !ring.ok()) return 2;
      std::string bytes(10000, 'x');
      std::vector<Ring::Completion> done;
      const auto operation = uring ? Ring::Operation::kWriteDurable : Ring::Operation::kWrite;
      if (!(*ring)->submit({operation, file->get(), 0, bytes.data(), bytes.size(), 5}).ok()) return 3;
      if (!(*ring)->wait(1, &done).ok() || done.size() != 1) return 4;
      if (done[0].status.code() != ErrorCode::kNoSpace || done[0].bytes != 0) return 5;
      if (done[0].status.message().find("write at 8192") == std::string::npos) return 6;
      return *(*file)->size() == 8192 ? 0 : 7;
    });
    EXPECT_EQ(result, 0) << (uring ? "io_uring" : "posix");
  }
}

TEST(UringDriver, MovesRequestsThroughTheKernelsRing) {
  if (!make_uring_driver().ok()) GTEST_SKIP() << "io_uring is refused here";
  UringWorld world;
  auto file =
      std::move(world.driver()->open(join_path(world.directory(), "a"), OpenMode::kCreate, Caching::kDirect))
          .value();
  auto ring = std::move(world.driver()->make_ring(16)).value();
  AlignedBuffer blocks(16 * kIoAlignment);
  std::vector<Ring::Completion> done;
  constexpr size_t kRounds = 20;
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < 16; ++i) {
      VARVE_ASSERT_OK(ring->submit({Ring::Operation::kWriteDurable, file.get(), i * kIoAlignment,
                                    blocks.data() + i * kIoAlignment, kIoAlignment, i}));
    }
    done.clear();
    VARVE_ASSERT_OK(ring->wait(16, &done));
    for (const auto& completion : done) VARVE_ASSERT_OK(completion.status);
  }
  EXPECT_EQ(world.driver()->counters().ring_submissions, 16 * kRounds);
  EXPECT_EQ(world.driver()->counters().ring_completions, 16 * kRounds);
  EXPECT_EQ(world.driver()->counters().write_bytes, 16 * kRounds * kIoAlignment);
}

TEST(UringDriver, AFailedRequestNamesFileAndOffset) {
  if (!make_uring_driver().ok()) GTEST_SKIP() << "io_uring is refused here";
  UringWorld world;
  const std::string path = join_path(world.directory(), "a");
  VARVE_ASSERT_OK(write_file_atomically(world.driver(), path, "abc"));
  auto file = std::move(world.driver()->open(path, OpenMode::kRead, Caching::kBuffered)).value();
  auto ring = std::move(world.driver()->make_ring(1)).value();
  std::string text = "abc";
  VARVE_ASSERT_OK(ring->submit({Ring::Operation::kWrite, file.get(), 4096, text.data(), 3, 1}));
  std::vector<Ring::Completion> done;
  VARVE_ASSERT_OK(ring->wait(1, &done));
  EXPECT_EQ(done.at(0).status.message(), path + ": write at 4096: Bad file descriptor");
}

TEST(UringDriver, AnAbandonedRingWaitsForItsRequests) {
  UringWorld world;
  auto file =
      std::move(world.driver()->open(join_path(world.directory(), "a"), OpenMode::kCreate, Caching::kDirect))
          .value();
  AlignedBuffer blocks(64 * kIoAlignment);
  {
    auto ring = std::move(world.driver()->make_ring(64)).value();
    for (size_t i = 0; i < 64; ++i) {
      VARVE_ASSERT_OK(ring->submit({Ring::Operation::kWriteDurable, file.get(), i * kIoAlignment,
                                    blocks.data() + i * kIoAlignment, kIoAlignment, i}));
    }
  }
  EXPECT_EQ(*file->size(), 64 * kIoAlignment);
}

}  // namespace
}  // namespace varve::io
