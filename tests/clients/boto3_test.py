"""boto3 (Debian's, under /usr/bin/python3) against `varve serve`: items, through both of its interfaces."""
import unittest
from decimal import Decimal

from boto3_client import Boto3TestCase
import harness

from boto3.dynamodb.conditions import Attr, Key


class Boto3Test(Boto3TestCase):
    def make_users(self, sort_key=None):
        names = ["UserID"] + ([sort_key] if sort_key else [])
        table = self.resource.create_table(
            TableName="Users",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in zip(names, ("HASH", "RANGE"))],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
        table.wait_until_exists()
        return table

    def test_the_newcomers_list(self):
        for sort_key in (None, "Email"):
            table = self.make_users(sort_key)
            self.assertEqual(table.table_status, "CREATING")
            table.reload()
            self.assertEqual(table.table_status, "ACTIVE")
            self.assertEqual(self.client.list_tables()["TableNames"], ["Users"])
            item = {"UserID": "123", "Name": "Alice", "Email": "alice@example.com"}
            table.put_item(Item=item)
            found = self.client.query(TableName="Users", KeyConditionExpression="UserID = :uid",
                                      ExpressionAttributeValues={":uid": {"S": "123"}})
            self.assertEqual(found["Items"], [{k: {"S": v} for k, v in item.items()}])
            self.assertEqual(table.query(KeyConditionExpression=Key("UserID").eq("123"))["Items"], [item])
            table.delete()
            table.wait_until_not_exists()
            self.assertEqual(self.client.list_tables()["TableNames"], [])

    def test_every_attribute_type_comes_back_as_it_went(self):
        table = self.make_users()
        item = {
            "UserID": "1", "number": Decimal("-1.2345678901234567890123456789012345678E-50"), "flag": True, "nothing": None,
            "bytes": b"\x00\xff", "list": ["a", Decimal(1), [b"x"]], "map": {"deep": {"er": False}},
            "strings": {"a", "b"}, "numbers": {Decimal(1), Decimal("2.5")}, "text": "Gr\u00fc\u00dfe \U0001f600 \"quoted\"\n"}
        table.put_item(Item=item)
        found = table.get_item(Key={"UserID": "1"}, ConsistentRead=True)["Item"]
        found["bytes"] = found["bytes"].value
        found["list"][2][0] = found["list"][2][0].value
        self.assertEqual(found, item)
        self.assertNotIn("Item", table.get_item(Key={"UserID": "absent"}))

    def test_conditions_decide_puts_updates_and_deletes(self):
        table = self.make_users()
        fresh = Attr("UserID").not_exists()
        table.put_item(Item={"UserID": "1", "balance": 10}, ConditionExpression=fresh)
        self.assert_client_error("ConditionalCheckFailedException", table.put_item, Item={"UserID": "1"},
                                 ConditionExpression=fresh)
        updated = table.update_item(
            Key={"UserID": "1"}, UpdateExpression="SET balance = balance - :d REMOVE absent ADD visits :one",
            ConditionExpression="balance >= :d", ExpressionAttributeValues={":d": 4, ":one": 1}, ReturnValues="ALL_NEW")
        self.assertEqual(updated["Attributes"], {"UserID": "1", "balance": 6, "visits": 1})
        self.assert_client_error(
            "ConditionalCheckFailedException", table.update_item, Key={"UserID": "1"},
            UpdateExpression="SET balance = balance - :d", ConditionExpression="balance >= :d",
            ExpressionAttributeValues={":d": 7})
        # The exceptions of the model are classes of the client.
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException) as caught:
            self.client.delete_item(TableName="Users", Key={"UserID": {"S": "1"}},
                                    ConditionExpression="attribute_not_exists(UserID)")
        self.assertEqual(caught.exception.response["Error"]["Message"], "The conditional request failed")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        deleted = table.delete_item(Key={"UserID": "1"}, ConditionExpression=Attr("balance").eq(6), ReturnValues="ALL_OLD")
        self.assertEqual(deleted["Attributes"]["visits"], 1)
        self.assertNotIn("Item", table.get_item(Key={"UserID": "1"}))

    def test_conditions_and_filters_of_every_kind(self):
        table = self.make_users()
        table.put_item(Item={"UserID": "1", "n": 5, "text": "a long text", "tags": {"x", "y"}, "list": [1, {"deep": "er"}]})
        held = [Attr("n").eq(5), Attr("n").ne(6), Attr("n").lt(6), Attr("n").lte(5), Attr("n").gt(4), Attr("n").gte(5),
                Attr("n").between(5, 9), Attr("n").is_in([1, 5]), Attr("text").begins_with("a l"), Attr("text").contains("ong"),
                Attr("tags").contains("x"), Attr("tags").size().eq(2), Attr("list[1].deep").eq("er"), Attr("n").exists(),
                Attr("absent").not_exists(), Attr("tags").attribute_type("SS"), ~Attr("n").eq(6),
                (Attr("n").eq(6) | Attr("n").eq(5)) & Attr("text").exists()]
        for condition in held:
            self.assertEqual(table.scan(FilterExpression=condition)["Count"], 1, condition.get_expression())
            self.assertEqual(table.scan(FilterExpression=~condition)["Count"], 0, condition.get_expression())
            table.update_item(Key={"UserID": "1"}, UpdateExpression="SET seen = :yes", ConditionExpression=condition,
                              ExpressionAttributeValues={":yes": True})
        found = table.get_item(Key={"UserID": "1"}, ProjectionExpression="#l[1].deep, n, absent",
                               ExpressionAttributeNames={"#l": "list"})
        self.assertEqual(found["Item"], {"list": [{"deep": "er"}], "n": 5})

    def test_batches_write_read_and_delete(self):
        table = self.make_users("Email")
        keys = [{"UserID": f"u{i % 7}", "Email": f"{i:03}@example.com"} for i in range(120)]
        with table.batch_writer() as batch:
            for i, key in enumerate(keys):
                batch.put_item(Item={**key, "n": i})
        answer = self.resource.batch_get_item(RequestItems={"Users": {"Keys": keys[:100], "ConsistentRead": True}})
        found = sorted(answer["Responses"]["Users"], key=lambda item: item["n"])
        self.assertEqual([item["n"] for item in found], list(range(100)))
        self.assertEqual(answer["UnprocessedKeys"], {})
        # A batch may not name a key twice; this batch_writer keeps the last of them.
        with table.batch_writer(overwrite_by_pkeys=["UserID", "Email"]) as batch:
            for key in keys[:60]:
                batch.put_item(Item={**key, "n": -1})
                batch.delete_item(Key=key)
        twice = [{"DeleteRequest": {"Key": keys[0]}}] * 2
        refused = self.assert_client_error("ValidationException", self.resource.batch_write_item, RequestItems={"Users": twice})
        self.assertIn("Provided list of item keys contains duplicates", str(refused))
        self.assertEqual(table.scan(Select="COUNT")["Count"], 60)

    def test_queries_page_in_both_directions(self):
        table = self.make_users("Email")
        with table.batch_writer() as batch:
            for i in range(50):
                batch.put_item(Item={"UserID": "u", "Email": f"{i:03}", "text": "x" * 1000})
                batch.put_item(Item={"UserID": "other", "Email": f"{i:03}"})
        for forward in (True, False):
            emails, start = [], {}
            while True:
                page = table.query(KeyConditionExpression=Key("UserID").eq("u"), Limit=7, ScanIndexForward=forward, **start)
                self.assertLessEqual(page["Count"], 7)
                emails += [item["Email"] for item in page["Items"]]
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            expected = [f"{i:03}" for i in range(50)]
            self.assertEqual(emails, expected if forward else expected[::-1])
        between = table.query(KeyConditionExpression=Key("UserID").eq("u") & Key("Email").between("010", "019"))
        self.assertEqual(between["Count"], 10)
        paginator = self.client.get_paginator("scan")
        total = sum(page["Count"] for page in paginator.paginate(TableName="Users", PaginationConfig={"PageSize": 13}))
        self.assertEqual(total, 100)

    def test_pages_end_at_a_megabyte(self):
        table = self.make_users("Email")
        for i in range(12):
            table.put_item(Item={"UserID": "u", "Email": f"{i:03}", "text": "x" * 200_000})
        page = table.query(KeyConditionExpression=Key("UserID").eq("u"))
        self.assertIn("LastEvaluatedKey", page)
        self.assertLess(page["Count"], 12)
        rest = table.query(KeyConditionExpression=Key("UserID").eq("u"), ExclusiveStartKey=page["LastEvaluatedKey"])
        self.assertGreater(rest["Count"], 0)

    def test_capacity_is_told_when_asked(self):
        table = self.make_users()
        answer = table.put_item(Item={"UserID": "1", "text": "x" * 3000}, ReturnConsumedCapacity="TOTAL")
        self.assertEqual(answer["ConsumedCapacity"], {"TableName": "Users", "CapacityUnits": 3.0})

    def test_errors_have_their_types(self):
        self.assert_client_error("ResourceNotFoundException", self.client.describe_table, TableName="None")
        self.make_users()
        self.assert_client_error("ResourceInUseException", self.make_users)
        refused = self.assert_client_error("ValidationException", self.client.put_item, TableName="Users",
                                           Item={"Wrong": {"S": "x"}})
        self.assertIn("Missing the key UserID in the item", str(refused))
        self.assertRegex(refused.response["ResponseMetadata"]["RequestId"], r"^[0-9A-Z]{52}$")

    def test_one_connection_serves_many_requests(self):
        table = self.make_users()
        for i in range(300):
            table.put_item(Item={"UserID": str(i)})
        self.assertEqual(table.scan(Select="COUNT")["Count"], 300)


if __name__ == "__main__":
    harness.main()
