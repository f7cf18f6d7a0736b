"""The real aws CLI (Debian's, /usr/bin/aws: others may shadow it) against `varve serve`, as a newcomer types it."""
import json
import os
import subprocess
import unittest

import harness

AWS = "/usr/bin/aws"


class AwsCliTest(harness.ClientTest):
    def aws(self, *arguments, expect=0, service="dynamodb"):
        result = subprocess.run(
            [AWS, "--endpoint-url", self.server.endpoint, service, *arguments],
            env=harness.client_environment(), capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        if expect != 0:
            return result.stderr
        if service == "ddb":
            return result.stdout
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

    def test_items_from_the_command_line(self):
        self.server.start()
        self.aws("create-table", "--table-name", "Music", "--billing-mode", "PAY_PER_REQUEST",
                 "--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=Track,AttributeType=N",
                 "--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=Track,KeyType=RANGE")
        self.aws("wait", "table-exists", "--table-name", "Music")
        key = json.dumps({"Artist": {"S": "Nina Simone"}, "Track": {"N": "1"}})
        put = ("put-item", "--table-name", "Music", "--item", key, "--condition-expression", "attribute_not_exists(Artist)")
        self.aws(*put)
        # What fails ends with exit code 254 and the exception's name and text.
        self.assertIn("An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
                      "The conditional request failed", self.aws(*put, expect=254))
        updated = self.aws("update-item", "--table-name", "Music", "--key", key, "--return-values", "ALL_NEW",
                           "--update-expression", "SET Title = :t, Credits = :c ADD Plays :one",
                           "--expression-attribute-values",
                           json.dumps({":t": {"S": "Sinnerman"}, ":one": {"N": "1"},
                                       ":c": {"M": {"piano": {"L": [{"S": "Nina Simone"}]}}}}),
                           "--return-consumed-capacity", "TOTAL")
        self.assertEqual(updated["Attributes"]["Plays"], {"N": "1"})
        self.assertEqual(updated["ConsumedCapacity"], {"TableName": "Music", "CapacityUnits": 1.0})
        got = self.aws("get-item", "--table-name", "Music", "--key", key, "--consistent-read",
                       "--projection-expression", "Title, Credits.piano[0]")
        self.assertEqual(got["Item"], {"Title": {"S": "Sinnerman"}, "Credits": {"M": {"piano": {"L": [{"S": "Nina Simone"}]}}}})

        # Requests from files, as one writes the longer ones; blobs as base64.
        batch = self.write("batch.json", {"Music": [
            {"PutRequest": {"Item": {"Artist": {"S": "Many"}, "Track": {"N": str(i)}, "Blob": {"B": "AAEC"}}}} for i in range(25)]})
        self.assertEqual(self.aws("batch-write-item", "--request-items", batch)["UnprocessedItems"], {})
        keys = self.write("keys.json", {"Music": {"Keys": [{"Artist": {"S": "Many"}, "Track": {"N": str(i)}} for i in range(3)]}})
        read = self.aws("batch-get-item", "--request-items", keys)
        self.assertEqual([item["Blob"] for item in read["Responses"]["Music"]], [{"B": "AAEC"}] * 3)
        counted = self.aws("scan", "--table-name", "Music", "--select", "COUNT", "--filter-expression", "attribute_exists(#b)",
                           "--expression-attribute-names", json.dumps({"#b": "Blob"}), "--query", "[Count, ScannedCount]")
        self.assertEqual(counted, [25, 26])
        deleted = self.aws("delete-item", "--table-name", "Music", "--key", key, "--return-values", "ALL_OLD", "--query", "Attributes.Title.S")
        self.assertEqual(deleted, "Sinnerman")
        self.server.stop()

    def test_transactions_statements_and_settings(self):
        self.server.start()
        self.aws("create-table", "--table-name", "Accounts", "--billing-mode", "PAY_PER_REQUEST",
                 "--attribute-definitions", "AttributeName=Owner,AttributeType=S",
                 "--key-schema", "AttributeName=Owner,KeyType=HASH", "--tags", "Key=team,Value=storage")
        put = {"Put": {"TableName": "Accounts", "Item": {"Owner": {"S": "alice"}, "Balance": {"N": "10"}},
                       "ConditionExpression": "attribute_not_exists(#o)", "ExpressionAttributeNames": {"#o": "Owner"}}}
        transaction = ("transact-write-items", "--transact-items", self.write("transaction.json", [put]))
        self.aws(*transaction, "--client-request-token", "open-alice")
        self.aws(*transaction, "--client-request-token", "open-alice")  # the same request once more changes nothing
        self.assertIn("(TransactionCanceledException) when calling the TransactWriteItems operation: Transaction cancelled, please "
                      "refer cancellation reasons for specific reasons [ConditionalCheckFailed]", self.aws(*transaction, expect=254))
        read = self.aws("transact-get-items", "--transact-items",
                        json.dumps([{"Get": {"TableName": "Accounts", "Key": {"Owner": {"S": "alice"}}}}]))
        self.assertEqual(read["Responses"][0]["Item"]["Balance"], {"N": "10"})

        # OWNER is a reserved word: as a name it stands in double quotes.
        self.aws("execute-statement", "--statement", "UPDATE Accounts SET Balance = Balance + 5 WHERE \"Owner\" = 'alice'")
        found = self.aws("execute-statement", "--statement", "SELECT Balance FROM Accounts WHERE \"Owner\" = ?",
                         "--parameters", json.dumps([{"S": "alice"}]))
        self.assertEqual(found["Items"], [{"Balance": {"N": "15"}}])

        arn = self.aws("describe-table", "--table-name", "Accounts", "--query", "Table.TableArn")
        self.assertEqual(self.aws("list-tags-of-resource", "--resource-arn", arn)["Tags"], [{"Key": "team", "Value": "storage"}])
        self.aws("tag-resource", "--resource-arn", arn, "--tags", "Key=stage,Value=test")
        self.aws("update-table", "--table-name", "Accounts", "--table-class", "STANDARD_INFREQUENT_ACCESS")
        self.assertEqual(self.aws("describe-table", "--table-name", "Accounts", "--query", "Table.TableClassSummary.TableClass"),
                         "STANDARD_INFREQUENT_ACCESS")
        self.server.stop()

    def test_the_short_commands_of_aws_ddb(self):
        """`aws ddb` takes and gives YAML, and finds the type of each value itself."""
        self.server.start()
        self.aws("create-table", "--table-name", "Films", "--billing-mode", "PAY_PER_REQUEST",
                 "--attribute-definitions", "AttributeName=Id,AttributeType=S", "--key-schema", "AttributeName=Id,KeyType=HASH")
        films = os.path.join(self.directory, "films.yml")
        with open(films, "w", encoding="utf-8") as file:
            file.write("- {Id: a, Minutes: 114, Cast: [Bogart, Bacall]}\n- {Id: b, Minutes: 90, Sound: {stereo: true}}\n")
        self.aws("put", "Films", "file://" + films, service="ddb")
        self.assertEqual(self.aws("select", "Films", "--filter", "Minutes > 100", service="ddb"),
                         "Count: 1\nItems:\n- Cast:\n  - Bogart\n  - Bacall\n  Id: a\n  Minutes: 114\nScannedCount: 2\n")
        self.assertIn("ConditionalCheckFailedException",
                      self.aws("put", "Films", "{Id: a}", "--condition", "attribute_not_exists(Id)", service="ddb", expect=254))
        self.server.stop()

    def write(self, name, document):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        return "file://" + path


if __name__ == "__main__":
    harness.main()
