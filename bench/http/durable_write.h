// The control beside the writes: what the disk asks for one durable 4 KiB write, without any of our code but base/io.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"
#include "bench/measurement.h"

namespace varve::bench {

inline constexpr uint64_t kControlFileBytes = 16u << 20;
inline constexpr size_t kControlBlockBytes = 4096;

// A file of kControlFileBytes zeros, synced, for direct writes.
Result<std::unique_ptr<io::File>> make_control_file(const std::string& path);

// One thread writes 4 KiB blocks in order (O_DIRECT, RWF_DSYNC) for `seconds` into a file of zeros in `directory`, as
// the log writes its frames, and removes the file.
Result<Measurement> measure_durable_write(const std::string& directory, double seconds);

}  // namespace varve::bench
