#!/usr/bin/python3
"""A materialised view: what each customer has paid, kept up to date from the changes of the orders.

    varve serve --data /tmp/orders &
    docs/examples/order_totals.py create
    docs/examples/order_totals.py write 500 &            # another program changes orders
    docs/examples/order_totals.py follow                 # keeps the view, through the streams API; Ctrl-C ends it
    docs/examples/order_totals.py show

Or let Varve follow the stream, and be only the function that it calls with each batch, as a Lambda function would be:

    varve stream exec Orders -- docs/examples/order_totals.py apply

Both deliver a change at least once. So that it counts once, each total remembers the sequence number of the last change that it has in it
(`seen`), and the update is made only for a later one. Whoever keeps the view may be killed at any time, and started again.
"""
import argparse
import json
import random
import sys
import time
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

ORDERS, TOTALS = "Orders", "OrderTotals"
POSITION = "(position)"  # the key, in the view, of how far `follow` has come
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


def connect(endpoint):
    return boto3.resource("dynamodb", endpoint_url=endpoint, **CREDENTIALS)


def create(database):
    for name, keys, stream in ((ORDERS, ("customer", "number"), {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}),
                               (TOTALS, ("customer",), {"StreamEnabled": False})):
        types = {"customer": "S", "number": "N"}
        database.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", StreamSpecification=stream,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": types[key]} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))]).wait_until_exists()


def write(database, count):
    """Orders that are placed, paid, corrected and cancelled."""
    orders = database.Table(ORDERS)
    for _ in range(count):
        key = {"customer": random.choice(("ada", "bob", "eve")), "number": random.randrange(20)}
        if random.random() < 0.2:
            orders.delete_item(Key=key)
        else:
            orders.put_item(Item={**key, "amount": random.randrange(1, 1000), "state": random.choice(("open", "paid", "paid"))})


# ---- the view ----

def paid(image):
    """What an order adds to its customer's total."""
    return Decimal(image["amount"]["N"]) if image and image["state"]["S"] == "paid" else None


def apply(totals, record):
    """Brings one change of an order into the view; for the second time without effect."""
    change = record["dynamodb"]
    before, after = paid(change.get("OldImage")), paid(change.get("NewImage"))
    if before == after:
        return
    # Sequence numbers have one length, so that their order is that of the texts.
    number = change["SequenceNumber"]
    try:
        totals.update_item(
            Key={"customer": change["Keys"]["customer"]["S"]},
            UpdateExpression="ADD orders :orders, paid :paid SET seen = :seen",
            ConditionExpression=Attr("seen").not_exists() | Attr("seen").lt(number),
            ExpressionAttributeValues={":orders": (after is not None) - (before is not None),
                                       ":paid": (after or 0) - (before or 0), ":seen": number})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def show(database):
    """{customer: (paid orders, what they come to)}"""
    items = database.Table(TOTALS).scan(ConsistentRead=True)["Items"]
    return {item["customer"]: (int(item["orders"]), int(item["paid"])) for item in items if item["customer"] != POSITION}


# ---- following the stream ourselves ----

def next_shard(streams, arn, after):
    """The oldest shard, or the one whose parent was read to its end; None while there is none."""
    last = {}
    while True:
        stream = streams.describe_stream(StreamArn=arn, **last)["StreamDescription"]
        for shard in stream["Shards"]:
            if after is None or shard.get("ParentShardId") == after:
                return shard["ShardId"]
        if "LastEvaluatedShardId" not in stream:
            return None
        last = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}


def follow(database, keep_going=lambda: True):
    totals = database.Table(TOTALS)
    arn = database.Table(ORDERS).latest_stream_arn
    streams = boto3.client("dynamodbstreams", endpoint_url=database.meta.client.meta.endpoint_url, **CREDENTIALS)
    position = totals.get_item(Key={"customer": POSITION}).get("Item")
    shard = position["shard"] if position else next_shard(streams, arn, None)
    start = ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position["number"]} if position
             else {"ShardIteratorType": "TRIM_HORIZON"})
    while keep_going():
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **start)["ShardIterator"]
        while iterator and keep_going():
            answer = streams.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                apply(totals, record)
            if answer["Records"]:
                number = answer["Records"][-1]["dynamodb"]["SequenceNumber"]
                totals.put_item(Item={"customer": POSITION, "shard": shard, "number": number})
            else:
                time.sleep(0.1)
            iterator = answer.get("NextShardIterator")
        # Shards follow each other; a closed one ends without a next iterator.
        while not iterator and keep_going():
            child = next_shard(streams, arn, shard)
            if child:
                shard, start = child, {"ShardIteratorType": "TRIM_HORIZON"}
                break
            time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="http://127.0.0.1:8000")
    parser.add_argument("what", choices=("create", "write", "follow", "apply", "show"))
    parser.add_argument("count", nargs="?", type=int, default=100)
    arguments = parser.parse_args()
    database = connect(arguments.endpoint)
    if arguments.what == "create":
        create(database)
    elif arguments.what == "write":
        write(database, arguments.count)
    elif arguments.what == "follow":
        follow(database)
    elif arguments.what == "apply":
        for record in json.load(sys.stdin)["Records"]:
            apply(database.Table(TOTALS), record)
    else:
        for customer, (orders, total) in sorted(show(database).items()):
            print(f"{customer}: {orders} paid orders, {total}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
