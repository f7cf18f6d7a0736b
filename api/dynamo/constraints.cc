#include "api/dynamo/constraints.h"

#include <algorithm>

namespace varve::api::dynamo {
namespace {

constexpr Slice kNamePattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

Failure check_name(Slice name, Slice path, int64_t shortest) {
  VARVE_RETURN_IF_FAILED(check_length(name, path, shortest, 255));
  if (!std::all_of(name.begin(), name.end(), is_name_character))
    return constraint_error(name, path, kNamePattern);
  return std::nullopt;
}

// Splits one ':'-ended part off the front.
Slice take_part(Slice* rest) {
  const size_t colon = rest->find(':');
  const Slice part = rest->substr(0, colon);
  rest->remove_prefix(colon == Slice::npos ? rest->size() : colon + 1);
  return part;
}

Outcome<Slice> table_name_of_arn(Slice arn, Slice path) {
  const auto invalid = [&](Slice what) {
    return validation_error("1 validation error detected: Invalid " + std::string(what) + " in '" +
                            std::string(arn) + "'");
  };
  if (arn.size() > 1024) return constraint_error(arn, path, max_length(1024));
  Slice rest = arn;
  take_part(&rest);  // "arn"
  if (take_part(&rest) != "aws") return invalid("AWS partition");
  if (take_part(&rest) != "dynamodb") return invalid("AWS service");
  if (take_part(&rest) != kRegion) return invalid("AWS region");
  const Slice account = take_part(&rest);
  if (!rest.starts_with("table/")) return invalid("resource type");
  const Slice name = rest.substr(6);
  VARVE_RETURN_IF_FAILED(check_name(name, path, 1));
  if (account != kAccount) {
    return Error{ErrorType::kAccessDenied,
                 "The table " + std::string(arn) + " belongs to another account: this store holds account " +
                     std::string(kAccount),
                 {}};
  }
  return name;
}

}  // namespace

Error constraint_error(Slice value, Slice path, Slice constraint) {
  std::string text = "1 validation error detected: Value '";
  text.append(value)
      .append("' at '")
      .append(path)
      .append("' failed to satisfy constraint: ")
      .append(constraint);
  return validation_error(std::move(text));
}

Error missing_member(Slice path) {
  std::string text = "1 validation error detected: Value null at '";
  text.append(path).append("' failed to satisfy constraint: Member must not be null");
  return validation_error(std::move(text));
}

Error joined_violations(std::span<const Error> violations) {
  constexpr Slice kLead = "1 validation error detected: ";
  if (violations.size() == 1) return violations.front();
  std::string text = std::to_string(violations.size()) + " validation errors detected: ";
  for (size_t i = 0; i < violations.size(); ++i) {
    const Slice message = violations[i].message;
    if (!message.starts_with(kLead)) return violations.front();
    if (i > 0) text += "; ";
    text += message.substr(kLead.size());
  }
  return validation_error(std::move(text));
}

std::string enum_constraint(std::span<const Slice> values) {
  std::string text = "Member must satisfy enum value set: [";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ", ";
    text += values[i];
  }
  return text + "]";
}

std::string min_length(int64_t bound) {
  return "Member must have length greater than or equal to " + std::to_string(bound);
}
std::string max_length(int64_t bound) {
  return "Member must have length less than or equal to " + std::to_string(bound);
}
Failure check_length(Slice text, Slice path, int64_t least, int64_t most) {
  const auto length = static_cast<int64_t>(text.size());
  if (length < least) return constraint_error(text, path, min_length(least));
  if (length > most) return constraint_error(text, path, max_length(most));
  return std::nullopt;
}
std::string min_value(int64_t bound) {
  return "Member must have value greater than or equal to " + std::to_string(bound);
}
std::string max_value(int64_t bound) {
  return "Member must have value less than or equal to " + std::to_string(bound);
}

Outcome<Slice> table_name(Slice name_or_arn, TableNameUse use, Slice path) {
  if (name_or_arn.starts_with("arn:")) return table_name_of_arn(name_or_arn, path);
  const int64_t shortest = use == TableNameUse::kDefinition && !name_or_arn.empty() ? 3 : 1;
  VARVE_RETURN_IF_FAILED(check_name(name_or_arn, path, shortest));
  return name_or_arn;
}

Failure check_index_name(Slice name, Slice path) { return check_name(name, path, 3); }

Failure check_start_table_name(Slice name) { return check_name(name, "exclusiveStartTableName", 3); }

Outcome<size_t> limit_of(const std::optional<int64_t>& limit, int64_t most) {
  const int64_t wanted = limit.value_or(most);
  if (wanted < 1) return constraint_error(std::to_string(wanted), "limit", min_value(1));
  if (wanted > most) return constraint_error(std::to_string(wanted), "limit", max_value(most));
  return static_cast<size_t>(wanted);
}

std::string table_arn(Slice table) {
  std::string arn = "arn:aws:dynamodb:";
  arn.append(kRegion).append(":").append(kAccount).append(":table/").append(table);
  return arn;
}

}  // namespace varve::api::dynamo
