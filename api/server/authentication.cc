#include "api/server/authentication.h"

#include <algorithm>
#include <array>

namespace varve::api {
namespace {

constexpr Slice kMissing = "MissingAuthenticationTokenException";
constexpr Slice kIncomplete = "IncompleteSignatureException";
constexpr Slice kInvalid = "InvalidSignatureException";
constexpr Slice kAlgorithm = "AWS4-HMAC-SHA256";

// What a signature says of itself, wherever it stands.
struct Signature {
  Slice algorithm;
  std::string credential, date;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "20260131T235959Z": the form alone.
bool is_basic_iso_8601(Slice text) {
  static constexpr Slice kForm = "########T######Z";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(),
                    [](char c, char form) { return form == '#' ? is_digit(c) : c == form; });
}

// The values of `names` among "name=value" parts, the first of each; empty where it is not there. One pass: this runs for
// every request.
template <size_t kCount>
std::array<Slice, kCount> parameters(Slice parts, bool (*separates)(char),
                                     const std::array<Slice, kCount>& names) {
  std::array<Slice, kCount> values;
  for (const char *at = parts.begin(), *end = nullptr; at < parts.end(); at = end + 1) {
    end = std::find_if(at, parts.end(), separates);
    const Slice part(at, static_cast<size_t>(end - at));
    for (size_t i = 0; i < kCount; ++i) {
      const Slice name = names[i];
      if (values[i].data() == nullptr && part.size() > name.size() && part.starts_with(name) &&
          part[name.size()] == '=') {
        values[i] = part.substr(name.size() + 1);
      }
    }
  }
  return values;
}

bool separates_field_parts(char c) { return c == ',' || c == ' '; }
bool separates_query_parts(char c) { return c == '&'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "%2F" as "/"; what is no escape stays as it is.
std::string percent_decoded(Slice text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    out.push_back(escape ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i]);
    if (escape) i += 2;
  }
  return out;
}

Slice query_of(Slice target) {
  const size_t at = target.find('?');
  return at == Slice::npos ? Slice() : target.substr(at + 1);
}

// Whether X-Amz-Algorithm is in the query, with or without a value.
bool names_algorithm(Slice query) {
  static constexpr Slice kName = "X-Amz-Algorithm";
  while (!query.empty()) {
    const size_t end = query.find('&');
    const Slice part = query.substr(0, end);
    query.remove_prefix(end == Slice::npos ? query.size() : end + 1);
    if (part.substr(0, part.find('=')) == kName) return true;
  }
  return false;
}

std::optional<AuthenticationRefusal> read_field(const HttpParser& request, Slice field,
                                                Signature* signature) {
  static constexpr std::array<Slice, 3> kParts = {"Credential", "Signature", "SignedHeaders"};
  const auto values = parameters(field, separates_field_parts, kParts);
  std::string missing;
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (values[i].empty()) {
      missing.append("Authorization header requires '").append(kParts[i]).append("' parameter. ");
    }
  }
  const Slice date = request.field("x-amz-date").value_or(Slice());
  if (date.empty() && request.field("date").value_or(Slice()).empty()) {
    missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  }
  if (!missing.empty()) {
    return AuthenticationRefusal{kIncomplete, missing.append("Authorization=").append(field)};
  }
  signature->algorithm =
      Slice(field.begin(), std::find_if(field.begin(), field.end(), separates_field_parts));
  signature->credential = values[0];
  signature->date = date;
  return std::nullopt;
}

std::optional<AuthenticationRefusal> read_query(Slice query, Signature* signature) {
  static constexpr std::array<Slice, 5> kParts = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                                                  "X-Amz-SignedHeaders", "X-Amz-Date"};
  const auto values = parameters(query, separates_query_parts, kParts);
  std::string missing;
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (values[i].empty()) {
      missing.append("AWS query-string parameters must include '").append(kParts[i]).append("'. ");
    }
  }
  if (!missing.empty()) {
    return AuthenticationRefusal{kIncomplete, missing.append("Re-examine the query-string parameters.")};
  }
  signature->algorithm = values[0];
  signature->credential = percent_decoded(values[1]);
  signature->date = percent_decoded(values[4]);
  return std::nullopt;
}

std::optional<AuthenticationRefusal> check_form(const Signature& signature) {
  if (!signature.date.empty() && !is_basic_iso_8601(signature.date)) {
    return AuthenticationRefusal{kIncomplete, "Date must be in ISO-8601 'basic format'. Got '" +
                                                  signature.date +
                                                  "'. See http://en.wikipedia.org/wiki/ISO_8601"};
  }
  if (signature.algorithm != kAlgorithm) {
    return AuthenticationRefusal{kIncomplete, "Unsupported AWS 'algorithm': '" +
                                                  std::string(signature.algorithm) +
                                                  "' (only AWS4-HMAC-SHA256 for now). "};
  }
  Slice credential = signature.credential;
  while (credential.ends_with('/')) credential.remove_suffix(1);
  if (std::count(credential.begin(), credential.end(), '/') != 4) {
    return AuthenticationRefusal{kIncomplete,
                                 "Credential must have exactly 5 slash-delimited elements, e.g. "
                                 "keyid/date/region/service/term, got '" +
                                     signature.credential + "'"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<AuthenticationRefusal> check_authentication(const HttpParser& request) {
  const auto field = request.field("authorization");
  const Slice query = query_of(request.target());
  const bool in_query = names_algorithm(query);
  if (field && in_query) {
    return AuthenticationRefusal{
        kInvalid,
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
        "HTTP header."};
  }
  if (!in_query && (!field || !field->starts_with("AWS4-"))) {
    return AuthenticationRefusal{kMissing, "Request is missing Authentication Token"};
  }
  Signature signature;
  if (auto refusal = in_query ? read_query(query, &signature) : read_field(request, *field, &signature)) {
    return refusal;
  }
  return check_form(signature);
}

}  // namespace varve::api
