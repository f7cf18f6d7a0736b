#include "index/stream_record.h"

#include "base/check.h"
#include "base/coding.h"

namespace varve::index {
namespace {

constexpr uint8_t kVersion = 1;
enum Flag : uint8_t { kHasNewImage = 1, kHasOldImage = 2, kByService = 4 };
constexpr uint8_t kAllFlags = kHasNewImage | kHasOldImage | kByService;

constexpr size_t kKeyBytes = 12;
constexpr char kFirstDigit = '1';
constexpr size_t kSequenceDigits = 20;
constexpr size_t kOrdinalDigits = 5;
constexpr size_t kDigits = 1 + kSequenceDigits + kOrdinalDigits;

void append_digits(uint64_t value, size_t digits, std::string* out) {
  const std::string text = std::to_string(value);
  CHECK(text.size() <= digits);
  out->append(digits - text.size(), '0').append(text);
}

// nullopt unless all are digits and the number fits.
std::optional<uint64_t> parse_digits(Slice text) {
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

Status damaged(Slice what) { return Status::corruption("stream entry: " + std::string(what)); }

}  // namespace

StreamPosition StreamPosition::next() const {
  return ordinal == kMaxOrdinal ? StreamPosition{sequence.next(), 0} : StreamPosition{sequence, ordinal + 1};
}

std::string encode_stream_key(StreamPosition position) {
  std::string key(kKeyBytes, '\0');
  store_big64(key.data(), position.sequence.value);
  store_big32(key.data() + sizeof(uint64_t), position.ordinal);
  return key;
}

Result<StreamPosition> decode_stream_key(Slice key) {
  if (key.size() != kKeyBytes) return damaged("a key of " + std::to_string(key.size()) + " bytes");
  const StreamPosition position{SequenceNumber(load_big64(key.data())),
                                load_big32(key.data() + sizeof(uint64_t))};
  if (position.ordinal > StreamPosition::kMaxOrdinal) return damaged("ordinal");
  return position;
}

std::string sequence_number_text(StreamPosition position) {
  std::string text(1, kFirstDigit);
  append_digits(position.sequence.value, kSequenceDigits, &text);
  append_digits(position.ordinal, kOrdinalDigits, &text);
  return text;
}

std::optional<StreamPosition> parse_sequence_number(Slice text) {
  if (text.size() != kDigits || text[0] != kFirstDigit) return std::nullopt;
  const auto sequence = parse_digits(text.substr(1, kSequenceDigits));
  const auto ordinal = parse_digits(text.substr(1 + kSequenceDigits));
  if (!sequence || !ordinal || *sequence > kMaxSequence.value) return std::nullopt;
  return StreamPosition{SequenceNumber(*sequence), static_cast<uint32_t>(*ordinal)};
}

std::string encode_stream_change(const StreamChange& change) {
  std::string bytes;
  bytes.reserve(32 + change.tree_key.size() + change.new_image.size() + change.old_image.size());
  ByteWriter out(&bytes);
  out.u8(kVersion);
  out.u8(static_cast<uint8_t>(change.event));
  out.u8(static_cast<uint8_t>((change.new_image.empty() ? 0 : kHasNewImage) |
                              (change.old_image.empty() ? 0 : kHasOldImage) |
                              (change.by_service ? kByService : 0)));
  out.string(change.tree_key);
  if (!change.new_image.empty()) out.string(change.new_image);
  if (!change.old_image.empty()) out.string(change.old_image);
  return bytes;
}

Result<StreamRecord> decode_stream_record(Slice key, Slice value) {
  StreamRecord record;
  VARVE_ASSIGN_OR_RETURN(record.position, decode_stream_key(key));
  if (value.size() < sizeof(uint64_t)) return damaged("no commit time");
  record.commit_time_us = load_big64(value.data());
  ByteReader in(value.substr(sizeof(uint64_t)));
  const uint8_t version = in.u8();
  const uint8_t event = in.u8();
  const uint8_t flags = in.u8();
  if (version != kVersion) return damaged("version " + std::to_string(version));
  if (event < static_cast<uint8_t>(StreamEvent::kInsert) ||
      event > static_cast<uint8_t>(StreamEvent::kRemove)) {
    return damaged("event " + std::to_string(event));
  }
  if ((flags & ~kAllFlags) != 0) return damaged("unknown flags");
  record.change.event = static_cast<StreamEvent>(event);
  record.change.by_service = (flags & kByService) != 0;
  record.change.tree_key = in.string();
  if ((flags & kHasNewImage) != 0) record.change.new_image = in.string();
  if ((flags & kHasOldImage) != 0) record.change.old_image = in.string();
  const bool empty_image = ((flags & kHasNewImage) != 0 && record.change.new_image.empty()) ||
                           ((flags & kHasOldImage) != 0 && record.change.old_image.empty());
  if (!in.done() || empty_image) return damaged("length");
  return record;
}

}  // namespace varve::index
