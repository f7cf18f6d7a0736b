#include "lsm/manifest/manifest_format.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace varve::lsm {

namespace {

constexpr char kMagic[8] = {'V', 'A', 'R', 'V', 'E', 'M', 'A', 'N'};
constexpr uint32_t kVersion = 1;
constexpr uint32_t kFrameMagic = 0x4d465256;  // "VRFM"
constexpr uint64_t kKnownIncompatibleFeatures = 0;
constexpr size_t kSuperblockChecksumAt = kManifestBlockBytes - 8;
constexpr size_t kHeaderChecksumAt = 24;
constexpr size_t kBodyChecksumAt = 32;

// Binds bytes to one place of one file, so that a stale or misplaced block is not believed.
uint64_t place_seed(const FileUuid& uuid, uint64_t offset) {
  return hash64({reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()}, offset);
}

}  // namespace

std::string Superblock::encode(uint32_t copy) const {
  std::string out;
  ByteWriter w(&out);
  w.bytes({kMagic, sizeof(kMagic)});
  w.u32(kVersion);
  w.u32(static_cast<uint32_t>(kManifestBlockBytes));  // alignment
  w.u64(compatible_features);
  w.u64(incompatible_features);
  w.bytes({reinterpret_cast<const char*>(file_uuid.bytes.data()), file_uuid.bytes.size()});
  w.u64(store_uuid);
  w.u64(number);
  w.u64(first_edit);
  w.u32(kHashIdXxh3);
  w.u32(0);  // protection kind: XXH3
  w.u64(0);  // hash seed
  w.u32(0);  // key id
  w.u32(copy);
  CHECK(out.size() == 96);
  out.resize(kSuperblockChecksumAt, '\0');  // 32 bytes of salt and the rest, zero
  w.u64(hash64(out));
  return out;
}

Result<Superblock> Superblock::decode(Slice block, uint32_t copy) {
  if (block.size() != kManifestBlockBytes) return Status::corruption("superblock cut short");
  const uint64_t stored = load_little<uint64_t>(block.data() + kSuperblockChecksumAt);
  if (stored != hash64(block.substr(0, kSuperblockChecksumAt)))
    return Status::corruption("superblock checksum");
  ByteReader r(block);
  Superblock superblock;
  if (r.bytes(sizeof(kMagic)) != Slice(kMagic, sizeof(kMagic))) return Status::corruption("superblock magic");
  if (r.u32() != kVersion) return Status::unsupported("manifest version");
  if (r.u32() != kManifestBlockBytes) return Status::unsupported("manifest alignment");
  superblock.compatible_features = r.u64();
  superblock.incompatible_features = r.u64();
  std::memcpy(superblock.file_uuid.bytes.data(), r.bytes(16).data(), 16);
  superblock.store_uuid = r.u64();
  superblock.number = r.u64();
  superblock.first_edit = r.u64();
  if (r.u32() != kHashIdXxh3) return Status::unsupported("manifest hash");
  if (r.u32() != 0) return Status::unsupported("manifest protection kind");
  if (r.u64() != 0) return Status::unsupported("manifest hash seed");
  r.u32();  // key id: means nothing without protection
  if (r.u32() != copy) return Status::corruption("superblock copy out of place");
  if ((superblock.incompatible_features & ~kKnownIncompatibleFeatures) != 0) {
    return Status::unsupported("manifest with features of a later version");
  }
  return superblock;
}

uint64_t Superblock::chain_hash() const { return hash64(encode(0)); }

uint64_t padded_frame_bytes(uint64_t payload_bytes) {
  const uint64_t total = kFrameHeaderBytes + payload_bytes;
  return (total + kManifestBlockBytes - 1) / kManifestBlockBytes * kManifestBlockBytes;
}

std::string encode_frame(const FileUuid& uuid, uint64_t offset, uint64_t edit_number, uint64_t previous_hash,
                         Slice payload, uint64_t* hash) {
  CHECK(payload.size() < kMaxManifestBytes);
  const uint64_t seed = place_seed(uuid, offset);
  std::string out;
  ByteWriter w(&out);
  w.u32(kFrameMagic);
  w.u32(static_cast<uint32_t>(payload.size()));
  w.u64(edit_number);
  w.u64(previous_hash);
  w.u64(hash64(out, seed));
  w.u64(0);
  w.bytes(payload);
  out.resize(padded_frame_bytes(payload.size()), '\0');
  *hash = hash64(out, seed);  // with the field of the checksum zero
  store_little(out.data() + kBodyChecksumAt, *hash);
  return out;
}

std::optional<FrameHeader> decode_frame_header(const FileUuid& uuid, uint64_t offset, Slice at) {
  if (at.size() < kFrameHeaderBytes) return std::nullopt;
  if (load_little<uint32_t>(at.data()) != kFrameMagic) return std::nullopt;
  const uint64_t stored = load_little<uint64_t>(at.data() + kHeaderChecksumAt);
  if (stored != hash64(at.substr(0, kHeaderChecksumAt), place_seed(uuid, offset))) return std::nullopt;
  FrameHeader header;
  header.payload_bytes = load_little<uint32_t>(at.data() + 4);
  header.edit_number = load_little<uint64_t>(at.data() + 8);
  header.previous_hash = load_little<uint64_t>(at.data() + 16);
  header.body_checksum = load_little<uint64_t>(at.data() + kBodyChecksumAt);
  return header;
}

bool check_frame_body(const FileUuid& uuid, uint64_t offset, const FrameHeader& header, Slice at,
                      Slice* payload) {
  const uint64_t total = padded_frame_bytes(header.payload_bytes);
  if (total > at.size()) return false;
  constexpr char kZeros[8] = {};
  Hasher hasher(place_seed(uuid, offset));
  hasher.update(at.substr(0, kBodyChecksumAt));
  hasher.update({kZeros, sizeof(kZeros)});
  hasher.update(at.substr(kFrameHeaderBytes, total - kFrameHeaderBytes));
  if (hasher.digest() != header.body_checksum) return false;
  *payload = at.substr(kFrameHeaderBytes, header.payload_bytes);
  return true;
}

std::string manifest_file_name(uint64_t number) {
  char name[40];
  std::snprintf(name, sizeof(name), "MANIFEST-%06" PRIu64, number);
  return name;
}

uint64_t parse_manifest_file_name(const std::string& name) {
  constexpr Slice kPrefix = "MANIFEST-";
  if (!name.starts_with(kPrefix) || name.size() < kPrefix.size() + 6 || name.size() > kPrefix.size() + 19)
    return 0;
  uint64_t number = 0;
  for (size_t i = kPrefix.size(); i < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(name[i] - '0');
  }
  return number;
}

bool is_temporary_manifest_name(const std::string& name) {
  constexpr Slice kSuffix = ".tmp";
  return name.ends_with(kSuffix) &&
         parse_manifest_file_name(name.substr(0, name.size() - kSuffix.size())) != 0;
}

}  // namespace varve::lsm
