"""boto3 (Debian's): the parameters of the time before expressions, which old programs still send."""
import unittest

from boto3_client import Boto3TestCase
import harness


class LegacyTest(Boto3TestCase):
    def setUp(self):
        super().setUp()
        self.table = self.make_table("Threads", Forum="S", Number="N")

    def get(self, number):
        return self.table.get_item(Key={"Forum": "f", "Number": number}).get("Item")

    def test_expected(self):
        self.table.put_item(Item={"Forum": "f", "Number": 1, "Votes": 3})
        failed = self.client.exceptions.ConditionalCheckFailedException.__name__
        put = dict(Item={"Forum": "f", "Number": 1, "Votes": 4})
        self.assert_client_error(failed, self.table.put_item, Expected={"Forum": {"Exists": False}}, **put)
        self.assert_client_error(failed, self.table.put_item, Expected={"Votes": {"Value": 5}}, **put)
        self.assert_client_error(failed, self.table.put_item, ConditionalOperator="AND", Expected={
            "Votes": {"ComparisonOperator": "GE", "AttributeValueList": [3]},
            "Title": {"ComparisonOperator": "NOT_NULL"}}, **put)
        self.table.put_item(ConditionalOperator="OR", Expected={
            "Votes": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [3, 4]},
            "Title": {"ComparisonOperator": "NOT_NULL"}}, **put)
        self.assertEqual(self.get(1)["Votes"], 4)
        self.table.delete_item(Key={"Forum": "f", "Number": 1}, Expected={"Votes": {"Value": 4}})
        self.assertIsNone(self.get(1))

    def test_attribute_updates(self):
        update = dict(Key={"Forum": "f", "Number": 2}, ReturnValues="ALL_NEW")
        answer = self.table.update_item(AttributeUpdates={
            "Title": {"Action": "PUT", "Value": "hello"}, "Votes": {"Action": "ADD", "Value": 1},
            "Tags": {"Action": "ADD", "Value": {"a", "b"}}}, **update)
        self.assertEqual(answer["Attributes"], {"Forum": "f", "Number": 2, "Title": "hello", "Votes": 1, "Tags": {"a", "b"}})
        answer = self.table.update_item(AttributeUpdates={
            "Title": {"Action": "DELETE"}, "Tags": {"Action": "DELETE", "Value": {"a"}}}, **update)
        self.assertEqual(answer["Attributes"], {"Forum": "f", "Number": 2, "Votes": 1, "Tags": {"b"}})

    def test_key_conditions_and_filters(self):
        with self.table.batch_writer() as batch:
            for i in range(10):
                batch.put_item(Item={"Forum": "f", "Number": i, "Votes": i % 3, "Title": f"title {i}"})
        forum = {"Forum": {"ComparisonOperator": "EQ", "AttributeValueList": ["f"]}}
        found = self.table.query(KeyConditions={**forum, "Number": {"ComparisonOperator": "GT", "AttributeValueList": [3]}},
                                 QueryFilter={"Votes": {"ComparisonOperator": "EQ", "AttributeValueList": [0]}},
                                 AttributesToGet=["Number"], ScanIndexForward=False)
        self.assertEqual(found["Items"], [{"Number": 9}, {"Number": 6}])
        self.assertEqual((found["Count"], found["ScannedCount"]), (2, 6))
        scanned = self.table.scan(ConditionalOperator="OR", ScanFilter={
            "Votes": {"ComparisonOperator": "IN", "AttributeValueList": [2]},
            "Title": {"ComparisonOperator": "CONTAINS", "AttributeValueList": ["7"]}})
        self.assertEqual({int(item["Number"]) for item in scanned["Items"]}, {2, 5, 7, 8})

    def test_old_and_new_do_not_mix(self):
        mixed = self.assert_client_error(
            "ValidationException", self.table.put_item, Item={"Forum": "f", "Number": 1},
            Expected={"Forum": {"Exists": False}}, ConditionExpression="attribute_not_exists(Forum)")
        self.assertIn("Can not use both expression and non-expression parameters in the same request", str(mixed))


if __name__ == "__main__":
    harness.main()
