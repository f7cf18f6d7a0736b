// Streams and time to live: every change of a table as a record, and items that go by themselves.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test streams_test.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { BatchWriteCommand, DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

import { client, connection, createTable, documents } from "./connect.mjs";

const TableName = "Sessions";
const streams = new DynamoDBStreamsClient(connection);
let StreamArn;

before(async () => {
  await createTable(
    TableName,
    { Id: "S" },
    { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } },
  );
  StreamArn = (await client.send(new DescribeTableCommand({ TableName }))).Table.LatestStreamArn;
});

after(async () => {
  await client.send(new DeleteTableCommand({ TableName }));
  client.destroy();
  streams.destroy();
});

// A follower of the stream: next(count) waits for so many records. A shard that ends is followed by its child.
async function follow(ShardIteratorType) {
  const shards = async () => (await streams.send(new DescribeStreamCommand({ StreamArn }))).StreamDescription.Shards;
  const iteratorOf = async ({ ShardId }, type) =>
    (await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: type }))).ShardIterator;
  const all = await shards();
  let shard = ShardIteratorType === "LATEST" ? all.at(-1) : all[0];
  let ShardIterator = await iteratorOf(shard, ShardIteratorType);
  const waiting = [];
  return async (count) => {
    for (let tries = 0; waiting.length < count; ++tries) {
      assert.ok(tries < 600, `${waiting.length} of ${count} records came`);
      const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
      waiting.push(...Records);
      ShardIterator = NextShardIterator;
      if (!ShardIterator && waiting.length < count) {
        shard = (await shards()).find(({ ParentShardId }) => ParentShardId === shard.ShardId);
        ShardIterator = await iteratorOf(shard, "TRIM_HORIZON");
      }
      if (Records.length === 0) await sleep(50);
    }
    return waiting.splice(0, count);
  };
}
const image = (marshalled) => marshalled && unmarshall(marshalled);

test("a stream is listed and described", async () => {
  const { Streams } = await streams.send(new ListStreamsCommand({ TableName }));
  assert.deepEqual(
    Streams.map((stream) => stream.StreamArn),
    [StreamArn],
  );
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  assert.equal(StreamDescription.StreamStatus, "ENABLED");
  assert.equal(StreamDescription.StreamViewType, "NEW_AND_OLD_IMAGES");
  assert.deepEqual(StreamDescription.KeySchema, [{ AttributeName: "Id", KeyType: "HASH" }]);
});

test("each change is one record, in order, with both images", async () => {
  const next = await follow("LATEST");
  const Key = { Id: "life" };
  await documents.send(new PutCommand({ TableName, Item: { ...Key, n: 1 } }));
  await documents.send(new PutCommand({ TableName, Item: { ...Key, n: 1 } })); // changes nothing
  await documents.send(
    new UpdateCommand({ TableName, Key, UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": 1 } }),
  );
  await documents.send(new DeleteCommand({ TableName, Key }));
  await documents.send(new DeleteCommand({ TableName, Key })); // changes nothing
  const records = await next(3);
  assert.deepEqual(
    records.map(({ eventName, dynamodb }) => [eventName, image(dynamodb.OldImage)?.n, image(dynamodb.NewImage)?.n]),
    [
      ["INSERT", undefined, 1],
      ["MODIFY", 1, 2],
      ["REMOVE", 2, undefined],
    ],
  );
  for (const { eventSource, eventVersion, awsRegion, dynamodb } of records) {
    assert.deepEqual([eventSource, eventVersion, awsRegion], ["aws:dynamodb", "1.1", "us-east-1"]);
    assert.deepEqual(unmarshall(dynamodb.Keys), Key);
    assert.ok(dynamodb.ApproximateCreationDateTime instanceof Date);
  }
  const numbers = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
  assert.ok(numbers[0] < numbers[1] && numbers[1] < numbers[2]);
});

test("a batch makes one record for each item", async () => {
  const next = await follow("LATEST");
  const puts = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { Id: `batch ${i}` } } }));
  await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
  const ids = (await next(25)).map(({ dynamodb }) => unmarshall(dynamodb.Keys).Id);
  assert.equal(new Set(ids).size, 25);
});

test("an expired session goes by itself, and its record says who did it", async () => {
  const set = (Enabled) =>
    client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: "Expires", Enabled } }));
  await set(true);
  await assert.rejects(set(true), { name: "ValidationException", message: "TimeToLive is already enabled" });
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.match(TimeToLiveDescription.TimeToLiveStatus, /^ENABL(ED|ING)$/);
  assert.equal(TimeToLiveDescription.AttributeName, "Expires");

  const next = await follow("LATEST");
  const seconds = Math.floor(Date.now() / 1000);
  await documents.send(new PutCommand({ TableName, Item: { Id: "old", Expires: seconds - 10 } }));
  await documents.send(new PutCommand({ TableName, Item: { Id: "fresh", Expires: seconds + 3600 } }));
  const records = await next(3);
  const removed = records.find(({ eventName }) => eventName === "REMOVE");
  assert.equal(unmarshall(removed.dynamodb.Keys).Id, "old");
  assert.deepEqual(removed.userIdentity, { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" });
  assert.equal((await documents.send(new GetCommand({ TableName, Key: { Id: "old" } }))).Item, undefined);
  assert.equal((await documents.send(new GetCommand({ TableName, Key: { Id: "fresh" } }))).Item.Id, "fresh");
  await set(false);
});

test("a stream that is switched off can still be read", async () => {
  await client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));
  const next = await follow("TRIM_HORIZON");
  assert.equal((await next(1))[0].eventName, "INSERT");
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  assert.match(StreamDescription.StreamStatus, /^DISABL(ED|ING)$/);
});
