#include "bench/http/durable_write.h"

#include <algorithm>

#include "base/io/aligned_buffer.h"
#include "base/io/clock.h"
#include "base/io/driver.h"

namespace varve::bench {

Result<std::unique_ptr<io::File>> make_control_file(const std::string& path) {
  VARVE_ASSIGN_OR_RETURN(
      auto file, io::default_driver()->open(path, io::OpenMode::kCreateOrTruncate, io::Caching::kDirect));
  io::AlignedBuffer zeros(1u << 20);
  std::fill_n(zeros.data(), zeros.size(), '\0');
  for (uint64_t at = 0; at < kControlFileBytes; at += zeros.size())
    VARVE_RETURN_IF_ERROR(file->write_at(at, Slice(zeros.data(), zeros.size())));
  VARVE_RETURN_IF_ERROR(file->sync());
  return file;
}

Result<Measurement> measure_durable_write(const std::string& directory, double seconds) {
  const std::string path = directory + "/control";
  VARVE_ASSIGN_OR_RETURN(const auto file, make_control_file(path));
  io::AlignedBuffer buffer(kControlBlockBytes);
  std::fill_n(buffer.data(), buffer.size(), 'x');
  Measurement measurement;
  const uint64_t start_ns = io::monotonic_ns();
  uint64_t now_ns = start_ns;
  const uint64_t end_ns = start_ns + static_cast<uint64_t>(seconds * 1e9);
  for (uint64_t at = 0; now_ns < end_ns; at = (at + kControlBlockBytes) % kControlFileBytes) {
    VARVE_RETURN_IF_ERROR(file->write_at_durable(at, Slice(buffer.data(), buffer.size())));
    const uint64_t then_ns = std::exchange(now_ns, io::monotonic_ns());
    measurement.latency_ns.record(now_ns - then_ns);
    ++measurement.operations;
  }
  measurement.seconds = static_cast<double>(now_ns - start_ns) / 1e9;
  VARVE_RETURN_IF_ERROR(io::default_driver()->remove(path));
  return measurement;
}

}  // namespace varve::bench
