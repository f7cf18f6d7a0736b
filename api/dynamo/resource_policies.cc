// PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: one JSON document a table, stored as it came. Nothing here evaluates
// it: whoever may sign a request may do everything.
#include "api/dynamo/operations.h"
#include "api/dynamo/table_settings.h"
#include "api/json/document.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxPolicyBytes = 20'480;

Error policy_missing(const std::string& arn) {
  return {
      ErrorType::kPolicyNotFound, "Resource-based policy not found for the provided ResourceArn: " + arn, {}};
}

Error other_revision(const std::string& arn, const std::string& expected) {
  return {ErrorType::kPolicyNotFound,
          "Resource-based policy not found for the provided ResourceArn: " + arn +
              ", ExpectedRevisionId: " + expected,
          {}};
}

// The expected revision is the stored one; without an expectation, anything will do.
Failure check_revision(const std::string& arn, const std::optional<std::string>& expected,
                       const std::optional<ResourcePolicy>& policy) {
  if (!expected) return std::nullopt;
  const bool met = *expected == kNoPolicy ? !policy : policy && policy->revision_id == *expected;
  if (met) return std::nullopt;
  return other_revision(arn, *expected);
}

Outcome<TableRef> in_words_of_resources(Outcome<TableRef> outcome, const std::string& arn) {
  if (!outcome.ok() && outcome.error().type == ErrorType::kResourceNotFound) return resource_missing(arn);
  return outcome;
}

}  // namespace

Outcome<ResourcePolicy> make_policy(const std::string& text, const std::optional<ResourcePolicy>& old) {
  if (text.size() > kMaxPolicyBytes) {
    return invalid_parameter("Maximum policy size of " + std::to_string(kMaxPolicyBytes) + " bytes exceeded");
  }
  json::Document document;
  const auto parsed = document.parse(text);
  if (!parsed.ok() || !parsed->is_object()) return invalid_parameter("The policy is not a JSON object");
  // The same policy again is no new revision.
  if (old && old->text == text) return *old;
  uint64_t revision = io::wall_us();
  if (old) revision = std::max<uint64_t>(revision, std::stoull(old->revision_id) + 1);
  return ResourcePolicy{text, std::to_string(revision)};
}

Outcome<ResourcePolicy> get_resource_policy(const Context& context, const std::string& resource_arn) {
  VARVE_ASSIGN_OR_FAIL(const Resource resource, resource_of(resource_arn));
  if (resource.is_stream()) {
    VARVE_RETURN_IF_FAILED(check_stream_is_there(context, resource, resource_arn));
    return policy_missing(resource_arn);
  }
  const TableRef table = context.catalog->find(resource.table);
  if (!table) return resource_missing(resource_arn);
  if (!table->policy) return policy_missing(resource_arn);
  return *table->policy;
}

Outcome<std::string> put_resource_policy(const Context& context, const PutResourcePolicyRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Resource resource, resource_of(request.resource_arn));
  VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const ResourcePolicy checked,
                       make_policy(request.policy, std::nullopt));
  if (resource.is_stream()) {
    VARVE_RETURN_IF_FAILED(check_stream_is_there(context, resource, request.resource_arn));
    return unsupported_member("A policy of a stream");
  }
  std::string revision_id;
  const auto change = [&](Table* table) -> Failure {
    VARVE_RETURN_IF_FAILED(check_changeable(*table));
    VARVE_RETURN_IF_FAILED(check_revision(request.resource_arn, request.expected_revision_id, table->policy));
    VARVE_ASSIGN_OR_FAIL(table->policy, make_policy(request.policy, table->policy));
    revision_id = table->policy->revision_id;
    return std::nullopt;
  };
  VARVE_ASSIGN_OR_FAIL(
      [[maybe_unused]] const TableRef changed,
      in_words_of_resources(context.catalog->amend(resource.table, change), request.resource_arn));
  return revision_id;
}

Outcome<std::optional<std::string>> delete_resource_policy(const Context& context,
                                                           const DeleteResourcePolicyRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Resource resource, resource_of(request.resource_arn));
  std::optional<std::string> revision_id;
  if (resource.is_stream()) {
    VARVE_RETURN_IF_FAILED(check_stream_is_there(context, resource, request.resource_arn));
    VARVE_RETURN_IF_FAILED(check_revision(request.resource_arn, request.expected_revision_id, std::nullopt));
    return revision_id;
  }
  const auto change = [&](Table* table) -> Failure {
    VARVE_RETURN_IF_FAILED(check_changeable(*table));
    VARVE_RETURN_IF_FAILED(check_revision(request.resource_arn, request.expected_revision_id, table->policy));
    if (table->policy) revision_id = table->policy->revision_id;
    table->policy.reset();
    return std::nullopt;
  };
  VARVE_ASSIGN_OR_FAIL(
      [[maybe_unused]] const TableRef changed,
      in_words_of_resources(context.catalog->amend(resource.table, change), request.resource_arn));
  return revision_id;
}

}  // namespace varve::api::dynamo
