#include "lsm/manifest/file_metadata.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/io/entropy.h"
#include "base/slice.h"

namespace varve::lsm {

FileUuid random_file_uuid() {
  FileUuid uuid;
  const uint64_t halves[2] = {io::random_id(), io::random_id()};
  static_assert(sizeof(halves) == sizeof(uuid.bytes));
  std::memcpy(uuid.bytes.data(), halves, sizeof(halves));
  return uuid;
}

std::string table_file_name(FileNumber number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%06" PRIu64 ".sst", number.value);
  return name;
}

FileNumber parse_table_file_name(const std::string& name) {
  constexpr Slice kSuffix = ".sst";
  if (name.size() < 6 + kSuffix.size() || name.size() > 19 + kSuffix.size() || !name.ends_with(kSuffix))
    return {};
  uint64_t number = 0;
  for (size_t i = 0; i + kSuffix.size() < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9') return {};
    number = number * 10 + static_cast<uint64_t>(name[i] - '0');
  }
  return FileNumber(number);
}

}  // namespace varve::lsm
