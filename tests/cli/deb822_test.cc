#include "api/cli/deb822.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace varve::api {
namespace {

// Hands out at most `piece` bytes a call.
Deb822Reader reader_of(Slice text, size_t piece = 7) {
  return Deb822Reader([text, piece](MutableSlice out) mutable -> Result<size_t> {
    const size_t count = std::min({piece, out.size(), text.size()});
    std::memcpy(out.data(), text.data(), count);
    text.remove_prefix(count);
    return count;
  });
}

std::string all_of(Slice text, size_t piece = 7) {
  Deb822Reader reader = reader_of(text, piece);
  std::string out;
  for (;;) {
    const auto record = reader.next();
    if (!record.ok()) return out + "!" + record.status().message();
    if (!record->has_value()) return out;
    out += std::to_string((*record)->number) + "{";
    for (const auto& [name, value] : (*record)->fields) out += name + "=" + value + ";";
    out += "}";
  }
}

TEST(Deb822, RecordsAreSeparatedByEmptyLinesHoweverMany) {
  EXPECT_EQ(all_of("A: 1\nB: 2\n\nA: 3\n\n\n\nA: 4"), "1{A=1;B=2;}2{A=3;}3{A=4;}");
  EXPECT_EQ(all_of(""), "");
  EXPECT_EQ(all_of("\n \n\t\n"), "");
}

TEST(Deb822, ContinuationLinesAreKeptAsWritten) {
  EXPECT_EQ(all_of("A: first\n  second\n .\n\tthird\nB:x\n"), "1{A=first\n  second\n .\n\tthird;B=x;}");
}

TEST(Deb822, ValuesAreTrimmedAndMayBeEmptyOrHoldColons) {
  EXPECT_EQ(all_of("A:   x  \r\nB:\nC: a: b\n"), "1{A=x;B=;C=a: b;}");
}

TEST(Deb822, ResultDoesNotDependOnThePiecesOfTheInput) {
  const std::string text = "A: 1\n c\n\nB: 2\nC: 3\n\n\nD: 4\n";
  for (size_t piece = 1; piece < text.size(); ++piece)
    EXPECT_EQ(all_of(text, piece), all_of(text, text.size()));
}

TEST(Deb822, MalformedLinesAreNamed) {
  EXPECT_EQ(all_of(" x\n"), "!line 1: continuation of no field");
  EXPECT_EQ(all_of("A: 1\nnonsense\n"), "!line 2: neither \"Field: value\" nor a continuation");
  EXPECT_EQ(all_of("A: 1\n\n: x\n"), "1{A=1;}!line 3: neither \"Field: value\" nor a continuation");
  EXPECT_EQ(all_of("A: 1\nA: 2\n"), "!line 2: second field A in a record");
}

TEST(Deb822, RecordsBeyondTheBoundAreRefused) {
  const std::string long_line = "A: " + std::string(Deb822Reader::kMaxRecordBytes + 10, 'x');
  EXPECT_EQ(all_of(long_line, 1u << 20), "!line 1 is over 4 MiB");
  std::string many = "A: 1\n";
  while (many.size() <= Deb822Reader::kMaxRecordBytes) many += " " + std::string(1000, 'x') + "\n";
  EXPECT_NE(all_of(many, 1u << 20).find("record over 4 MiB"), std::string::npos);
}

TEST(Deb822, ErrorsOfTheSourceComeThrough) {
  Deb822Reader reader([](MutableSlice) -> Result<size_t> { return Status::io_error("read input: gone"); });
  EXPECT_EQ(reader.next().code(), ErrorCode::kIoError);
}

}  // namespace
}  // namespace varve::api
