#include "base/io/child_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "base/io/clock.h"
#include "base/io/process.h"

namespace varve::io {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

CommandEnd run(const std::string& script, Slice input, CommandLimits limits) {
  auto end = run_command({"sh", "-c", script}, input, limits);
  EXPECT_TRUE(end.ok()) << end.status().to_string();
  return end.ok() ? *std::move(end) : CommandEnd{};
}

CommandLimits taking(uint64_t bytes = 1u << 20) {
  return {.take_output = true, .output_bytes = bytes, .timeout_ns = 60 * kSecondNs};
}

TEST(ChildProcess, FeedsInputTakesOutputAndTellsTheEnd) {
  EXPECT_EQ(run("cat; echo done", "hello ", taking()).output, "hello done\n");
  EXPECT_TRUE(run("cat > /dev/null", "x", taking()).succeeded());
  EXPECT_EQ(run("exit 3", "", taking()).exit_code, 3);
  EXPECT_EQ(run("exit 3", "", taking()).describe(), "exit status 3");
  EXPECT_EQ(run("kill -9 $$", "", taking()).exit_code, 128 + 9);
  EXPECT_EQ(run("kill -9 $$", "", taking()).describe(), "signal 9");
}

// More than the pipes hold, in both directions at once.
TEST(ChildProcess, LargeInputAndOutputDoNotBlockEachOther) {
  const std::string large(3u << 20, 'x');
  const CommandEnd end = run("cat", large, taking(4u << 20));
  EXPECT_EQ(end.output, large);
  EXPECT_FALSE(end.output_too_long);
}

TEST(ChildProcess, InputThatIsNotReadIsNoError) {
  const std::string large(3u << 20, 'x');
  turn_signals_into_errors();
  EXPECT_TRUE(run("exit 0", large, taking()).succeeded());
  EXPECT_TRUE(run("exec 0<&-; sleep 0.05", large, taking()).succeeded());
}

TEST(ChildProcess, OutputBeyondTheLimitIsReadAndDropped) {
  const CommandEnd end = run("head -c 20000000 /dev/zero", "", taking(1000));
  EXPECT_TRUE(end.succeeded());
  EXPECT_EQ(end.output.size(), 1000u);
  EXPECT_TRUE(end.output_too_long);
}

TEST(ChildProcess, OneThatHangsIsKilledWithItsChildren) {
  CommandLimits limits = taking();
  limits.timeout_ns = kSecondNs / 5;
  const uint64_t begin_ns = monotonic_ns();
  const CommandEnd end = run("trap '' TERM; echo before; sleep 600 | sleep 600", "", limits);
  EXPECT_TRUE(end.timed_out);
  EXPECT_FALSE(end.succeeded());
  EXPECT_EQ(end.output, "before\n");
  EXPECT_LT(monotonic_ns() - begin_ns, 60 * kSecondNs);
}

TEST(ChildProcess, WhatItLeavesInTheBackgroundIsNotWaitedFor) {
  const uint64_t begin_ns = monotonic_ns();
  const CommandEnd end = run("sleep 30 & echo $!", "", taking());
  EXPECT_TRUE(end.succeeded());
  EXPECT_LT(monotonic_ns() - begin_ns, 20 * kSecondNs);
  ::kill(std::stoi(end.output), SIGKILL);
}

TEST(ChildProcess, ItsSignalsAreAsAShellWouldSetThem) {
  turn_signals_into_errors();
  // With SIGPIPE ignored, yes would complain and answer 1 instead of being ended.
  EXPECT_EQ(run("(yes; echo $? >&2) 2>&1 | true; exec yes | true", "", taking()).exit_code, 0);
  EXPECT_EQ(run("sh -c 'kill -PIPE $$'; echo $?", "", taking()).output, "141\n");
}

TEST(ChildProcess, WhatCannotBeExecutedIsToldApartFromWhatFails) {
  EXPECT_EQ(run_command({"/no/such/command"}, "", taking()).code(), ErrorCode::kNotFound);
  EXPECT_EQ(run_command({"varve-no-such-command"}, "", taking()).code(), ErrorCode::kNotFound);
  EXPECT_EQ(run_command({"/etc/passwd"}, "", taking()).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(run_command({}, "", taking()).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(run("exit 127", "", taking()).exit_code, 127);
}

}  // namespace
}  // namespace varve::io
