"""The real aws CLI (Debian's, /usr/bin/aws: others may shadow it) against `varve serve`, as a newcomer types it."""
import json
import subprocess
import unittest

import harness

AWS = "/usr/bin/aws"


class AwsCliTest(harness.ClientTest):
    def aws(self, *arguments, expect=0):
        result = subprocess.run(
            [AWS, "--endpoint-url", self.server.endpoint, "dynamodb", *arguments],
            env=harness.client_environment(), capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        if expect != 0:
            return result.stderr
        return json.loads(result.stdout) if result.stdout.strip() else None

    def test_users_with_a_partition_key(self):
        self.server.start()
        created = self.aws(
            "create-table", "--table-name", "Users",
            "--attribute-definitions", "AttributeName=UserID,AttributeType=S",
            "--key-schema", "AttributeName=UserID,KeyType=HASH",
            "--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5")["TableDescription"]
        self.assertEqual(created["TableName"], "Users")
        self.assertEqual(created["KeySchema"], [{"AttributeName": "UserID", "KeyType": "HASH"}])
        self.assertEqual(created["ProvisionedThroughput"]["ReadCapacityUnits"], 5)
        self.assertEqual(created["ProvisionedThroughput"]["WriteCapacityUnits"], 5)
        self.assertIn("us-east-1:000000000000:table/Users", created["TableArn"])

        self.assertEqual(self.aws("list-tables"), {"TableNames": ["Users"]})

        item = {"UserID": {"S": "123"}, "Name": {"S": "Alice Example"}, "Email": {"S": "alice@example.com"}}
        self.aws("put-item", "--table-name", "Users", "--item", json.dumps(item))
        query = ("query", "--table-name", "Users", "--key-condition-expression", "UserID = :uid",
                 "--expression-attribute-values", json.dumps({":uid": {"S": "123"}}))
        found = self.aws(*query)
        self.assertEqual(found["Items"], [item])
        self.assertEqual((found["Count"], found["ScannedCount"]), (1, 1))

        # What was acknowledged is there after a stop and a start.
        self.server.stop()
        self.server.start()
        self.assertEqual(self.aws(*query)["Items"], [item])

        deleted = self.aws("delete-table", "--table-name", "Users")["TableDescription"]
        self.assertEqual(deleted["TableStatus"], "DELETING")
        self.assertEqual(self.aws("list-tables"), {"TableNames": []})
        self.server.stop()

    def test_users_with_a_sort_key(self):
        self.server.start()
        self.aws(
            "create-table", "--table-name", "Users",
            "--attribute-definitions", "AttributeName=UserID,AttributeType=S", "AttributeName=Email,AttributeType=S",
            "--key-schema", "AttributeName=UserID,KeyType=HASH", "AttributeName=Email,KeyType=RANGE",
            "--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5")
        self.aws("wait", "table-exists", "--table-name", "Users")
        self.assertEqual(self.aws("list-tables"), {"TableNames": ["Users"]})
        items = [{"UserID": {"S": "123"}, "Name": {"S": name}, "Email": {"S": f"{name.lower()}@example.com"}}
                 for name in ("Alice", "Bob")]
        for item in items:
            self.aws("put-item", "--table-name", "Users", "--item", json.dumps(item))
        values = json.dumps({":uid": {"S": "123"}})
        query = ("query", "--table-name", "Users", "--key-condition-expression", "UserID = :uid",
                 "--expression-attribute-values", values)
        self.assertEqual(self.aws(*query)["Items"], items)
        self.assertEqual(self.aws(*query, "--no-scan-index-forward")["Items"], items[::-1])
        paged = self.aws(*query, "--page-size", "1")
        self.assertEqual(paged["Items"], items)
        one = self.aws(*query, "--max-items", "1")
        self.assertEqual(one["Items"], items[:1])
        self.assertIn("NextToken", one)
        self.aws("delete-table", "--table-name", "Users")
        self.aws("wait", "table-not-exists", "--table-name", "Users")
        refusal = self.aws("describe-table", "--table-name", "Users", expect=254)
        self.assertIn("ResourceNotFoundException", refusal)
        self.server.stop()


if __name__ == "__main__":
    harness.main()
