#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace varve {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Status::invalid_argument("n is odd");
  return n / 2;
}

Result<int> quarter(int n) {
  VARVE_ASSIGN_OR_RETURN(int h, half(n));
  VARVE_ASSIGN_OR_RETURN(int q, half(h));
  return q;
}

TEST(Result, CarriesValueOrTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(quarter(6).status().to_string(), "invalid argument: n is odd");
}

TEST(Result, WhatIsTakenFromATemporaryOutlivesIt) {
  const auto list = [] {
    return Result<std::vector<std::string>>(std::vector<std::string>(3, std::string(100, 'x')));
  };
  size_t bytes = 0;
  for (const std::string& text : *list()) bytes += text.size();  // ASan sees it when the vector is gone
  EXPECT_EQ(bytes, 300U);
}

TEST(Status, ErrnoMapsToTypedCodesAndNamesThePath) {
  EXPECT_EQ(Status::from_errno(ENOSPC, "write", "a/b").code(), ErrorCode::kNoSpace);
  EXPECT_EQ(Status::from_errno(EIO, "write", "a/b").code(), ErrorCode::kIoError);
  EXPECT_EQ(Status::from_errno(ENOENT, "open", "a/b").message(), "a/b: open: No such file or directory");
}

TEST(Status, CorruptionSaysWhere) {
  EXPECT_EQ(Status::corruption("000001.sst", 4096, "bad checksum").to_string(),
            "corruption: 000001.sst: offset 4096: bad checksum");
}

}  // namespace
}  // namespace varve
