#!/usr/bin/python3
"""A leaderboard over a global secondary index, with boto3 and nothing of Varve's own:

    varve serve --data /tmp/scores &
    docs/examples/leaderboard.py --endpoint http://127.0.0.1:8000

Scores are kept by player and game. The index `top` orders a game's scores, best last, so the best ten are one query in reverse order. An
index is current as soon as the write is acknowledged. Later the game wants boards by country as well: the index is made while people
play, and what is there already is filled in behind them.
"""
import argparse
import time

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

TABLE = "Scores"


def connect(endpoint):
    return boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1",
                          aws_access_key_id="local", aws_secret_access_key="local")


def create(database):
    table = database.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "player", "AttributeType": "S"},
                              {"AttributeName": "game", "AttributeType": "S"},
                              {"AttributeName": "score", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "player", "KeyType": "HASH"}, {"AttributeName": "game", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "top",
            "KeySchema": [{"AttributeName": "game", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["country"]}}],
        BillingMode="PAY_PER_REQUEST")
    table.wait_until_exists()
    return table


def play(table, player, game, score, country):
    """Records a score if it is the player's best. Answers whether it was."""
    try:
        table.update_item(
            Key={"player": player, "game": game},
            UpdateExpression="SET score = :score, country = :country",
            ConditionExpression=Attr("score").not_exists() | Attr("score").lt(score),
            ExpressionAttributeValues={":score": score, ":country": country})
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False


def best(table, game, count):
    """The best players of a game, best first."""
    answer = table.query(IndexName="top", KeyConditionExpression=Key("game").eq(game), ScanIndexForward=False, Limit=count)
    return [(item["player"], int(item["score"])) for item in answer["Items"]]


def rank(table, game, score):
    """The place that a score has, counting from 1. Pages hold up to 1 MiB, and the count is of entries, not of items."""
    better, start = 0, {}
    while True:
        page = table.query(IndexName="top", Select="COUNT",
                           KeyConditionExpression=Key("game").eq(game) & Key("score").gt(score), **start)
        better += page["Count"]
        if "LastEvaluatedKey" not in page:
            return better + 1
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def add_country_boards(table):
    """A second index, on the table as it is in use."""
    table.meta.client.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "country", "AttributeType": "S"},
                              {"AttributeName": "game", "AttributeType": "S"},
                              {"AttributeName": "score", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "country",
            # Two partition attributes: a board for each pair of country and game.
            "KeySchema": [{"AttributeName": "country", "KeyType": "HASH"}, {"AttributeName": "game", "KeyType": "HASH"},
                          {"AttributeName": "score", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}}])
    while True:
        table.reload()
        index = next(i for i in table.global_secondary_indexes if i["IndexName"] == "country")
        if index["IndexStatus"] == "ACTIVE":
            return
        time.sleep(0.05)


def best_of_country(table, country, game, count):
    # boto3's Key conditions are made for one or two attributes; the text takes any number.
    answer = table.query(IndexName="country", KeyConditionExpression="country = :c AND game = :g",
                         ExpressionAttributeValues={":c": country, ":g": game}, ScanIndexForward=False, Limit=count)
    return [(item["player"], int(item["score"])) for item in answer["Items"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="http://127.0.0.1:8000")
    table = create(connect(parser.parse_args().endpoint))
    countries = ["de", "fr", "jp"]
    for n in range(300):
        play(table, f"player{n % 100}", "tetris", (n * 7919) % 1000, countries[n % 100 % 3])
    print("best:", best(table, "tetris", 3))
    print("a score of 900 is place", rank(table, "tetris", 900))
    add_country_boards(table)
    for country in countries:
        print(f"best of {country}:", best_of_country(table, country, "tetris", 3))


if __name__ == "__main__":
    main()
