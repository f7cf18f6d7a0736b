// Small histories written by hand: what is an anomaly, and what only looks like one.
#include "tests/isolation/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace varve::isolation {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Operation done(uint64_t begun, uint64_t ended, std::vector<Read> reads, std::vector<Write> writes = {}) {
  Operation operation;
  operation.what = "operation";
  operation.begun = begun;
  operation.ended = ended;
  operation.told = Told::kDone;
  operation.reads = std::move(reads);
  operation.writes = std::move(writes);
  return operation;
}

Operation unknown(uint64_t begun, std::vector<Write> writes, std::vector<Read> expected = {}) {
  Operation operation = done(begun, kNever, {}, std::move(writes));
  operation.told = Told::kUnknown;
  operation.expected = std::move(expected);
  return operation;
}

Operation refused(uint64_t begun, uint64_t ended, std::vector<Write> writes) {
  Operation operation = done(begun, ended, {}, std::move(writes));
  operation.told = Told::kRefused;
  return operation;
}

std::string violation(const std::vector<Operation>& history) { return check_history(history).violation; }

TEST(Checker, ConcurrentOperationsMayTakeAnyOrder) {
  EXPECT_EQ(violation({done(0, 10, {}, {{"x", 1}}), done(1, 9, {}, {{"x", 2}}), done(2, 8, {{"x", {2}}}),
                       done(20, 21, {{"x", {2, 1}}})}),
            "");
}

TEST(Checker, AnAcknowledgedWriteThatTheLastReadDoesNotShowIsLost) {
  EXPECT_THAT(violation({done(0, 1, {}, {{"x", 1}}), done(2, 3, {}, {{"x", 2}}), done(4, 5, {{"x", {2}}})}),
              StartsWith("an acknowledged write is lost"));
}

TEST(Checker, TwoValuesAfterOneAreALostUpdate) {
  const std::vector<Operation> history = {done(0, 9, {{"r", {}, true}}, {{"r", 1}}),
                                          done(1, 8, {{"r", {}, true}}, {{"r", 2}}),
                                          done(10, 11, {{"r", {2}, true}})};
  EXPECT_THAT(violation(history), StartsWith("lost update"));
}

TEST(Checker, AReadThatMissesWhatWasAcknowledgedIsStale) {
  EXPECT_THAT(violation({done(0, 1, {}, {{"x", 1}}), done(2, 3, {{"x", {}}}), done(4, 5, {{"x", {1}}})}),
              StartsWith("stale read"));
}

TEST(Checker, AClientThatSeesAValueAndThenNotIsFound) {
  // The write is never acknowledged, so only the two reads contradict each other.
  EXPECT_THAT(violation({unknown(0, {{"x", 1}}), done(1, 2, {{"x", {1}}}), done(3, 4, {{"x", {}}}),
                         done(5, 6, {{"x", {1}}})}),
              StartsWith("stale read"));
}

TEST(Checker, HalfOfATransactionIsTorn) {
  EXPECT_THAT(violation({done(0, 9, {}, {{"x", 1}, {"y", 2}}), done(1, 8, {{"x", {1}}, {"y", {}}}),
                         done(10, 11, {{"x", {1}}, {"y", {2}}})}),
              StartsWith("torn transaction or snapshot"));
  EXPECT_THAT(violation({unknown(0, {{"x", 1}, {"y", 2}}), done(10, 11, {{"x", {1}}, {"y", {}}})}),
              StartsWith("a write is torn"));
}

TEST(Checker, TransactionsThatEachMissTheOtherAreAWriteSkew) {
  EXPECT_THAT(violation({done(0, 9, {{"x", {}}}, {{"y", 1}}), done(1, 8, {{"y", {}}}, {{"x", 2}}),
                         done(10, 11, {{"x", {2}}, {"y", {1}}})}),
              StartsWith("write skew"));
}

TEST(Checker, TransactionsThatSeeEachOtherAreACircle) {
  EXPECT_THAT(violation({done(0, 9, {{"x", {2}}}, {{"y", 1}}), done(1, 8, {{"y", {1}}}, {{"x", 2}}),
                         done(10, 11, {{"x", {2}}, {"y", {1}}})}),
              StartsWith("circular dependency"));
}

TEST(Checker, ReadersThatDisagreeOnTheOrderOfTwoWritesAreFound) {
  EXPECT_THAT(
      violation({done(0, 9, {}, {{"x", 1}}), done(1, 8, {}, {{"y", 2}}), done(2, 7, {{"x", {1}}, {"y", {}}}),
                 done(3, 6, {{"x", {}}, {"y", {2}}}), done(10, 11, {{"x", {1}}, {"y", {2}}})}),
      StartsWith("write skew"));
}

TEST(Checker, AWriteOfUnknownOutcomeMayHappenLateOrNeverButNotTwice) {
  const Operation late = unknown(0, {{"x", 1}});
  EXPECT_EQ(violation({late, done(1, 2, {{"x", {}}}), done(3, 4, {{"x", {}}})}), "");
  EXPECT_EQ(violation({late, done(1, 2, {{"x", {}}}), done(3, 4, {{"x", {1}}})}), "");
  EXPECT_THAT(violation({late, done(1, 2, {{"x", {1, 1}}})}), HasSubstr("is there twice"));
}

TEST(Checker, AnUnknownCompareAndSetCountsWhenItsValueWasSeen) {
  const Operation set = unknown(0, {{"r", 1}}, {{"r", {}, true}});
  const Operation other = unknown(1, {{"r", 2}}, {{"r", {1}, true}});
  EXPECT_EQ(violation({set, other, done(5, 6, {{"r", {}, true}})}), "");
  const Verdict verdict = check_history({set, other, done(5, 6, {{"r", {2}, true}})});
  EXPECT_EQ(verdict.violation, "");
  EXPECT_EQ(verdict.unknown, 2u);
}

TEST(Checker, WhatNobodyWroteOrWasRefusedMayNotBeSeen) {
  EXPECT_THAT(violation({done(0, 1, {{"x", {7}}})}), StartsWith("a value that nobody wrote"));
  EXPECT_THAT(violation({refused(0, 1, {{"x", 7}}), done(2, 3, {{"x", {7}}})}),
              StartsWith("a value of a refused write is seen"));
}

TEST(History, ACutLeavesWhatWasAnsweredBeforeIt) {
  History history;
  const auto begin = [&](int64_t value) {
    Operation operation;
    operation.writes = {{"x", value}};
    return history.begin(operation);
  };
  history.end(begin(1), Told::kDone);
  const size_t under_way = begin(2);
  const uint64_t first = history.now();
  history.end(under_way, Told::kDone, {{"x", {1}}});
  const uint64_t last = history.now();
  history.end(begin(3), Told::kDone);
  history.cut(first, last);
  const std::vector<Operation> operations = history.operations();
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[0].told, Told::kDone);
  EXPECT_EQ(operations[1].told, Told::kUnknown);
  EXPECT_TRUE(operations[1].reads.empty());
}

}  // namespace
}  // namespace varve::isolation
