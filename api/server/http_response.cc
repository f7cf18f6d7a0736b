#include "api/server/http_response.h"

#include <zlib.h>

#include <cstdio>

#include "base/io/clock.h"

namespace varve::api {
namespace {

// RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(uint64_t second) {
  static constexpr const char* kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr const char* kMonths[] = {"Mar", "Apr", "May", "Jun", "Jul", "Aug",
                                            "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"};
  const uint64_t days = second / 86400;
  // Civil date from days since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms"): years start in March.
  const uint64_t shifted = days + 719468;
  const uint64_t era = shifted / 146097;
  const uint64_t day_of_era = shifted % 146097;
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t month = (5 * day_of_year + 2) / 153;  // 0 is March
  const uint64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  const uint64_t year = era * 400 + year_of_era + (month >= 10 ? 1 : 0);
  char text[64];
  std::snprintf(text, sizeof(text), "%s, %02u %s %04u %02u:%02u:%02u GMT", kDays[days % 7],
                static_cast<unsigned>(day), kMonths[month], static_cast<unsigned>(year),
                static_cast<unsigned>(second / 3600 % 24), static_cast<unsigned>(second / 60 % 60),
                static_cast<unsigned>(second % 60));
  return text;
}

}  // namespace

Slice reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::string service_error_body(Slice type, Slice message) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string body = "{\"__type\":\"";
  if (type.find('#') == Slice::npos) body.append("com.amazon.coral.service#");
  body.append(type).append("\",\"message\":\"");
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      body.append("\\u00").append({kDigits[byte >> 4], kDigits[byte & 15]});
    } else {
      if (c == '"' || c == '\\') body.push_back('\\');
      body.push_back(c);
    }
  }
  return body.append("\"}");
}

std::string ResponseWriter::request_id() {
  static constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string id(52, '0');
  for (size_t i = 0; i < id.size(); i += 4) {
    uint64_t bits = random_.below(uint64_t{36} * 36 * 36 * 36);
    for (size_t j = 0; j < 4; ++j) {
      id[i + j] = kDigits[bits % 36];
      bits /= 36;
    }
  }
  return id;
}

// One formatting a second.
Slice ResponseWriter::date() {
  const uint64_t second = io::wall_us() / 1'000'000;
  if (second != date_second_ || date_.empty()) {
    date_ = http_date(second);
    date_second_ = second;
  }
  return date_;
}

std::string ResponseWriter::head(const HttpResponse& response, bool keep_alive, int minor_version) {
  const Slice body = response.body;
  std::string out;
  out.reserve(320 + response.extra_fields.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\nServer: Server\r\nDate: ").append(date());
  if (!response.content_type.empty()) out.append("\r\nContent-Type: ").append(response.content_type);
  out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  if (!keep_alive) {
    out.append("\r\nConnection: close");
  } else if (minor_version == 0) {
    out.append("\r\nConnection: keep-alive");
  }
  out.append("\r\nx-amzn-RequestId: ").append(request_id());
  if (response.coding == ContentCoding::kIdentity) {
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    out.append("\r\nx-amz-crc32: ").append(std::to_string(crc));
  } else {
    out.append("\r\nContent-Encoding: ").append(coding_name(response.coding));
  }
  out.append("\r\n").append(response.extra_fields).append("\r\n");
  return out;
}

}  // namespace varve::api
