#include "api/server/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "api/server/http_parser.h"
#include "base/check.h"

namespace varve::api {
namespace {

constexpr size_t kFirstOutputBytes = 4096;
// zlib's windowBits: the largest window, with its flag for the gzip format.
constexpr int kZlibWindow = 15;
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;  // zlib's default

Slice trim(Slice text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts off and answers what stands before the separator.
Slice take_until(Slice* text, char separator) {
  const size_t at = text->find(separator);
  const Slice part = text->substr(0, at);
  text->remove_prefix(at == Slice::npos ? text->size() : at + 1);
  return trim(part);
}

// "0.5" as 500 (RFC 9110 section 12.4.2). What is no weight weighs nothing.
int weight_thousandths(Slice text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int weight = (text[0] - '0') * 1000;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return 0;
  for (size_t i = 2, scale = 100; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    weight += (text[i] - '0') * static_cast<int>(scale);
  }
  return std::min(weight, 1000);
}

class Inflater {
 public:
  explicit Inflater(int window) { CHECK(inflateInit2(&stream_, window) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream* operator->() { return &stream_; }
  int run() { return inflate(&stream_, Z_NO_FLUSH); }
  void next_member() { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

}  // namespace

Slice coding_name(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kDeflate:
      return "deflate";
    case ContentCoding::kIdentity:
      break;
  }
  return "identity";
}

std::optional<ContentCoding> parse_content_coding(Slice content_encoding) {
  const Slice name = trim(content_encoding);
  if (name.empty() || equals_ignoring_case(name, "identity")) return ContentCoding::kIdentity;
  // RFC 9110 section 8.4.1.3: the old name means the same.
  if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) return ContentCoding::kGzip;
  if (equals_ignoring_case(name, "deflate")) return ContentCoding::kDeflate;
  return std::nullopt;
}

ContentCoding offered_coding(Slice accept_encoding) {
  int gzip = 0, deflate = 0;
  while (!accept_encoding.empty()) {
    Slice offer = take_until(&accept_encoding, ',');
    const auto coding = parse_content_coding(take_until(&offer, ';'));
    int weight = 1000;
    while (!offer.empty()) {
      const Slice parameter = take_until(&offer, ';');
      if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
        weight = weight_thousandths(parameter.substr(2));
      }
    }
    if (coding == ContentCoding::kGzip) gzip = weight;
    if (coding == ContentCoding::kDeflate) deflate = weight;
  }
  if (gzip == 0 && deflate == 0) return ContentCoding::kIdentity;
  return gzip >= deflate ? ContentCoding::kGzip : ContentCoding::kDeflate;
}

DecodeError decode_body(ContentCoding coding, Slice encoded, size_t max_decoded_bytes, std::string* decoded) {
  CHECK(encoded.size() <= std::numeric_limits<uInt>::max());
  decoded->clear();
  if (coding == ContentCoding::kIdentity) {
    if (encoded.size() > max_decoded_bytes) return DecodeError::kTooLarge;
    decoded->assign(encoded);
    return DecodeError::kNone;
  }
  const auto fail = [decoded](DecodeError error) {
    std::string().swap(*decoded);
    return error;
  };
  Inflater inflater(coding == ContentCoding::kGzip ? kGzipWindow : kZlibWindow);
  // zlib reads through a pointer to non-const for the sake of old compilers.
  inflater->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(encoded.data()));
  inflater->avail_in = static_cast<uInt>(encoded.size());
  size_t size = 0;
  for (;;) {
    // One byte beyond the limit is room enough to learn that there is one.
    if (size == decoded->size()) {
      decoded->resize(std::min(std::max(kFirstOutputBytes, size * 2), max_decoded_bytes + 1));
    }
    const size_t room = decoded->size() - size;
    inflater->next_out = reinterpret_cast<Bytef*>(decoded->data() + size);
    inflater->avail_out = static_cast<uInt>(room);
    const int result = inflater.run();
    size += room - inflater->avail_out;
    if (size > max_decoded_bytes) return fail(DecodeError::kTooLarge);
    if (result == Z_STREAM_END) {
      if (inflater->avail_in == 0) break;
      if (coding != ContentCoding::kGzip) return fail(DecodeError::kDamaged);
      inflater.next_member();
    } else if (result != Z_OK || (inflater->avail_in == 0 && inflater->avail_out > 0)) {
      // A bad byte, or an end before the checksum.
      return fail(DecodeError::kDamaged);
    }
  }
  decoded->resize(size);
  return DecodeError::kNone;
}

ContentCoding encode_body(ContentCoding coding, std::string* body) {
  if (coding == ContentCoding::kIdentity || body->size() <= kMaxPlainAnswerBytes ||
      body->size() > std::numeric_limits<uInt>::max()) {
    return ContentCoding::kIdentity;
  }
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED,
                     coding == ContentCoding::kGzip ? kGzipWindow : kZlibWindow, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
  // One byte less than the body: what does not fit is not worth it.
  std::string encoded(body->size() - 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(body->data());
  stream.avail_in = static_cast<uInt>(body->size());
  stream.next_out = reinterpret_cast<Bytef*>(encoded.data());
  stream.avail_out = static_cast<uInt>(encoded.size());
  const int result = deflate(&stream, Z_FINISH);
  encoded.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return ContentCoding::kIdentity;
  // The room that the encoding did not need goes back.
  encoded.shrink_to_fit();
  *body = std::move(encoded);
  return coding;
}

}  // namespace varve::api
