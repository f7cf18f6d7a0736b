// The whole-tree verifier that tests, fuzzers and `varve verify` call: reads every file the manifest names and
// checks what the format promises: whole-file checksums, block checksums, key order, levels below 0 disjoint,
// sequence bounds, filters without false negatives, properties equal to content, no file missing, no file twice, no
// stray file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::lsm {

struct VerifyReport {
  uint64_t trees = 0, files = 0, blocks = 0, entries = 0, bytes = 0;
  std::vector<Status> problems;          // each names its file and offset; at most 100 are kept
  std::vector<std::string> stray_files;  // named by no version: harmless, removed at the next open
};

// Opens nothing for writing and takes no lock: the caller holds the directory. An unreadable manifest is the
// returned error. progress, when given, is told the bytes checked so far and the total.
Result<VerifyReport> verify_directory(io::Driver* driver, const std::string& directory,
                                      const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

}  // namespace varve::lsm
