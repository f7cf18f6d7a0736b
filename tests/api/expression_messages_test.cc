// Every message that an expression can be refused with, exactly as DynamoDB sends it. Rows: the expression, its
// placeholders, and the whole message ("" when the expression is accepted).
#include <gtest/gtest.h>

#include "api/expression/expression.h"
#include "tests/api/expression_literals.h"

namespace varve::api::expression {
namespace {

struct Case {
  std::string text;
  const char* names;
  const char* values;
  std::string message;  // without "Invalid XExpression: " where it begins with '~'
};

std::string whole(Slice prefix, const std::string& message) {
  return message.starts_with("~") ? std::string(prefix) + message.substr(1) : message;
}

template <typename Parse>
void check(const Case& c, Slice prefix, Parse parse) {
  Placeholders placeholders = placeholders_of(c.names, c.values);
  Status status = parse(c.text, &placeholders).status();
  if (status.ok()) status = placeholders.check_all_used();
  EXPECT_EQ(status.message(), status.ok() ? "" : whole(prefix, c.message)) << c.text;
  EXPECT_EQ(status.code(), c.message.empty() ? ErrorCode::kOk : ErrorCode::kInvalidArgument) << c.text;
}

std::string repeated(const std::string& piece, size_t n, const std::string& between) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += (i > 0 ? between : "") + piece;
  return out;
}

const char* const kBool = "{v: true}";
const char* const kOne = "{v: 1}";

TEST(ConditionMessages, AreThoseOfDynamoDb) {
  const std::string deep = "a" + repeated(".a", 32, "");
  const Case table[] = {
      {"", "", "{}", "~The expression can not be empty;"},
      {std::string(4097, 'a'), "", "{}",
       "~Expression size has exceeded the maximum allowed size; expression size: 4097"},
      // Syntax
      {"a = ", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"=\""},
      {"   ", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"\""},
      {"a == :v", "", kOne, "~Syntax error; token: \"=\", near: \"== :v\""},
      {"a = : v", "", "{}", "~Syntax error; token: \":\", near: \"= : v\""},
      {"a = 5", "", "{}", "~Syntax error; token: \"5\", near: \"= 5\""},
      {"a = 'x'", "", "{}", "~Syntax error; token: \"'\", near: \"= 'x\""},
      {"_a = :v", "", kOne, "~Syntax error; token: \"_\", near: \"_a\""},
      {"a", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"a\""},
      {"a AND b", "", "{}", "~Syntax error; token: \"AND\", near: \"a AND b\""},
      {"(a) AND (b)", "", "{}", "~Syntax error; token: \"AND\", near: \") AND (\""},
      {"a = :v AND", "", kOne, "~Syntax error; token: \"<EOF>\", near: \"AND\""},
      {"(a = :v", "", kOne, "~Syntax error; token: \"<EOF>\", near: \":v\""},
      {"a = :v)", "", kOne, "~Syntax error; token: \")\", near: \":v)\""},
      {"a IN ()", "", "{}", "~Syntax error; token: \")\", near: \"()\""},
      {"a IN (:v,)", "", kOne, "~Syntax error; token: \")\", near: \",)\""},
      {"a IN :v", "", kOne, "~Syntax error; token: \":v\", near: \"IN :v\""},
      {"a BETWEEN :v", "", kOne, "~Syntax error; token: \"<EOF>\", near: \":v\""},
      {"a BETWEEN :v OR :v", "", kOne, "~Syntax error; token: \"OR\", near: \":v OR :v\""},
      {"a = :v = :v", "", kOne, "~Syntax error; token: \"=\", near: \":v = :v\""},
      {"a[x] = :v", "", kOne, "~Syntax error; token: \"x\", near: \"[x]\""},
      {"a[-1] = :v", "", kOne, "~Syntax error; token: \"-\", near: \"[-1\""},
      {"a[:v] = :v", "", kOne, "~Syntax error; token: \":v\", near: \"[:v]\""},
      {"a.1 = :v", "", kOne, "~Syntax error; token: \"1\", near: \".1 =\""},
      {"attribute_exists()", "", "{}", "~Syntax error; token: \")\", near: \"()\""},
      {"size(a = :v)", "", kOne, "~Syntax error; token: \"=\", near: \"a = :v\""},
      {"NOT", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"NOT\""},
      {"a = é", "", "{}", "~Syntax error; token: \"é\", near: \"= é\""},
      // Operator count
      {repeated("a<b", 150, " OR "), "", "{}", ""},
      {repeated("a<b", 151, " OR "), "", "{}",
       "~The expression contains too many operators; operator count: 301"},
      {std::string("a IN (") + repeated(":v", 300, ",") + ") AND b BETWEEN :v AND :v", "", kOne,
       "~The IN operator is provided with too many operands; number of operands: 300"},
      {repeated("NOT", 700, " ") + " a=:v", "", kOne,
       "~The expression contains too many operators; operator count: 701"},
      {repeated("NOT", 299, " ") + " a=:v", "", kOne, ""},
      // Parentheses
      {"((a = :v))", "", kOne, "~The expression has redundant parentheses;"},
      {"((a) = :v)", "", kOne, ""},
      {"((a)) = :v", "", kOne, "~The expression has redundant parentheses;"},
      {"NOT ((a = :v))", "", kOne, "~The expression has redundant parentheses;"},
      {std::string(2000, '(') + "a=:v" + std::string(2000, ')'), "", kOne,
       "~The expression has redundant parentheses;"},
      {std::string(4000, '('), "", "{}", "~The expression has redundant parentheses;"},
      {repeated("size(", 800, "") + "a", "", "{}", "~The expression has redundant parentheses;"},
      // Functions
      {"nope(a)", "", "{}", "~Invalid function name; function: nope"},
      {"if_not_exists(a, :v)", "", kOne, "~Invalid function name; function: if_not_exists"},
      {"Size(a) = :v", "", kOne, "~Invalid function name; function: Size"},
      {"size(a)", "", "{}",
       "~The function is not allowed to be used this way in an expression; function: size"},
      {"attribute_exists(a) = :v", "", kBool,
       "~The function is not allowed to be used this way in an expression; function: attribute_exists"},
      {":v = contains(a, :v)", "", kBool,
       "~The function is not allowed to be used this way in an expression; function: contains"},
      {"size(a) AND b = :v", "", kOne,
       "~The function is not allowed to be used this way in an expression; function: size"},
      // Names
      {"name = :v", "", kOne, "~Attribute name is a reserved keyword; reserved keyword: name"},
      {"a.Name = :v", "", kOne, "~Attribute name is a reserved keyword; reserved keyword: Name"},
      {"size = :v", "", kOne, "~Attribute name is a reserved keyword; reserved keyword: size"},
      {"#n = :v", "", kOne,
       "~An expression attribute name used in the document path is not defined; attribute name: #n"},
      {"a.#n[1] = :v", "x=y", kOne,
       "~An expression attribute name used in the document path is not defined; attribute name: #n"},
      {"a = :w", "", kOne,
       "~An expression attribute value used in expression is not defined; attribute value: :w"},
      {deep + " = :v", "", kOne, "~The document path has too many nesting levels; nesting levels: 33"},
      {deep.substr(2) + " = :v", "", kOne, ""},
      {"a[2147483648] = :v", "", kOne, "~List index is not within the allowable range; index: [2147483648]"},
      {"a[99999999999999999999999] = :v", "", kOne,
       "~List index is not within the allowable range; index: [99999999999999999999999]"},
      {"a[2147483647] = :v", "", kOne, ""},
      // Operands
      {"attribute_exists(a, b)", "", "{}",
       "~Incorrect number of operands for operator or function; operator or function: attribute_exists, "
       "number of "
       "operands: 2"},
      {"begins_with(a)", "", "{}",
       "~Incorrect number of operands for operator or function; operator or function: begins_with, number of "
       "operands: "
       "1"},
      {"size(a, b) = :v", "", kOne,
       "~Incorrect number of operands for operator or function; operator or function: size, number of "
       "operands: 2"},
      {"a = a", "", "{}",
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: =, "
       "first operand: [a]"},
      {"a.b[1] < a.#b[1]", "b=b", "{}",
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: <, "
       "first operand: [a, b, [1]]"},
      {"a IN (:v, a)", "", kOne,
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: IN, "
       "first operand: [a]"},
      {"a BETWEEN :v AND a", "", kOne,
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: "
       "BETWEEN, first operand: [a]"},
      {"contains(a, a)", "", "{}",
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: "
       "contains, first operand: [a]"},
      {"a < :v", "", kBool,
       "~Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
      {":v >= a", "", "{v: null}",
       "~Incorrect operand type for operator or function; operator or function: >=, operand type: NULL"},
      {"a > :v", "", "{v: <'x'>}",
       "~Incorrect operand type for operator or function; operator or function: >, operand type: SS"},
      {"a BETWEEN :v AND :v", "", "{v: {}}",
       "~Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: M"},
      {"begins_with(a, :v)", "", kOne,
       "~Incorrect operand type for operator or function; operator or function: begins_with, operand type: "
       "N"},
      {"begins_with(size(a), :v)", "", "{v: 's'}",
       "~Incorrect operand type for operator or function; operator or function: begins_with, operand type: "
       "N"},
      {"size(:v) = a", "", kOne,
       "~Incorrect operand type for operator or function; operator or function: size, operand type: N"},
      {"attribute_type(a, :v)", "", kOne,
       "~Incorrect operand type for operator or function; operator or function: attribute_type, operand "
       "type: N"},
      {"attribute_type(a, b)", "", "{}",
       "~Incorrect operand type for operator or function; operator or function: attribute_type, operand "
       "type: "
       "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
      {"attribute_type(a, :v)", "", "{v: 'X'}",
       "~Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
      {"attribute_exists(:v)", "", kOne,
       "~Operator or function requires a document path; operator or function: attribute_exists"},
      {"attribute_not_exists(size(a))", "", "{}",
       "~Operator or function requires a document path; operator or function: attribute_not_exists"},
      {"a BETWEEN :x AND :y", "", "{x: 1, y: 'a'}",
       "~The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
       "AttributeValue: "
       "{N:1}, upper bound operand: AttributeValue: {S:a}"},
      {"a BETWEEN :x AND :y", "", "{x: 5, y: 1}",
       "~The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
       "operand: "
       "AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
      {"a IN (" + repeated(":v", 100, ",") + ")", "", kOne, ""},
      {"a IN (" + repeated(":v", 101, ",") + ")", "", kOne,
       "~The IN operator is provided with too many operands; number of operands: 101"},
      // Unused placeholders
      {"a = :v", "x=y z=w", kOne,
       "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x, #z}"},
      {"a = :v", "", "{v: 1, w: 2}",
       "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"},
      {"a = b", "x=y", "{w: 2}",
       "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"},
      // Rank: syntax, operators, parentheses, unknown function, misused function, reserved, then by comparison
      {"((name = nope(:x))) = ", "", "{}", "~Syntax error; token: \"=\", near: \") =\""},
      {"((name = nope(:x)))", "", "{}", "~The expression has redundant parentheses;"},
      {"size(a) OR name = nope(:x)", "", "{}", "~Invalid function name; function: nope"},
      {"size(a) OR name = :x", "", "{}",
       "~The function is not allowed to be used this way in an expression; function: size"},
      {"a = a OR b = :x OR begins_with(c)", "", "{}",
       "~The first operand must be distinct from the remaining operands for this operator or function; "
       "operator: =, "
       "first operand: [a]"},
      {"b = :x OR a = a", "", "{}",
       "~An expression attribute value used in expression is not defined; attribute value: :x"},
      {"begins_with(#x, #x, :v)", "", kOne,
       "~An expression attribute name used in the document path is not defined; attribute name: #x"},
  };
  for (const Case& c : table) {
    check(c, "Invalid ConditionExpression: ", parse_condition);
    check(c, "Invalid FilterExpression: ", parse_filter);
  }
}

TEST(UpdateMessages, AreThoseOfDynamoDb) {
  const Case table[] = {
      {"", "", "{}", "~The expression can not be empty;"},
      {"INVALID SYNTAX HERE", "", "{}", "~Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\""},
      {"SET", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"SET\""},
      {"SET a", "", "{}", "~Syntax error; token: \"<EOF>\", near: \"a\""},
      {"SET a = :v,", "", kOne, "~Syntax error; token: \"<EOF>\", near: \",\""},
      {"ADD hits : incr", "", "{}", "~Syntax error; token: \":\", near: \"hits : incr\""},
      {"ADD a b", "", "{}", "~Syntax error; token: \"b\", near: \"a b\""},
      {"DELETE a = :v", "", kOne, "~Syntax error; token: \"=\", near: \"a = :v\""},
      {"REMOVE a :v", "", kOne, "~Syntax error; token: \":v\", near: \"a :v\""},
      {"SET a = :v b = :v", "", kOne, "~Syntax error; token: \"b\", near: \":v b =\""},
      {"SET a = b + c + d", "", "{}", "~Syntax error; token: \"+\", near: \"c + d\""},
      {"SET a = if_not_exists(b, c + d)", "", "{}", "~Syntax error; token: \"+\", near: \"c + d\""},
      {"SET a = (b + c) + d", "", "{}", "~Syntax error; token: \"+\", near: \") + d\""},
      {"SET set = :v", "", kOne, "~Syntax error; token: \"set\", near: \"SET set =\""},
      {"SET #a, = :v", "", "{}", "~Syntax error; token: \",\", near: \"#a, =\""},
      {"SET a = ((b))", "", "{}", "~The expression has redundant parentheses;"},
      {"SET a = (b + :v)", "", kOne, ""},
      {"set a = :v rEmOvE b", "", kOne, ""},
      {"SET name = :v", "", kOne, "~Attribute name is a reserved keyword; reserved keyword: name"},
      {"SET a = and", "", "{}", "~Attribute name is a reserved keyword; reserved keyword: and"},
      {"REMOVE a.Values", "", "{}", "~Attribute name is a reserved keyword; reserved keyword: Values"},
      {"SET a = size(b)", "", "{}", "~Invalid function name; function: size"},
      {"SET a = attribute_exists(b)", "", "{}", "~Invalid function name; function: attribute_exists"},
      {"SET a = :v SET b = :v", "", kOne,
       "~The \"SET\" section can only be used once in an update expression;"},
      {"REMOVE a remove b", "", "{}",
       "~The \"REMOVE\" section can only be used once in an update expression;"},
      {"ADD a :v ADD b :v", "", kOne, "~The \"ADD\" section can only be used once in an update expression;"},
      {"DELETE a :v DELETE b :v", "", "{v: <1>}",
       "~The \"DELETE\" section can only be used once in an update expression;"},
      {"SET #a = :v", "", kOne,
       "~An expression attribute name used in the document path is not defined; attribute name: #a"},
      {"SET a = :w", "", kOne,
       "~An expression attribute value used in expression is not defined; attribute value: :w"},
      {"SET a = :v, a = :v", "", kOne,
       "~Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
       "[a], path "
       "two: [a]"},
      {"SET a = :v REMOVE a.b", "", kOne,
       "~Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
       "[a], path "
       "two: [a, b]"},
      {"SET a.b[1].c = :v ADD a.b :v", "", kOne,
       "~Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
       "[a, b, [1], "
       "c], path two: [a, b]"},
      {"SET a.b = :v, a[1] = :v", "", kOne,
       "~Two document paths conflict with each other; must remove or rewrite one of these paths; path one: "
       "[a, b], "
       "path two: [a, [1]]"},
      {"SET a.b = :v, a[1] = :v, c = :v, #c = :v", "c=c", kOne,
       "~Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
       "[c], path "
       "two: [c]"},
      {"ADD a :v", "", "{v: 's'}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: STRING"},
      {"ADD a :v", "", "{v: []}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: LIST"},
      {"ADD a :v", "", "{v: {}}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: MAP"},
      {"ADD a :v", "", "{v: x'00'}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: BINARY"},
      {"ADD a :v", "", kBool,
       "~Incorrect operand type for operator or function; operator: ADD, operand type: BOOLEAN"},
      {"ADD a :v", "", "{v: null}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: NULL"},
      {"DELETE a :v", "", kOne,
       "~Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"},
      {"SET a = list_append(list_append(b, :v), :v)", "", "{v: []}",
       "~The function is not allowed to be used this way in an expression; function: list_append"},
      {"SET a = if_not_exists(b, list_append(b, :v))", "", "{v: []}",
       "~The function is not allowed to be used this way in an expression; function: list_append"},
      {"SET a = list_append(if_not_exists(a, :v), :v)", "", "{v: []}", ""},
      {"SET a = if_not_exists(a, if_not_exists(b, :v))", "", kOne, ""},
      {"SET a = if_not_exists(a, :v) + :v", "", kOne, ""},
      {"SET a = list_append(a)", "", "{}",
       "~Incorrect number of operands for operator or function; operator or function: list_append, number of "
       "operands: "
       "1"},
      {"SET a = if_not_exists(a, :v, :v)", "", kOne,
       "~Incorrect number of operands for operator or function; operator or function: if_not_exists, number "
       "of "
       "operands: 3"},
      {"SET a = if_not_exists(:v, :v)", "", kOne,
       "~Operator or function requires a document path; operator or function: if_not_exists"},
      {"SET a = list_append(a, :v)", "", kOne,
       "~Incorrect operand type for operator or function; operator or function: list_append, operand type: "
       "N"},
      {"SET a = b + :v", "", "{v: 's'}",
       "~Incorrect operand type for operator or function; operator or function: +, operand type: S"},
      {"SET a = :v - b", "", kBool,
       "~Incorrect operand type for operator or function; operator or function: -, operand type: BOOL"},
      {"SET a = list_append(a, b) + c", "", "{}", ""},  // told when it is evaluated
      {repeated("(", 3000, ""), "", "{}", "~Syntax error; token: \"(\", near: \"((\""},
      {"SET a = " + repeated("(", 3000, ""), "", "{}", "~The expression has redundant parentheses;"},
      // Rank: reserved, unknown function, section, name, value, overlap, conflict, operand of ADD, functions
      {"SET name = nope(b) SET c = :x", "", "{}",
       "~Attribute name is a reserved keyword; reserved keyword: name"},
      {"SET a = nope(b) SET c = :x", "", "{}", "~Invalid function name; function: nope"},
      {"SET a = :x, #b = :x, a = :x", "", "{}",
       "~An expression attribute name used in the document path is not defined; attribute name: #b"},
      {"SET a = :x, a = :x", "", "{}",
       "~An expression attribute value used in expression is not defined; attribute value: :x"},
      {"SET a = b + :v ADD c :v", "", "{v: 's'}",
       "~Incorrect operand type for operator or function; operator: ADD, operand type: STRING"},
  };
  for (const Case& c : table) check(c, "Invalid UpdateExpression: ", parse_update);
}

TEST(ProjectionMessages, AreThoseOfDynamoDb) {
  const Case table[] = {
      {"", "", "{}", "~The expression can not be empty;"},
      {"a, b.c[1], #d", "d=a.b", "{}", ""},
      {"!!", "", "{}", "~Syntax error; token: \"!\", near: \"!!\""},
      {"a,", "", "{}", "~Syntax error; token: \"<EOF>\", near: \",\""},
      {"a b", "", "{}", "~Syntax error; token: \"b\", near: \"a b\""},
      {"a, :v", "", "{}", "~Syntax error; token: \":v\", near: \", :v\""},
      {"[1]", "", "{}", "~Syntax error; token: \"[\", near: \"[1\""},
      {"a, name", "", "{}", "~Attribute name is a reserved keyword; reserved keyword: name"},
      {"a, #x", "", "{}",
       "~An expression attribute name used in the document path is not defined; attribute name: #x"},
      {"a, a", "", "{}",
       "~Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
       "[a], path "
       "two: [a]"},
      {"a.b, a[0]", "", "{}",
       "~Two document paths conflict with each other; must remove or rewrite one of these paths; path one: "
       "[a, b], "
       "path two: [a, [0]]"},
  };
  for (const Case& c : table) check(c, "Invalid ProjectionExpression: ", parse_projection);
}

TEST(KeyConditionMessages, AreThoseOfDynamoDb) {
  const Case table[] = {
      {"", "", "{}", "~The expression can not be empty;"},
      {"p = :v AND", "", kOne, "~Syntax error; token: \"<EOF>\", near: \"AND\""},
      {"name = :v", "", kOne, "~Attribute name is a reserved keyword; reserved keyword: name"},
      {"p = :w", "", kOne,
       "~An expression attribute value used in expression is not defined; attribute value: :w"},
      {"p = :v OR s = :v", "", kOne, "Invalid operator used in KeyConditionExpression: OR"},
      {"NOT p = :v", "", kOne, "Invalid operator used in KeyConditionExpression: NOT"},
      {"p IN (:v)", "", kOne, "Invalid operator used in KeyConditionExpression: IN"},
      {"p <> :v", "", kOne, "Invalid operator used in KeyConditionExpression: <>"},
      {"attribute_exists(p)", "", "{}", "Invalid operator used in KeyConditionExpression: attribute_exists"},
      {"attribute_not_exists(p)", "", "{}",
       "Invalid operator used in KeyConditionExpression: attribute_not_exists"},
      {"attribute_type(p, :v)", "", "{v: 'S'}",
       "Invalid operator used in KeyConditionExpression: attribute_type"},
      {"p = :v AND contains(s, :v)", "", "{v: 'S'}",
       "Invalid operator used in KeyConditionExpression: contains"},
      {"size(p) = :v", "", kOne, "KeyConditionExpressions cannot contain nested operations"},
      {":v BETWEEN p AND :v", "", kOne,
       "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its "
       "first operand"},
      {"begins_with(:v, p)", "", "{v: 's'}",
       "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its "
       "first "
       "operand"},
      {":v = :v", "", kOne, "Invalid condition in KeyConditionExpression: No key attribute specified"},
      {"p = s", "", "{}",
       "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
      {"p = :v AND p > :v", "", kOne, "KeyConditionExpressions must only contain one condition per key"},
      {"p.x = :v", "", kOne, "KeyConditionExpressions cannot have conditions on nested attributes"},
      {"a = :v AND b = :v AND c = :v", "", kOne, "Conditions can be of length 1 or 2 only"},
      {"begins_with(p, :v)", "", kOne,
       "~Incorrect operand type for operator or function; operator or function: begins_with, operand type: "
       "N"},
      {"((p = :v))", "", kOne, "~The expression has redundant parentheses;"},
      {"(p = :v) AND (s BETWEEN :v AND :v)", "", kOne, ""},
  };
  for (const Case& c : table) {
    check(c, "Invalid KeyConditionExpression: ", [](Slice text, Placeholders* placeholders) {
      return parse_key_condition(text, placeholders);
    });
  }
}

TEST(PlaceholderMessages, AreThoseOfDynamoDb) {
  Placeholders placeholders;
  const std::string names = "ExpressionAttributeNames contains invalid key: Syntax error; key: ";
  const std::string values = "ExpressionAttributeValues contains invalid key: Syntax error; key: ";
  EXPECT_EQ(placeholders.add_name("x", "a").message(), names + "\"x\"");
  EXPECT_EQ(placeholders.add_name("#", "a").message(), names + "\"#\"");
  EXPECT_EQ(placeholders.add_name("#a-b", "a").message(), names + "\"#a-b\"");
  EXPECT_EQ(placeholders.add_name("", "a").message(), names + "\"\"");
  EXPECT_TRUE(placeholders.add_name("#1_a", "a").ok());
  EXPECT_NE(placeholders.add_name("#a", "").message().find("Empty attribute name"), std::string::npos);
  EXPECT_NE(placeholders.add_name("#a", std::string(65536, 'x')).message().find("65535"), std::string::npos);
  EXPECT_EQ(placeholders.add_value("v", index::value_of("1")).message(), values + "\"v\"");
  EXPECT_EQ(Placeholders::check_value_key(":" + std::string(255, 'x')).message(),
            values + "\":" + std::string(255, 'x') + "\"");
  EXPECT_TRUE(Placeholders::check_value_key(":0").ok());
  EXPECT_EQ(Placeholders::invalid_value(":v", index::Number::parse("").status()).message(),
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a "
            "numeric value "
            "for key :v");
}

TEST(Placeholders, AUseInAnyExpressionCounts) {
  Placeholders placeholders = placeholders_of("a=x b=y", "{v: 1, w: 2}");
  ASSERT_TRUE(parse_condition("#a = :v", &placeholders).ok());
  EXPECT_FALSE(placeholders.check_all_used().ok());
  ASSERT_TRUE(parse_update("SET #b = :w", &placeholders).ok());
  EXPECT_TRUE(placeholders.check_all_used().ok());
}

}  // namespace
}  // namespace varve::api::expression
