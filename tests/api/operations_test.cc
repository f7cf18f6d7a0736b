// Every operation of the two service models answers: what exists answers as DynamoDB does, and what does not says so in a way that
// tools understand.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/api/test_database.h"
#include "tests/support/scale.h"

namespace varve::api {
namespace {

// The operations of DynamoDB_20120810 and of DynamoDBStreams_20120810, as their models list them.
constexpr std::array kOperations = {
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateBackup",
    "CreateGlobalTable",
    "CreateTable",
    "DeleteBackup",
    "DeleteItem",
    "DeleteResourcePolicy",
    "DeleteTable",
    "DescribeBackup",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeEndpoints",
    "DescribeExport",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "DescribeImport",
    "DescribeKinesisStreamingDestination",
    "DescribeLimits",
    "DescribeTable",
    "DescribeTableReplicaAutoScaling",
    "DescribeTimeToLive",
    "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination",
    "ExecuteStatement",
    "ExecuteTransaction",
    "ExportTableToPointInTime",
    "GetItem",
    "GetResourcePolicy",
    "ImportTable",
    "ListBackups",
    "ListContributorInsights",
    "ListExports",
    "ListGlobalTables",
    "ListImports",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "PutResourcePolicy",
    "Query",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateGlobalTable",
    "UpdateGlobalTableSettings",
    "UpdateItem",
    "UpdateKinesisStreamingDestination",
    "UpdateTable",
    "UpdateTableReplicaAutoScaling",
    "UpdateTimeToLive",
    "Streams.DescribeStream",
    "Streams.GetRecords",
    "Streams.GetShardIterator",
    "Streams.ListStreams",
};
static_assert(kOperations.size() == 57 + 4);

// Those that answer 200 to a request without members.
const std::set<std::string> kAnswerAlways = {
    "DescribeEndpoints", "DescribeLimits", "ListBackups", "ListContributorInsights", "ListExports",
    "ListGlobalTables",  "ListImports",    "ListTables",  "Streams.ListStreams"};

constexpr Slice kCreate =
    R"({"TableName":"Tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
    R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";

void expect_an_answer(const dynamo::Response& response, const std::string& what) {
  SCOPED_TRACE(what);
  EXPECT_TRUE(response.status == 200 || response.status == 400) << response.status << ' ' << response.body;
  EXPECT_NE(response.error_type, "UnknownOperationException");
  EXPECT_EQ(response.status == 200, response.error_type.empty()) << response.body;
  if (response.status == 400) {
    EXPECT_NE(response.body.find("\"__type\":\"com.amazon"), std::string::npos) << response.body;
  }
}

TEST(Operations, EachAnswersARequestWithoutMembers) {
  with_dispatcher(1, [](dynamo::Dispatcher* dispatcher) {
    for (const std::string operation : kOperations) {
      const dynamo::Response response = call(dispatcher, operation, "{}");
      expect_an_answer(response, operation);
      EXPECT_EQ(response.status == 200, kAnswerAlways.contains(operation)) << operation << response.body;
    }
  });
}

TEST(Operations, AnUnknownNameIsRefused) {
  with_dispatcher(1, [](dynamo::Dispatcher* dispatcher) {
    for (const char* operation : {"Nope", "getItem", "GetItem.", "", "ListStreams", "Streams.GetItem"}) {
      EXPECT_EQ(call(dispatcher, operation, "{}").body,
                R"({"__type":"com.amazon.coral.service#UnknownOperationException"})")
          << operation;
    }
  });
}

TEST(Operations, ContinuousBackupsAreAlwaysDescribed) {
  with_dispatcher(1, [](dynamo::Dispatcher* dispatcher) {
    ASSERT_EQ(call(dispatcher, "CreateTable", kCreate).status, 200);
    EXPECT_EQ(call(dispatcher, "DescribeContinuousBackups", R"({"TableName":"Tab"})").status, 200);
  });
}

TEST(Operations, TheEndpointIsWhereTheRequestCameIn) {
  with_dispatcher(1, [](dynamo::Dispatcher* dispatcher) {
    std::string body;
    dispatcher->handle(
        "DynamoDB_20120810.DescribeEndpoints", "{}", [&](const dynamo::Response& r) { body = r.body; },
        "db.example:81");
    EXPECT_EQ(body, R"({"Endpoints":[{"Address":"db.example:81","CachePeriodInMinutes":1440}]})");
  });
}

// Every member name that any request of the models has, so that random requests get past the first check.
std::vector<std::string> member_names() {
  return {"AttributeDefinitions",
          "AttributesToGet",
          "AttributeUpdates",
          "BackupArn",
          "BackupName",
          "BillingMode",
          "ClientRequestToken",
          "ConditionExpression",
          "ConditionalOperator",
          "ConsistentRead",
          "ContributorInsightsAction",
          "DeletionProtectionEnabled",
          "ExclusiveStartKey",
          "ExclusiveStartTableName",
          "Expected",
          "ExpectedRevisionId",
          "ExportArn",
          "ExpressionAttributeNames",
          "ExpressionAttributeValues",
          "FilterExpression",
          "GlobalTableName",
          "GlobalSecondaryIndexes",
          "ImportArn",
          "IndexName",
          "InputFormat",
          "Item",
          "Key",
          "KeyConditionExpression",
          "KeyConditions",
          "KeySchema",
          "Limit",
          "MaxResults",
          "NextToken",
          "OnDemandThroughput",
          "PageSize",
          "Parameters",
          "PointInTimeRecoverySpecification",
          "Policy",
          "ProjectionExpression",
          "ProvisionedThroughput",
          "QueryFilter",
          "ReplicaUpdates",
          "RequestItems",
          "ResourceArn",
          "ResourcePolicy",
          "RestoreDateTime",
          "ReturnConsumedCapacity",
          "ReturnValues",
          "S3Bucket",
          "S3BucketSource",
          "ScanFilter",
          "ScanIndexForward",
          "Segment",
          "SequenceNumber",
          "ShardFilter",
          "ShardId",
          "ShardIterator",
          "ShardIteratorType",
          "Select",
          "SourceTableArn",
          "SourceTableName",
          "SSESpecification",
          "Statement",
          "Statements",
          "StreamArn",
          "StreamSpecification",
          "TableArn",
          "TableClass",
          "TableCreationParameters",
          "TableName",
          "TagKeys",
          "Tags",
          "TargetTableName",
          "TimeRangeLowerBound",
          "TimeToLiveSpecification",
          "TotalSegments",
          "TransactItems",
          "TransactStatements",
          "UpdateExpression",
          "UseLatestRestorableTime",
          "WarmThroughput"};
}

std::string random_json(std::mt19937_64* random, int depth) {
  static const std::vector<std::string> kScalars = {
      "null",
      "true",
      "false",
      "0",
      "-1",
      "1.5",
      "1e400",
      "99999999999999999999",
      "\"\"",
      "\"Tab\"",
      "\"pk = :v\"",
      "\"SET a = :v\"",
      "\"SELECT * FROM Tab\"",
      "\"/**/SELECT * FROM Tab WHERE pk = 'a'\"",
      "[{\"Statement\":\"EXISTS(SELECT * FROM Tab WHERE pk = 'a')\"}]",
      "[{\"Statement\":\"--\\nSELECT * FROM Tab WHERE pk = 'a'\"}]",
      "\"ENABLE\"",
      "\"HASH\"",
      "\"arn:aws:dynamodb:us-east-1:000000000000:table/Tab\"",
      "{\"S\":\"a\"}",
      "{\"N\":\"1\"}",
      "{\"pk\":{\"S\":\"a\"}}",
      "{\":v\":{\"N\":\"1\"}}",
      "[]",
      "{}"};
  const uint64_t kind = (*random)() % 10;
  if (depth == 0 || kind < 6) return kScalars[(*random)() % kScalars.size()];
  std::string text;
  for (uint64_t left = (*random)() % 4; left > 0; --left) {
    if (!text.empty()) text += ',';
    if (kind < 8) {
      static const std::vector<std::string> kNames = member_names();
      text += '"' + kNames[(*random)() % kNames.size()] + "\":";
    }
    text += random_json(random, depth - 1);
  }
  return kind < 8 ? "{" + text + "}" : "[" + text + "]";
}

TEST(Operations, EachAnswersRandomMembers) {
  const uint64_t seed = first_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> names = member_names();
  with_dispatcher(seed, [&](dynamo::Dispatcher* dispatcher) {
    ASSERT_EQ(call(dispatcher, "CreateTable", kCreate).status, 200);
    for (uint64_t left = scaled(40); left > 0; --left) {
      for (const std::string operation : kOperations) {
        std::string body = random() % 4 == 0 ? "{" : R"({"TableName":"Tab",)";
        for (const std::string& name : names) {
          if (random() % 3 == 0) body += '"' + name + "\":" + random_json(&random, 3) + ',';
        }
        body.back() = body.size() == 1 ? '{' : '}';
        if (body == "{") body = "{}";
        expect_an_answer(call(dispatcher, operation, body), operation + " " + body);
      }
    }
  });
}

}  // namespace
}  // namespace varve::api
