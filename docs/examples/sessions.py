#!/usr/bin/python3
"""Sessions that end by themselves, with time to live, boto3 and nothing of Varve's own:

    varve serve --data /tmp/sessions &
    docs/examples/sessions.py --endpoint http://127.0.0.1:8000

The attribute `expires` says, in seconds since 1970, when a session is over. Varve removes it within about a second (DynamoDB within days),
so who reads still looks at the time: a session that is over must not count, whether it has been removed yet or not.
"""
import argparse
import secrets
import time

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

TABLE = "Sessions"


def connect(endpoint):
    return boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1",
                          aws_access_key_id="local", aws_secret_access_key="local")


def create(database):
    table = database.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "token", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "token", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST")
    table.wait_until_exists()
    table.meta.client.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    return table


def log_in(table, user, seconds):
    token = secrets.token_urlsafe(16)
    table.put_item(Item={"token": token, "user": user, "expires": int(time.time()) + seconds})
    return token


def user_of(table, token):
    """Whose session it is; None when there is none, or it is over."""
    session = table.get_item(Key={"token": token}).get("Item")
    return session["user"] if session and session["expires"] > time.time() else None


def extend(table, token, seconds):
    """Moves the end of a session that is not over. Answers whether it was one: an expired session is never brought back."""
    now = int(time.time())
    try:
        table.update_item(Key={"token": token}, UpdateExpression="SET expires = :e",
                          ConditionExpression=Attr("expires").gt(now), ExpressionAttributeValues={":e": now + seconds})
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False


def log_out(table, token):
    table.delete_item(Key={"token": token})


def stored(table):
    """How many sessions take up room, over or not."""
    return sum(page["Count"] for page in table.meta.client.get_paginator("scan").paginate(TableName=TABLE, Select="COUNT"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="http://127.0.0.1:8000")
    table = create(connect(parser.parse_args().endpoint))
    short, long = log_in(table, "ada", 2), log_in(table, "bob", 3600)
    print("logged in:", user_of(table, short), user_of(table, long))
    print("extended:", extend(table, long, 7200))
    while stored(table) > 1:
        time.sleep(0.2)
    print("after a while:", user_of(table, short), user_of(table, long))
    print("extended:", extend(table, short, 60))
    log_out(table, long)
    print("left:", stored(table))


if __name__ == "__main__":
    main()
