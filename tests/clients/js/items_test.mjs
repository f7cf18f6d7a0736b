// Items, as a newcomer to DynamoDB meets them, in the order they do it. The two faces of the SDK (connect.mjs) take turns.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test items_test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  ResourceNotFoundException,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  paginateScan,
} from "@aws-sdk/lib-dynamodb";

import { client, documents, tableOfThisFile } from "./connect.mjs";

const TableName = "Music";
tableOfThisFile(TableName, { Artist: "S", Track: "N" });

test("the table is described and listed", async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, "ACTIVE");
  assert.ok(Table.CreationDateTime instanceof Date);
  const { TableNames } = await client.send(new ListTablesCommand({}));
  assert.ok(TableNames.includes(TableName));
});

test("an item comes back as it went, in both faces", async () => {
  const Item = {
    Artist: "Nina Simone",
    Track: 1,
    Title: "Sinnerman",
    Seconds: 622.5,
    Live: true,
    Label: null,
    Cover: new Uint8Array([0, 127, 255]),
    Genres: new Set(["jazz", "soul"]),
    Credits: { piano: ["Nina Simone"], drums: [] },
  };
  await documents.send(new PutCommand({ TableName, Item }));

  const Key = { Artist: "Nina Simone", Track: 1 };
  const plain = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  assert.deepEqual(plain.Item, Item);

  const typed = await client.send(
    new GetItemCommand({ TableName, Key: { Artist: { S: "Nina Simone" }, Track: { N: "1" } } }),
  );
  assert.deepEqual(typed.Item.Seconds, { N: "622.5" });
  assert.deepEqual(typed.Item.Label, { NULL: true });

  const absent = await documents.send(new GetCommand({ TableName, Key: { ...Key, Track: 2 } }));
  assert.equal(absent.Item, undefined);
});

test("an update changes what it names and answers the new values", async () => {
  const Key = { Artist: "Update", Track: 1 };
  await documents.send(new PutCommand({ TableName, Item: { ...Key, Plays: 1, Tags: ["a"], Draft: true } }));
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: "SET #plays = #plays + :one, Tags = list_append(Tags, :tags) REMOVE Draft",
      ExpressionAttributeNames: { "#plays": "Plays" },
      ExpressionAttributeValues: { ":one": 1, ":tags": ["b"] },
      ReturnValues: "ALL_NEW",
    }),
  );
  assert.deepEqual(Attributes, { ...Key, Plays: 2, Tags: ["a", "b"] });
});

test("a failed condition is an exception of its own class, with the item when asked", async () => {
  const Key = { Artist: "Condition", Track: 1 };
  await documents.send(new PutCommand({ TableName, Item: { ...Key, Title: "first" } }));

  const onlyOnce = {
    TableName,
    ConditionExpression: "attribute_not_exists(Artist)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  const attempts = [
    new PutCommand({ ...onlyOnce, Item: Key }),
    new DeleteCommand({ ...onlyOnce, Key }),
    new UpdateCommand({ ...onlyOnce, Key, UpdateExpression: "REMOVE Title" }),
  ];
  for (const attempt of attempts) {
    await assert.rejects(documents.send(attempt), (error) => {
      assert.ok(error instanceof ConditionalCheckFailedException);
      assert.equal(error.name, "ConditionalCheckFailedException");
      assert.equal(error.message, "The conditional request failed");
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.equal(error.$metadata.attempts, 1);
      assert.match(error.$metadata.requestId, /^[0-9A-Z]{52}$/);
      assert.deepEqual(error.Item, { Artist: { S: "Condition" }, Track: { N: "1" }, Title: { S: "first" } });
      return true;
    });
  }

  // Not asked for, or nothing there: no item.
  await assert.rejects(
    documents.send(new PutCommand({ ...onlyOnce, Item: Key, ReturnValuesOnConditionCheckFailure: "NONE" })),
    (error) => error instanceof ConditionalCheckFailedException && error.Item === undefined,
  );
  await assert.rejects(
    documents.send(
      new DeleteCommand({ ...onlyOnce, Key: { ...Key, Track: 2 }, ConditionExpression: "attribute_exists(Artist)" }),
    ),
    (error) => error instanceof ConditionalCheckFailedException && error.Item === undefined,
  );
});

test("other errors have their classes and messages, too", async () => {
  await assert.rejects(
    documents.send(new GetCommand({ TableName: "Nowhere", Key: { Artist: "a", Track: 1 } })),
    ResourceNotFoundException,
  );
  await assert.rejects(documents.send(new GetCommand({ TableName, Key: { Artist: "a" } })), {
    name: "ValidationException",
    message: "The provided key element does not match the schema",
  });
});

test("batches write and read many items at once", async () => {
  const items = Array.from({ length: 25 }, (_, i) => ({ Artist: "Batch", Track: i, Title: `song ${i}` }));
  const written = await documents.send(
    new BatchWriteCommand({ RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } }),
  );
  assert.deepEqual(written.UnprocessedItems, {});

  const Keys = items.map(({ Artist, Track }) => ({ Artist, Track }));
  const read = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }));
  assert.deepEqual(read.UnprocessedKeys, {});
  const byTrack = (a, b) => a.Track - b.Track;
  assert.deepEqual(read.Responses[TableName].sort(byTrack), items);
});

test("a query walks its pages in the order of the sort key", async () => {
  for (let Track = 1; Track <= 7; ++Track) {
    await documents.send(new PutCommand({ TableName, Item: { Artist: "Query", Track, Skip: Track === 5 } }));
  }

  // By hand: every answer with a LastEvaluatedKey has a next page that starts there.
  const pages = [];
  let ExclusiveStartKey;
  do {
    const page = await documents.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "Artist = :artist AND Track > :after",
        ExpressionAttributeValues: { ":artist": "Query", ":after": 1 },
        ScanIndexForward: false,
        Limit: 4,
        ExclusiveStartKey,
      }),
    );
    pages.push(page.Items.map((item) => item.Track));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  assert.deepEqual(pages, [[7, 6, 5, 4], [3, 2]]);

  // With the SDK's paginator, in DynamoDB's own types.
  const tracks = [];
  for await (const page of paginateQuery(
    { client, pageSize: 3 },
    {
      TableName,
      KeyConditionExpression: "Artist = :artist",
      FilterExpression: "NOT Skip = :true",
      ExpressionAttributeValues: { ":artist": { S: "Query" }, ":true": { BOOL: true } },
    },
  )) {
    tracks.push(...page.Items.map((item) => item.Track.N));
  }
  assert.deepEqual(tracks, ["1", "2", "3", "4", "6", "7"]);
});

test("a scan finds every item once, and deleted ones no more", async () => {
  const Key = { Artist: "Scan", Track: 1 };
  await documents.send(new PutCommand({ TableName, Item: Key }));
  const removed = await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(removed.Attributes, Key);

  const seen = new Set();
  for await (const page of paginateScan({ client: documents, pageSize: 10 }, { TableName })) {
    for (const { Artist, Track } of page.Items) {
      assert.ok(!seen.has(`${Artist}/${Track}`));
      seen.add(`${Artist}/${Track}`);
    }
  }
  assert.ok(seen.has("Batch/24") && seen.has("Query/7"));
  assert.ok(!seen.has("Scan/1"));
});
