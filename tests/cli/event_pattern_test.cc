#include "api/cli/event_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace varve::api {
namespace {

constexpr char kRecord[] = R"({
  "eventID": "1", "eventName": "MODIFY", "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:dynamodb:x",
  "dynamodb": {
    "ApproximateCreationDateTime": 1767225600.5, "SizeBytes": 26,
    "Keys": {"pk": {"S": "user#7"}},
    "NewImage": {
      "pk": {"S": "user#7"}, "price": {"N": "12.50"}, "big": {"N": "123456789012345678901234567890"}, "paid": {"BOOL": true},
      "note": {"NULL": true}, "tags": {"SS": ["red", "Blue"]}, "sizes": {"NS": ["1", "30"]}, "empty": {"S": ""},
      "lines": {"L": [{"M": {"sku": {"S": "a"}}}, {"M": {"sku": {"S": "b"}}}]}
    }
  }
})";

bool matches(const std::string& pattern, const std::string& record = kRecord) {
  const auto parsed = EventPattern::parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern << ": " << parsed.status().to_string();
  json::Document document;
  const auto root = document.parse(record);
  EXPECT_TRUE(root.ok());
  return parsed.ok() && parsed->matches(*root);
}

// A pattern on one attribute of the new image.
bool image(const std::string& attribute, const std::string& type, const std::string& rules) {
  return matches(R"({"dynamodb":{"NewImage":{")" + attribute + R"(":{")" + type + R"(":)" + rules + "}}}}");
}

std::string refusal(const std::string& pattern) {
  const auto parsed = EventPattern::parse(pattern);
  return parsed.ok() ? "accepted" : parsed.status().message();
}

TEST(EventPattern, ValuesAreAlternativesAndMembersAreConditions) {
  EXPECT_TRUE(matches(R"({"eventName":["INSERT","MODIFY"]})"));
  EXPECT_FALSE(matches(R"({"eventName":["INSERT","REMOVE"]})"));
  EXPECT_FALSE(matches(R"({"eventName":["modify"]})"));
  EXPECT_TRUE(matches(R"({"eventName":["MODIFY"],"awsRegion":["us-east-1"]})"));
  EXPECT_FALSE(matches(R"({"eventName":["MODIFY"],"awsRegion":["us-east-2"]})"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"Keys":{"pk":{"S":["user#7"]}}}})"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"SizeBytes":[26]}})"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"SizeBytes":[26.0]}})"));
  EXPECT_FALSE(matches(R"({"dynamodb":{"SizeBytes":["26"]}})"));
  EXPECT_TRUE(image("paid", "BOOL", "[true]"));
  EXPECT_FALSE(image("paid", "BOOL", "[false]"));
  EXPECT_TRUE(image("empty", "S", R"([""])"));
  EXPECT_FALSE(image("empty", "S", "[null]"));
  EXPECT_FALSE(image("absent", "S", R"([""])"));
  EXPECT_FALSE(image("absent", "S", "[null]"));
  EXPECT_TRUE(matches(R"({"a":[null]})", R"({"a":null})"));
}

