// ListTagsOfResource, TagResource, UntagResource: up to 50 tags a table.
#include <algorithm>

#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/table_settings.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxTags = 50;
constexpr size_t kMaxKeyCharacters = 128;
constexpr size_t kMaxValueCharacters = 256;
// Besides letters, digits and spaces of any script: bytes of UTF-8 beyond ASCII are taken for these.
constexpr Slice kTagPunctuation = "_.:/=+-@";

// Lengths count characters, not bytes.
size_t characters(Slice text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// A missing table in the words of these operations.
Outcome<TableRef> in_words_of_tags(Outcome<TableRef> outcome, const std::string& arn) {
  if (!outcome.ok() && outcome.error().type == ErrorType::kResourceNotFound) return resource_missing(arn);
  return outcome;
}

bool are_tag_characters(Slice text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || c == ' ' || (c & 0x80) != 0 || kTagPunctuation.find(c) != Slice::npos;
  });
}

// position: the tag's place in the request, from 1.
Failure check_tag_lengths(const Tag& tag, size_t position) {
  const std::string member = "tags." + std::to_string(position) + ".member.";
  if (tag.key.empty()) return constraint_error(tag.key, member + "key", min_length(1));
  if (characters(tag.key) > kMaxKeyCharacters)
    return constraint_error(tag.key, member + "key", max_length(kMaxKeyCharacters));
  if (characters(tag.value) > kMaxValueCharacters)
    return constraint_error(tag.value, member + "value", max_length(kMaxValueCharacters));
  return std::nullopt;
}

}  // namespace

Outcome<Resource> resource_of(const std::string& arn) {
  constexpr Slice kService = "arn:aws:dynamodb:";
  constexpr Slice kTable = ":table/";
  constexpr Slice kStream = "/stream/";
  if (arn.empty()) return constraint_error(arn, "resourceArn", min_length(1));
  if (!arn.starts_with("arn:")) return invalid_parameter("ARNs must start with 'arn:': " + arn);
  if (!arn.starts_with(kService)) {
    return invalid_parameter("Provided Arn is not a DynamoDB resource arn: " + arn);
  }
  const Slice whole = arn;
  const size_t table = whole.find(kTable);
  const size_t slash = table == Slice::npos ? Slice::npos : whole.find('/', table + kTable.size());
  Resource resource;
  if (slash != Slice::npos && whole.substr(slash).starts_with(kStream))
    resource.stream_label = whole.substr(slash + kStream.size());
  const bool is_whole = slash == Slice::npos || resource.is_stream();
  if (table == Slice::npos || table + kTable.size() == std::min(slash, whole.size()) || !is_whole) {
    return invalid_parameter(
        "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + arn);
  }
  const Slice region = whole.substr(kService.size());
  if (!region.starts_with(std::string(kRegion) + ":")) {
    return Error{ErrorType::kAccessDenied,
                 "The resource " + arn + " is not of this region: this store is in " + std::string(kRegion),
                 {}};
  }
  VARVE_ASSIGN_OR_FAIL(resource.table, table_name(whole.substr(0, slash), TableNameUse::kExisting));
  return resource;
}

Failure check_stream_is_there(const Context& context, const Resource& stream, const std::string& arn) {
  if (context.streams->view(stream.table, stream.stream_label)) return std::nullopt;
  return resource_missing(arn);
}

Error resource_missing(const std::string& arn) {
  return {
      ErrorType::kResourceNotFound, "Requested resource not found: ResourcArn: " + arn + " not found", {}};
}

Failure check_tags(const std::vector<Tag>& tags) {
  if (tags.empty()) return validation_error("Atleast one Tag needs to be provided as Input.");
  for (size_t i = 0; i < tags.size(); ++i) VARVE_RETURN_IF_FAILED(check_tag_lengths(tags[i], i + 1));
  std::vector<std::string> keys;
  keys.reserve(tags.size());
  for (const Tag& tag : tags) {
    if (!are_tag_characters(tag.key)) {
      return validation_error("The Tag Key provided is invalid, Key: " + tag.key);
    }
    if (!are_tag_characters(tag.value)) {
      return validation_error("The Tag Value provided is invalid, Value: " + tag.value);
    }
    if (tag.key.starts_with("aws:")) {
      return validation_error("Tag Key cannot be prefixed with aws:, Key: " + tag.key);
    }
    keys.push_back(tag.key);
  }
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) {
    return validation_error("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + *twice);
  }
  if (tags.size() > kMaxTags)
    return validation_error("Number of Tags exceed the current limit for the provided ResourceArn");
  return std::nullopt;
}

Outcome<std::vector<Tag>> list_tags(const Context& context, const std::string& resource_arn) {
  VARVE_ASSIGN_OR_FAIL(const Resource resource, resource_of(resource_arn));
  if (resource.is_stream()) {
    VARVE_RETURN_IF_FAILED(check_stream_is_there(context, resource, resource_arn));
    return std::vector<Tag>();
  }
  const TableRef table = context.catalog->find(resource.table);
  if (!table) return resource_missing(resource_arn);
  return table->tags;
}

Failure tag_resource(const Context& context, const std::string& resource_arn, const std::vector<Tag>& tags) {
  const auto change = [&](Table* table) -> Failure {
    VARVE_RETURN_IF_FAILED(check_changeable(*table));
    std::vector<Tag> all = table->tags;
    for (const Tag& tag : tags) {
      const auto same =
          std::find_if(all.begin(), all.end(), [&](const Tag& old) { return old.key == tag.key; });
      if (same != all.end()) {
        same->value = tag.value;
      } else {
        all.push_back(tag);
      }
    }
    VARVE_RETURN_IF_FAILED(check_tags(all));
    table->tags = std::move(all);
    return std::nullopt;
  };
  const auto resource = resource_of(resource_arn);
  if (!resource.ok()) return resource.error();
  VARVE_RETURN_IF_FAILED(check_tags(tags));
  if (resource->is_stream()) {
    VARVE_RETURN_IF_FAILED(check_stream_is_there(context, *resource, resource_arn));
    return unsupported_member("A tag of a stream");
  }
  const auto changed = in_words_of_tags(context.catalog->amend(resource->table, change), resource_arn);
  return changed.ok() ? std::nullopt : Failure(changed.error());
}

Failure untag_resource(const Context& context, const std::string& resource_arn,
                       const std::vector<std::string>& keys) {
  const auto change = [&](Table* table) -> Failure {
    VARVE_RETURN_IF_FAILED(check_changeable(*table));
    std::erase_if(table->tags,
                  [&](const Tag& tag) { return std::find(keys.begin(), keys.end(), tag.key) != keys.end(); });
    return std::nullopt;
  };
  const auto resource = resource_of(resource_arn);
  if (!resource.ok()) return resource.error();
  if (keys.empty()) return validation_error("Atleast one Tag Key needs to be provided as Input.");
  if (resource->is_stream()) return check_stream_is_there(context, *resource, resource_arn);
  const auto changed = in_words_of_tags(context.catalog->amend(resource->table, change), resource_arn);
  return changed.ok() ? std::nullopt : Failure(changed.error());
}

}  // namespace varve::api::dynamo
