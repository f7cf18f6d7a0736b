// The control beside the writes: what the disk asks for one durable 4 KiB write, without any of our code but base/io.
#pragma once

#include <string>

#include "base/result.h"
#include "bench/measurement.h"

namespace varve::bench {

// One thread writes 4 KiB blocks in order (O_DIRECT, RWF_DSYNC) for `seconds` into a file of zeros in `directory`, as
// the log writes its frames, and removes the file.
Result<Measurement> measure_durable_write(const std::string& directory, double seconds);

}  // namespace varve::bench