TEST(EventPattern, OperatorsOnStrings) {
  EXPECT_TRUE(image("pk", "S", R"([{"prefix":"user#"}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"prefix":"User#"}])"));
  EXPECT_TRUE(image("pk", "S", R"([{"prefix":{"equals-ignore-case":"USER"}}])"));
  EXPECT_TRUE(image("pk", "S", R"([{"suffix":"7"}])"));
  EXPECT_TRUE(image("pk", "S", R"([{"suffix":{"equals-ignore-case":"R#7"}}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"suffix":"8"}])"));
  EXPECT_TRUE(image("pk", "S", R"([{"equals-ignore-case":"USER#7"}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"equals-ignore-case":"USER#"}])"));
  EXPECT_TRUE(image("pk", "S", R"(["other",{"prefix":"nothing"},{"suffix":"#7"}])"));
  EXPECT_FALSE(image("paid", "BOOL", R"([{"prefix":"t"}])"));
}

TEST(EventPattern, AnythingBut) {
  EXPECT_FALSE(matches(R"({"eventName":[{"anything-but":"MODIFY"}]})"));
  EXPECT_TRUE(matches(R"({"eventName":[{"anything-but":"INSERT"}]})"));
  EXPECT_FALSE(matches(R"({"eventName":[{"anything-but":["INSERT","MODIFY"]}]})"));
  EXPECT_FALSE(matches(R"({"dynamodb":{"SizeBytes":[{"anything-but":26}]}})"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"SizeBytes":[{"anything-but":[1,"26"]}]}})"));
  EXPECT_FALSE(image("pk", "S", R"([{"anything-but":{"prefix":"user"}}])"));
  EXPECT_TRUE(image("pk", "S", R"([{"anything-but":{"prefix":["a","b"]}}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"anything-but":{"suffix":["7","8"]}}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"anything-but":{"equals-ignore-case":"USER#7"}}])"));
  EXPECT_FALSE(image("absent", "S", R"([{"anything-but":"x"}])"));
}

TEST(EventPattern, NumbersAreComparedExactlyAlsoWhereDynamoDbWritesTexts) {
  EXPECT_TRUE(image("price", "N", R"([{"numeric":["=",12.5]}])"));
  EXPECT_TRUE(image("price", "N", R"([{"numeric":[">",12,"<=",12.5]}])"));
  EXPECT_FALSE(image("price", "N", R"([{"numeric":[">",12,"<",12.5]}])"));
  EXPECT_FALSE(image("price", "N", R"([{"numeric":["<",3]}])")) << "not as text";
  EXPECT_TRUE(image("price", "N", R"([{"numeric":[">=",-5]}])"));
  EXPECT_TRUE(image("big", "N", R"([{"numeric":[">",1e29]}])"));
  EXPECT_FALSE(image("big", "N", R"([{"numeric":[">",1e30]}])"));
  EXPECT_TRUE(image("sizes", "NS", R"([{"numeric":[">",20]}])"));
  EXPECT_FALSE(image("pk", "S", R"([{"numeric":[">",0]}])"));
  EXPECT_FALSE(image("price", "N", R"(["12.5"])")) << "equality is of the text";
  EXPECT_TRUE(image("price", "N", R"(["12.50"])"));
  EXPECT_TRUE(matches(
      R"({"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",1767225600,"<",1767225601]}]}})"));
}

TEST(EventPattern, Exists) {
  EXPECT_TRUE(image("price", "N", R"([{"exists":true}])"));
  EXPECT_FALSE(image("price", "N", R"([{"exists":false}])"));
  EXPECT_TRUE(image("absent", "S", R"([{"exists":false}])"));
  EXPECT_TRUE(image("price", "S", R"([{"exists":false}])"));
  EXPECT_FALSE(image("absent", "S", R"([{"exists":true}])"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"OldImage":[{"exists":false}]}})"));
  EXPECT_TRUE(matches(R"({"dynamodb":{"NewImage":[{"exists":true}]}})"));
  EXPECT_TRUE(matches(R"({"userIdentity":{"type":[{"exists":false}]}})"));
  EXPECT_TRUE(image("empty", "S", R"(["x",{"exists":true}])"));
}

TEST(EventPattern, AnElementOfAnArrayIsEnough) {
  EXPECT_TRUE(image("tags", "SS", R"(["red"])"));
  EXPECT_FALSE(image("tags", "SS", R"(["blue"])"));
  EXPECT_TRUE(image("tags", "SS", R"([{"equals-ignore-case":"blue"}])"));
  EXPECT_TRUE(image("lines", "L", R"({"M":{"sku":{"S":["b"]}}})"));
  EXPECT_FALSE(image("lines", "L", R"({"M":{"sku":{"S":["c"]}}})"));
}

TEST(EventPattern, OrIsOfPatternsBesideTheOthers) {
  const std::string either =
      R"("$or":[{"eventName":["INSERT"]},{"dynamodb":{"SizeBytes":[{"numeric":["<",30]}]}}])";
  EXPECT_TRUE(matches("{" + either + "}"));
  EXPECT_TRUE(matches(R"({"awsRegion":["us-east-1"],)" + either + "}"));
  EXPECT_FALSE(matches(R"({"awsRegion":["us-east-2"],)" + either + "}"));
  EXPECT_FALSE(matches(R"({"$or":[{"eventName":["INSERT"]},{"eventName":["REMOVE"]}]})"));
  EXPECT_TRUE(
      matches(R"({"dynamodb":{"NewImage":{"$or":[{"price":{"N":["1"]}},{"pk":{"S":["user#7"]}}]}}})"));
}

TEST(EventPattern, WhatIsNoPatternIsRefusedWithItsPlace) {
  for (const auto& [pattern, fragment] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "not JSON"},
           {"{", "not JSON"},
           {"[]", "must be an object"},
           {"{}", "empty pattern"},
           {R"({"a":{}})", "filter at a: an empty pattern"},
           {R"({"a":{"b":"x"}})", "filter at a.b: a value must stand in an array"},
           {R"({"a":[]})", "filter at a: an empty array"},
           {R"({"a":[["x"]]})", "an array in an array"},
           {R"({"a":[{}]})", "one operator"},
           {R"({"a":[{"prefix":"x","suffix":"y"}]})", "one operator"},
           {R"({"a":[{"prefix":1}]})", "prefix needs a string"},
           {R"({"a":[{"suffix":{"prefix":"x"}}]})", "suffix needs a string"},
           {R"({"a":[{"equals-ignore-case":["x"]}]})", "needs a string"},
           {R"({"a":[{"exists":"yes"}]})", "exists needs true or false"},
           {R"({"a":[{"numeric":">"}]})", "numeric needs"},
           {R"({"a":[{"numeric":[">"]}]})", "numeric needs"},
           {R"({"a":[{"numeric":["!=",1]}]})", "numeric needs"},
           {R"({"a":[{"numeric":[">","1"]}]})", "numeric needs"},
           {R"({"a":[{"numeric":[">",1e300]}]})", "numeric needs"},
           {R"({"a":[{"anything-but":[]}]})", "anything-but needs"},
           {R"({"a":[{"anything-but":{"numeric":[">",1]}}]})", "anything-but needs"},
           {R"({"a":[{"anything-but":{"prefix":[1]}}]})", "anything-but needs"},
           {R"({"a":[{"wildcard":"x*"}]})", "unknown operator \"wildcard\""},
           {R"({"$or":{"a":["x"]}})", "filter at $or: needs an array of patterns"},
           {R"({"$or":[]})", "needs an array of patterns"},
           {R"({"$or":["x"]})", "needs an array of patterns"},
           {R"({"$or":[{"a":[]}]})", "filter at $or.a: an empty array"},
       }) {
    EXPECT_NE(refusal(pattern).find(fragment), std::string::npos) << pattern << ": " << refusal(pattern);
  }
  // Deeper than the parser goes.
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += R"({"a":)";
  EXPECT_NE(refusal(deep), "accepted");
}

}  // namespace
}  // namespace varve::api
