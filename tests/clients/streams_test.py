"""Streams and time to live as real programs use them: boto3 follows a table's changes through shard rolls while another process writes;
sessions expire; `varve stream tail` prints both."""
import json
import os
import subprocess
import sys
import time

import harness

os.environ.update({k: v for k, v in harness.client_environment().items() if k.startswith("AWS_") or k == "NO_PROXY"})

import boto3  # noqa: E402  (reads the environment)
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

WRITES = 600
DEADLINE_S = 120

# The other process: puts, updates and deletes of a few items, without a pause.
WRITER = """
import sys, time, boto3
from botocore.config import Config
table = boto3.resource("dynamodb", endpoint_url=sys.argv[1], region_name="us-east-1", config=Config()).Table(sys.argv[2])
for i in range(int(sys.argv[3])):
    key = {"pk": "k%d" % (i * 7919 % 23), "sk": i % 3}
    if i % 5 == 4:
        table.delete_item(Key=key)
    elif i % 5 == 3:
        table.update_item(Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1})
    else:
        table.put_item(Item={**key, "i": i})
    time.sleep(0.004)  # long enough for shards to roll
"""


class StreamsTest(harness.ClientTest):
    server_arguments = ("--stream-shard-seconds", "1")

    def setUp(self):
        super().setUp()
        self.server.start()
        options = dict(endpoint_url=self.server.endpoint, region_name="us-east-1", config=Config(retries={"max_attempts": 1}))
        self.resource = boto3.resource("dynamodb", **options)
        self.client = self.resource.meta.client
        self.streams = boto3.client("dynamodbstreams", **options)
        self.addCleanup(self.client.close)
        self.addCleanup(self.streams.close)

    def make_table(self, name, view_type="NEW_AND_OLD_IMAGES"):
        table = self.resource.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view_type})
        table.wait_until_exists()
        table.reload()
        return table

    def shards(self, arn):
        found, start = [], {}
        while True:
            stream = self.streams.describe_stream(StreamArn=arn, Limit=2, **start)["StreamDescription"]
            found += stream["Shards"]
            if "LastEvaluatedShardId" not in stream:
                return found
            start = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}

    def follow(self, arn, is_done):
        """Every record from the oldest on, parent shards before their children, until is_done() and nothing more comes."""
        deadline = time.monotonic() + DEADLINE_S
        shard, records, shards_read = self.shards(arn)[0]["ShardId"], [], 1
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while time.monotonic() < deadline:
            last_look = is_done()
            answer = self.streams.get_records(ShardIterator=iterator, Limit=50)
            records += answer["Records"]
            iterator = answer.get("NextShardIterator")
            if iterator is None:
                children = [s for s in self.shards(arn) if s.get("ParentShardId") == shard]
                self.assertEqual(len(children), 1, "a closed shard of an enabled stream has a child")
                shard = children[0]["ShardId"]
                shards_read += 1
                iterator = self.streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            elif not answer["Records"]:
                if last_look:
                    return records, shards_read
                time.sleep(0.02)
        self.fail(f"still records after {DEADLINE_S} s")

    def replayed(self, records):
        """The table that the records describe; each must fit the ones before."""
        table, deserialize = {}, TypeDeserializer().deserialize
        last = 0
        for record in records:
            change = record["dynamodb"]
            self.assertGreater(int(change["SequenceNumber"]), last)
            last = int(change["SequenceNumber"])
            key = tuple(sorted((name, str(deserialize(value))) for name, value in change["Keys"].items()))
            self.assertEqual(record["eventName"] == "INSERT", key not in table)
            self.assertEqual(change.get("OldImage"), table.get(key))
            if record["eventName"] == "REMOVE":
                del table[key]
            else:
                table[key] = change["NewImage"]
        return table

    def scanned(self, name):
        serialize = TypeSerializer().serialize
        pages = self.client.get_paginator("scan").paginate(TableName=name)
        return {tuple(sorted((key, str(item[key])) for key in ("pk", "sk"))): {k: serialize(v) for k, v in item.items()}
                for page in pages for item in page["Items"]}

    def test_boto3_follows_a_table_through_shard_rolls_while_another_process_writes(self):
        table = self.make_table("Followed")
        arn = table.latest_stream_arn
        self.assertEqual([s["StreamArn"] for s in self.streams.list_streams(TableName="Followed")["Streams"]], [arn])
        writer = subprocess.Popen([sys.executable, "-c", WRITER, self.server.endpoint, "Followed", str(WRITES)],
                                  env=harness.client_environment())
        self.addCleanup(writer.kill)
        records, shards_read = self.follow(arn, lambda: writer.poll() is not None)
        self.assertEqual(writer.wait(), 0)
        self.assertGreater(len(records), WRITES // 2)
        self.assertGreater(shards_read, 1)
        self.assertEqual(len({record["eventID"] for record in records}), len(records))
        table_now = self.scanned("Followed")
        self.assertEqual(self.replayed(records), table_now)
        # The same after a restart, from the start and from a sequence number in the middle.
        self.server.stop()
        self.server.start()
        again, _ = self.follow(arn, lambda: True)
        self.assertEqual([r["eventID"] for r in again], [r["eventID"] for r in records])
        middle = records[len(records) // 2]["dynamodb"]["SequenceNumber"]
        for shard in self.shards(arn):
            end = shard["SequenceNumberRange"].get("EndingSequenceNumber")
            if end is None or int(middle) <= int(end):
                break
        iterator = self.streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], SequenceNumber=middle,
                                                   ShardIteratorType="AT_SEQUENCE_NUMBER")["ShardIterator"]
        answer = self.streams.get_records(ShardIterator=iterator, Limit=1)
        self.assertEqual(answer["Records"][0]["dynamodb"]["SequenceNumber"], middle)

    def test_bad_input_is_refused_in_the_services_words(self):
        arn = self.make_table("Refusing").latest_stream_arn
        shard = self.shards(arn)[0]["ShardId"]
        for call, arguments, code in (
                (self.streams.describe_stream, {"StreamArn": arn[:-1] + "x"}, "ResourceNotFoundException"),
                (self.streams.get_records, {"ShardIterator": "nonsense"}, "ValidationException"),
                (self.streams.get_shard_iterator,
                 {"StreamArn": arn, "ShardId": shard[:-1] + "_", "ShardIteratorType": "LATEST"}, "ResourceNotFoundException"),
                (self.streams.list_streams, {"Limit": 101}, "ValidationException")):
            with self.assertRaises(ClientError) as caught:
                call(**arguments)
            self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)

    def test_a_kinesis_destination_is_a_file_of_every_change(self):
        table = self.make_table("Shipped")
        arn = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
        answer = self.client.enable_kinesis_streaming_destination(TableName="Shipped", StreamArn=arn)
        self.assertEqual(answer["DestinationStatus"], "ENABLING")
        for i in range(100):
            table.put_item(Item={"pk": "p", "sk": i, "text": "\u00e9\n" * 3})
        table.delete_item(Key={"pk": "p", "sk": 7})
        self.server.kill()
        self.server.start()
        answer = self.client.disable_kinesis_streaming_destination(TableName="Shipped", StreamArn=arn)
        self.assertEqual(answer["DestinationStatus"], "DISABLING")

        def status():
            described = self.client.describe_kinesis_streaming_destination(TableName="Shipped")
            return described["KinesisDataStreamDestinations"][0]["DestinationStatus"]
        deadline = time.monotonic() + DEADLINE_S
        while status() != "DISABLED":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        with open(os.path.join(self.server.data, "kinesis", table.table_id + ".jsonl"), encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        self.assertEqual([r["eventName"] for r in records], ["INSERT"] * 100 + ["REMOVE"])
        self.assertEqual([r["dynamodb"]["Keys"]["sk"]["N"] for r in records], [str(i) for i in range(100)] + ["7"])
        self.assertEqual(records[0]["dynamodb"]["NewImage"]["text"], {"S": "\u00e9\n" * 3})
        self.assertEqual({r["tableName"] for r in records}, {"Shipped"})

    def test_sessions_expire(self):
        table = self.make_table("Sessions")
        self.client.update_time_to_live(TableName="Sessions",
                                        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
        now = int(time.time())
        with table.batch_writer() as batch:
            for i in range(20):
                batch.put_item(Item={"pk": f"old{i}", "sk": 1, "expires": now - 5})
                batch.put_item(Item={"pk": f"new{i}", "sk": 1, "expires": now + 3600})
                batch.put_item(Item={"pk": f"never{i}", "sk": 1, "expires": str(now - 5)})
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and table.scan(Select="COUNT")["Count"] != 40:
            time.sleep(0.1)
        left = {item["pk"] for item in table.scan()["Items"]}
        self.assertEqual(left, {f"{kind}{i}" for kind in ("new", "never") for i in range(20)})
        description = self.client.describe_time_to_live(TableName="Sessions")["TimeToLiveDescription"]
        self.assertEqual(description, {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"})
        records, _ = self.follow(table.latest_stream_arn, lambda: True)
        removals = [r for r in records if r["eventName"] == "REMOVE"]
        self.assertEqual(len(removals), 20)
        for removal in removals:
            self.assertEqual(removal["userIdentity"], {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"})
            self.assertTrue(removal["dynamodb"]["OldImage"]["pk"]["S"].startswith("old"))

    def test_tail_prints_changes_of_a_server_and_of_a_directory(self):
        table = self.make_table("Tailed")
        tail = subprocess.Popen([harness.BINARY, "stream", "tail", "--endpoint", self.server.endpoint, "--records", "30", "Tailed"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(tail.kill)
        time.sleep(0.3)
        for i in range(30):
            table.put_item(Item={"pk": "p", "sk": i})
            time.sleep(0.1)  # over shard rolls
        printed, _ = tail.communicate(timeout=60)
        lines = [json.loads(line) for line in printed.splitlines()]
        self.assertEqual([line["dynamodb"]["Keys"]["sk"]["N"] for line in lines], [str(i) for i in range(30)])
        self.server.stop()
        whole = harness.run_varve("stream", "tail", "--data", self.server.data, "--from-start", "--until-now", "Tailed")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(whole.stdout, printed)
        missing = harness.run_varve("stream", "tail", "--data", self.server.data, "Absent")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("Absent", missing.stderr)


if __name__ == "__main__":
    harness.main()
