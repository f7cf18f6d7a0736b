// Arbitrary bytes as a manifest. The first byte chooses: 0 takes the rest as the file it is; 1 first makes magic
// numbers, checksums and the chain right, frame by frame, so that what lies behind them is reached; 2 takes the rest
// as one version edit.
//
// Beyond not crashing: what is read must be a state that can be written and read back as itself.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "lsm/manifest/manifest.h"

namespace varve::lsm {
namespace {

constexpr size_t kMaxInputBytes = 256 << 10;

void check_state(const ManifestState& state) {
  ManifestState again;
  fuzz::reached(hash64(state.snapshot().encode()));
  const auto decoded = VersionEdit::decode(state.snapshot().encode());
  CHECK(decoded.ok());
  CHECK(again.apply(*decoded).ok());
  CHECK(again.trees.size() <= state.trees.size());  // a tree without files and flushes is not written
  for (const auto& [id, record] : again.trees) CHECK(record == state.trees.at(id));
  CHECK(again.attributes == state.attributes);
  CHECK(again.next_file == state.next_file);
}

void read_file(const std::string& bytes) {
  const auto read = decode_manifest(manifest_file_name(1), bytes);
  if (!read.ok()) {
    CHECK(read.code() == ErrorCode::kCorruption || read.code() == ErrorCode::kUnsupported);
    CHECK(read.status().message().find("offset") != std::string::npos);
    return;
  }
  CHECK(read->end_offset <= bytes.size());
  CHECK(read->state.check_levels().ok());
  check_state(read->state);
}

// Keeps the lengths and payloads that the input has.
std::string repaired(Slice input) {
  Superblock superblock;
  superblock.number = 1;
  superblock.first_edit = 1;
  std::string out = superblock.encode(0) + superblock.encode(1);
  uint64_t chain = superblock.chain_hash();
  uint64_t edit = 1;
  size_t at = kManifestFirstFrame;
  while (at + kFrameHeaderBytes <= input.size()) {
    const uint64_t room = input.size() - at - kFrameHeaderBytes;
    const uint64_t payload = std::min<uint64_t>(load_little<uint32_t>(input.data() + at + 4), room);
    out += encode_frame(superblock.file_uuid, out.size(), edit++, chain,
                        input.substr(at + kFrameHeaderBytes, payload), &chain);
    at += padded_frame_bytes(payload);
  }
  return out;
}

void read_edit(Slice bytes) {
  const auto edit = VersionEdit::decode(bytes);
  if (!edit.ok()) return;
  const auto again = VersionEdit::decode(edit->encode());
  CHECK(again.ok());
  ManifestState state;
  if (!state.apply(*edit).ok()) return;
  if (state.check_levels().ok()) check_state(state);
}

}  // namespace
}  // namespace varve::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > varve::lsm::kMaxInputBytes) return 0;
  const varve::Slice input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      varve::lsm::read_file(std::string(input));
      break;
    case 1:
      varve::lsm::read_file(varve::lsm::repaired(input));
      break;
    default:
      varve::lsm::read_edit(input);
      break;
  }
  return 0;
}
