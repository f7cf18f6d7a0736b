// The bytes of a manifest file: two copies of a superblock, then frames. lsm/FORMAT.md is the specification.
//
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "lsm/manifest/file_metadata.h"

namespace varve::lsm {

inline constexpr uint64_t kManifestBlockBytes = 4096;
inline constexpr uint64_t kManifestFirstFrame = 2 * kManifestBlockBytes;
inline constexpr size_t kFrameHeaderBytes = 40;
inline constexpr uint64_t kMaxManifestBytes = 1u << 30;

struct Superblock {
  uint64_t compatible_features = 0;
  uint64_t incompatible_features = 0;
  FileUuid file_uuid;
  uint64_t store_uuid = 0;
  uint64_t number = 0;      // this manifest's, as in its name
  uint64_t first_edit = 0;  // number of the first frame, which holds the whole state

  bool operator==(const Superblock&) const = default;

  // One block; copy is 0 or 1.
  std::string encode(uint32_t copy) const;
  // kCorruption without file and offset: the caller knows them. kUnsupported for a feature or hash of a later version.
  static Result<Superblock> decode(Slice block, uint32_t copy);
  // The hash that the first frame chains to.
  uint64_t chain_hash() const;
};

struct FrameHeader {
  uint32_t payload_bytes = 0;
  uint64_t edit_number = 0;
  uint64_t previous_hash = 0;
  uint64_t body_checksum = 0;
};

// A whole frame, padded to a multiple of 4096, for this place in this file. *hash is what the next one chains to.
std::string encode_frame(const FileUuid& uuid, uint64_t offset, uint64_t edit_number, uint64_t previous_hash,
                         Slice payload, uint64_t* hash);
// nullopt when the 40 bytes at the front of `at` are not a frame header of this place.
std::optional<FrameHeader> decode_frame_header(const FileUuid& uuid, uint64_t offset, Slice at);
// True when the body that follows the header is whole; *payload is set then.
bool check_frame_body(const FileUuid& uuid, uint64_t offset, const FrameHeader& header, Slice at,
                      Slice* payload);
uint64_t padded_frame_bytes(uint64_t payload_bytes);

// "MANIFEST-000001"
std::string manifest_file_name(uint64_t number);
// The number in such a name; 0 when it is not one. A temporary file's name is not one.
uint64_t parse_manifest_file_name(const std::string& name);
bool is_temporary_manifest_name(const std::string& name);

}  // namespace varve::lsm
