// Secondary indexes: the same items in another order, kept in the same commit.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test indexes_test.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DeleteTableCommand, DescribeTableCommand, ExecuteStatementCommand, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { PutCommand, QueryCommand, ScanCommand, UpdateCommand, paginateQuery } from "@aws-sdk/lib-dynamodb";
import { setTimeout as sleep } from "node:timers/promises";

import { client, createTable, documents } from "./connect.mjs";

const TableName = "Scores";
const keys = (hash, range) => [
  { AttributeName: hash, KeyType: "HASH" },
  { AttributeName: range, KeyType: "RANGE" },
];

before(async () => {
  await createTable(
    TableName,
    { Player: "S", Game: "S", Score: "N" },
    {
      KeySchema: keys("Player", "Game"),
      GlobalSecondaryIndexes: [
        {
          IndexName: "Leaders",
          KeySchema: keys("Game", "Score"),
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["Team"] },
        },
      ],
      LocalSecondaryIndexes: [
        { IndexName: "Best", KeySchema: keys("Player", "Score"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    },
  );
  for (let i = 0; i < 20; ++i) {
    for (const Game of ["chess", "go"]) {
      const Item = { Player: `player ${i}`, Game, Score: (i * 7) % 20, Team: `team ${i % 3}`, Notes: "long" };
      await documents.send(new PutCommand({ TableName, Item }));
    }
  }
  await documents.send(new PutCommand({ TableName, Item: { Player: "player 0", Game: "checkers" } })); // no score: in no index
});

after(async () => {
  await client.send(new DeleteTableCommand({ TableName }));
  client.destroy();
});

const describe = async () => (await client.send(new DescribeTableCommand({ TableName }))).Table;
const leaders = {
  TableName,
  IndexName: "Leaders",
  KeyConditionExpression: "Game = :game",
  ExpressionAttributeValues: { ":game": "chess" },
  ScanIndexForward: false,
};

test("a leaderboard: the best first, page by page", async () => {
  const page = await documents.send(new QueryCommand({ ...leaders, Limit: 3 }));
  assert.deepEqual(
    page.Items.map(({ Score }) => Score),
    [19, 18, 17],
  );
  // An entry holds its own key, the table's key and what is projected.
  assert.deepEqual(Object.keys(page.Items[0]).sort(), ["Game", "Player", "Score", "Team"]);
  assert.deepEqual(Object.keys(page.LastEvaluatedKey).sort(), ["Game", "Player", "Score"]);

  const scores = [];
  for await (const { Items } of paginateQuery({ client: documents, pageSize: 6 }, { ...leaders })) {
    scores.push(...Items.map(({ Score }) => Score));
  }
  assert.deepEqual(
    scores,
    Array.from({ length: 20 }, (_, i) => 19 - i),
  );
});

test("an index follows each change of its items", async () => {
  const Key = { Player: "player 0", Game: "chess" };
  const first = async () => (await documents.send(new QueryCommand({ ...leaders, Limit: 1 }))).Items[0];
  const update = (UpdateExpression, ExpressionAttributeValues) =>
    documents.send(new UpdateCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues }));
  await update("SET Score = :s", { ":s": 1000 });
  assert.deepEqual(await first(), { ...Key, Score: 1000, Team: "team 0" });
  await update("SET Team = :t", { ":t": "winners" });
  assert.equal((await first()).Team, "winners");
  await update("REMOVE Score");
  assert.equal((await first()).Score, 19);
  await assert.rejects(update("SET Score = :s", { ":s": "a text" }), { name: "ValidationException", message: /Type mismatch for Index Key/i });
  await update("SET Score = :s", { ":s": 0 });
});

test("a local index orders one player's games, and fetches what it does not hold", async () => {
  const { Items, ConsumedCapacity } = await documents.send(
    new QueryCommand({
      TableName,
      IndexName: "Best",
      KeyConditionExpression: "Player = :p",
      ExpressionAttributeValues: { ":p": "player 1" },
      Select: "ALL_ATTRIBUTES",
      ConsistentRead: true,
      ReturnConsumedCapacity: "INDEXES",
    }),
  );
  assert.deepEqual(
    Items.map(({ Game, Notes }) => [Game, Notes]),
    [
      ["chess", "long"],
      ["go", "long"],
    ],
  );
  assert.ok(ConsumedCapacity.LocalSecondaryIndexes.Best.CapacityUnits > 0);
});

test("what an index cannot do is refused", async () => {
  const refused = (change, message) =>
    assert.rejects(documents.send(new QueryCommand({ ...leaders, ...change })), { name: "ValidationException", message });
  await refused({ ConsistentRead: true }, "Consistent reads are not supported on global secondary indexes");
  await refused({ IndexName: "Nowhere" }, "The table does not have the specified index: Nowhere");
  await refused({ ProjectionExpression: "Notes" }, /Global secondary index Leaders does not project \[Notes\]/);
});

test("scans and statements read indexes, too", async () => {
  const scanned = await documents.send(new ScanCommand({ TableName, IndexName: "Leaders", Select: "COUNT" }));
  assert.equal(scanned.Count, 40);
  const { Items } = await client.send(
    new ExecuteStatementCommand({ Statement: `SELECT Player FROM "Scores"."Leaders" WHERE Game = 'go' AND Score = 7` }),
  );
  assert.deepEqual(Items, [{ Player: { S: "player 1" } }]);
});

test("an index is added to a table in use, and taken away", async () => {
  const change = (update, more = {}) =>
    client.send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [update], ...more }));
  await change(
    {
      Create: {
        IndexName: "Teams",
        KeySchema: [{ AttributeName: "Team", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    },
    { AttributeDefinitions: [{ AttributeName: "Team", AttributeType: "S" }] },
  );
  const index = async () => (await describe()).GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === "Teams");
  for (let tries = 0; (await index()).IndexStatus !== "ACTIVE"; ++tries) {
    assert.ok(tries < 300, "the index became active");
    await sleep(50);
  }
  const { Count } = await documents.send(
    new QueryCommand({
      TableName,
      IndexName: "Teams",
      KeyConditionExpression: "Team = :t",
      ExpressionAttributeValues: { ":t": "team 1" },
    }),
  );
  assert.equal(Count, 14);
  await change({ Delete: { IndexName: "Teams" } });
  for (let tries = 0; await index(); ++tries) {
    assert.ok(tries < 300, "the index went away");
    await sleep(50);
  }
});
