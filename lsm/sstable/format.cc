#include "lsm/sstable/format.h"

#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace varve::lsm {

namespace {

constexpr uint64_t kKnownIncompatibleFeatures = 0;

std::string hex(uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[value >> shift & 15]);
  return out;
}

// The handle's payload and trailer lie within [header end, limit).
bool lies_within(const BlockHandle& handle, uint64_t limit) {
  return handle.offset >= kTableHeaderBytes && handle.offset <= limit && handle.size_bytes <= limit &&
         handle.offset + handle.size_bytes + kBlockTrailerBytes <= limit;
}

}  // namespace

uint64_t block_checksum(const FileUuid& uuid, uint64_t offset, BlockKind kind, Slice bytes) {
  char place[sizeof(uuid.bytes) + sizeof(offset) + 1];
  std::memcpy(place, uuid.bytes.data(), uuid.bytes.size());
  store_little(place + uuid.bytes.size(), offset);
  place[sizeof(place) - 1] = static_cast<char>(kind);
  return hash64(bytes, hash64(Slice(place, sizeof(place))));
}

uint64_t max_stored_bytes(BlockKind kind) {
  switch (kind) {
    case BlockKind::kIndex:
      return kMaxIndexBlockBytes;
    case BlockKind::kProperties:
      return kMaxPropertiesBytes;
    default:
      return kMaxBlockBytes;
  }
}

std::string TableHeader::encode() const {
  std::string out;
  ByteWriter writer(&out);
  writer.bytes(Slice(kTableMagic, kTableMagicBytes));
  writer.u32(format_version);
  writer.u32(static_cast<uint32_t>(kTableAlignment));
  writer.u64(compatible_features);
  writer.u64(incompatible_features);
  writer.bytes(Slice(reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()));
  writer.u8(static_cast<uint8_t>(protection));
  writer.u8(hash_id);
  writer.u16(0);
  writer.u32(key_id);
  writer.bytes(Slice(reinterpret_cast<const char*>(salt.data()), salt.size()));
  writer.u64(block_checksum(uuid, 0, BlockKind::kHeader, out));
  CHECK(out.size() == kTableHeaderBytes);
  return out;
}

Result<TableHeader> TableHeader::decode(Slice bytes, const std::string& file) {
  if (bytes.size() < kTableHeaderBytes) return Status::corruption(file, 0, "table header cut short");
  bytes = bytes.substr(0, kTableHeaderBytes);
  ByteReader reader(bytes);
  TableHeader header;
  if (reader.bytes(kTableMagicBytes) != Slice(kTableMagic, kTableMagicBytes)) {
    return Status::corruption(file, 0, "not an SSTable: wrong magic");
  }
  header.format_version = reader.u32();
  const uint32_t alignment = reader.u32();
  header.compatible_features = reader.u64();
  header.incompatible_features = reader.u64();
  std::memcpy(header.uuid.bytes.data(), reader.bytes(header.uuid.bytes.size()).data(),
              header.uuid.bytes.size());
  const uint8_t protection = reader.u8();
  header.hash_id = reader.u8();
  const uint16_t reserved = reader.u16();
  header.key_id = reader.u32();
  std::memcpy(header.salt.data(), reader.bytes(header.salt.size()).data(), header.salt.size());
  const uint64_t expected =
      block_checksum(header.uuid, 0, BlockKind::kHeader, bytes.substr(0, reader.offset()));
  const uint64_t got = reader.u64();
  // The checksum first: a damaged version number is damage, not a newer version.
  if (expected != got) {
    return Status::corruption(file, 0, "header checksum, expected " + hex(expected) + ", got " + hex(got));
  }
  if (header.format_version != kTableFormatVersion) {
    return Status::unsupported(file + ": SSTable format version " + std::to_string(header.format_version));
  }
  if ((header.incompatible_features & ~kKnownIncompatibleFeatures) != 0) {
    return Status::unsupported(file + ": SSTable features " + hex(header.incompatible_features));
  }
  if (protection != static_cast<uint8_t>(Protection::kChecksum) || header.hash_id != kHashIdXxh3) {
    return Status::unsupported(file + ": SSTable protection kind " + std::to_string(protection) +
                               ", hash id " + std::to_string(header.hash_id));
  }
  if (alignment != kTableAlignment || reserved != 0) {
    return Status::corruption(file, 0, "header fields out of range");
  }
  return header;
}

std::string BlockHandle::encode() const {
  std::string out;
  ByteWriter writer(&out);
  writer.varint(offset);
  writer.varint(size_bytes);
  return out;
}

bool BlockHandle::decode(Slice bytes) {
  ByteReader reader(bytes);
  offset = reader.varint();
  size_bytes = reader.varint();
  return reader.done();
}

std::string TableFooter::encode(const FileUuid& uuid) const {
  std::string out;
  ByteWriter writer(&out);
  writer.u64(properties.offset);
  writer.u64(properties.size_bytes);
  writer.u64(index_root.offset);
  writer.u64(index_root.size_bytes);
  writer.u64(filter_offset);
  writer.u64(filter_bytes);
  writer.u64(file_size_bytes);
  writer.u64(0);
  writer.u64(block_checksum(uuid, file_size_bytes - kTableFooterBytes, BlockKind::kFooter, out));
  writer.bytes(Slice(kTableEndMagic, kTableMagicBytes));
  CHECK(out.size() == kTableFooterBytes);
  return out;
}

Result<TableFooter> TableFooter::decode(Slice bytes, const FileUuid& uuid, uint64_t file_size_bytes,
                                        const std::string& file) {
  CHECK(file_size_bytes >= kTableFooterBytes);
  const uint64_t at = file_size_bytes - kTableFooterBytes;
  if (bytes.size() != kTableFooterBytes) return Status::corruption(file, at, "table footer cut short");
  ByteReader reader(bytes);
  TableFooter footer;
  footer.properties.offset = reader.u64();
  footer.properties.size_bytes = reader.u64();
  footer.index_root.offset = reader.u64();
  footer.index_root.size_bytes = reader.u64();
  footer.filter_offset = reader.u64();
  footer.filter_bytes = reader.u64();
  footer.file_size_bytes = reader.u64();
  const uint64_t reserved = reader.u64();
  const uint64_t expected = block_checksum(uuid, at, BlockKind::kFooter, bytes.substr(0, reader.offset()));
  const uint64_t got = reader.u64();
  if (reader.rest() != Slice(kTableEndMagic, kTableMagicBytes)) {
    return Status::corruption(file, at, "wrong footer magic: the table was not finished, or was cut");
  }
  if (expected != got) {
    return Status::corruption(file, at, "footer checksum, expected " + hex(expected) + ", got " + hex(got));
  }
  if (footer.file_size_bytes != file_size_bytes) {
    return Status::corruption(file, at,
                              "file size, expected " + std::to_string(footer.file_size_bytes) + ", got " +
                                  std::to_string(file_size_bytes));
  }
  const bool filter_within =
      footer.filter_bytes == 0 || (footer.filter_offset >= kTableHeaderBytes && footer.filter_offset <= at &&
                                   footer.filter_bytes <= at - footer.filter_offset);
  if (reserved != 0 || !filter_within || !lies_within(footer.properties, at) ||
      !lies_within(footer.index_root, at)) {
    return Status::corruption(file, at, "footer points outside the file");
  }
  return footer;
}

}  // namespace varve::lsm
