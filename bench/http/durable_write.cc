#include "bench/http/durable_write.h"

#include <algorithm>

#include "base/io/aligned_buffer.h"
#include "base/io/clock.h"
#include "base/io/driver.h"

namespace varve::bench {
namespace {

constexpr uint64_t kFileBytes = 16u << 20;
constexpr size_t kBlockBytes = 4096;

}  // namespace

Result<Measurement> measure_durable_write(const std::string& directory, double seconds) {
  io::Driver* const driver = io::default_driver();
  const std::string path = directory + "/control";
  VARVE_ASSIGN_OR_RETURN(const auto file,
                         driver->open(path, io::OpenMode::kCreateOrTruncate, io::Caching::kDirect));
  io::AlignedBuffer buffer(1u << 20);
  std::fill_n(buffer.data(), buffer.size(), '\0');
  for (uint64_t at = 0; at < kFileBytes; at += buffer.size())
    VARVE_RETURN_IF_ERROR(file->write_at(at, Slice(buffer.data(), buffer.size())));
  VARVE_RETURN_IF_ERROR(file->sync());

  std::fill_n(buffer.data(), kBlockBytes, 'x');
  Measurement measurement;
  const uint64_t start_ns = io::monotonic_ns();
  uint64_t now_ns = start_ns;
  const uint64_t end_ns = start_ns + static_cast<uint64_t>(seconds * 1e9);
  for (uint64_t at = 0; now_ns < end_ns; at = (at + kBlockBytes) % kFileBytes) {
    VARVE_RETURN_IF_ERROR(file->write_at_durable(at, Slice(buffer.data(), kBlockBytes)));
    const uint64_t then_ns = std::exchange(now_ns, io::monotonic_ns());
    measurement.latency_ns.record(now_ns - then_ns);
    ++measurement.operations;
  }
  measurement.seconds = static_cast<double>(now_ns - start_ns) / 1e9;
  VARVE_RETURN_IF_ERROR(driver->remove(path));
  return measurement;
}

}  // namespace varve::bench
