// Version 2 of the AWS SDK for JavaScript, still in many programs, and dyno, which stands on it.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import AWS from "aws-sdk";
import Dyno from "dyno";

import { client, createTable } from "./connect.mjs";

AWS.config.update({ region: "us-east-1", accessKeyId: "local", secretAccessKey: "local", maxRetries: 1 });
const dynamodb = new AWS.DynamoDB({ endpoint: process.env.VARVE_ENDPOINT });
const documents = new AWS.DynamoDB.DocumentClient({ service: dynamodb });
after(() => client.destroy());

test("tables, items and waiters through callbacks and promises", async () => {
  const TableName = "Older";
  await dynamodb
    .createTable({
      TableName,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    })
    .promise();
  await dynamodb.waitFor("tableExists", { TableName, $waiter: { delay: 1 } }).promise();

  const Item = { id: 1, text: "Grüße", bytes: Buffer.from([0, 255]), list: [1, null, { deep: true }], tags: documents.createSet(["a"]) };
  await documents.put({ TableName, Item }).promise();
  const read = await new Promise((resolve, reject) =>
    documents.get({ TableName, Key: { id: 1 } }, (error, data) => (error ? reject(error) : resolve(data))),
  );
  assert.deepEqual(read.Item.list, Item.list);
  assert.deepEqual(Buffer.from(read.Item.bytes), Item.bytes);
  assert.deepEqual(read.Item.tags.values, ["a"]);

  // The parameters of the time before expressions.
  const updated = await documents
    .update({ TableName, Key: { id: 1 }, AttributeUpdates: { count: { Action: "ADD", Value: 2 } }, ReturnValues: "UPDATED_NEW" })
    .promise();
  assert.deepEqual(updated.Attributes, { count: 2 });
  await assert.rejects(
    documents.put({ TableName, Item: { id: 1 }, Expected: { id: { Exists: false } } }).promise(),
    ({ code, statusCode, retryable }) => code === "ConditionalCheckFailedException" && statusCode === 400 && !retryable,
  );
  const found = await documents
    .query({ TableName, KeyConditions: { id: { ComparisonOperator: "EQ", AttributeValueList: [1] } } })
    .promise();
  assert.equal(found.Count, 1);

  await assert.rejects(
    documents.transactWrite({ TransactItems: [{ Put: { TableName, Item: { id: 1 }, ConditionExpression: "attribute_not_exists(id)" } }] }).promise(),
    ({ code, message }) => code === "TransactionCanceledException" && /\[ConditionalCheckFailed\]/.test(message),
  );
  await dynamodb.deleteTable({ TableName }).promise();
  await dynamodb.waitFor("tableNotExists", { TableName, $waiter: { delay: 1 } }).promise();
});

test("dyno streams, chunks and scans", async () => {
  await createTable("Dyno", { id: "S" });
  const dyno = Dyno({ table: "Dyno", region: "us-east-1", endpoint: process.env.VARVE_ENDPOINT });
  const call = (operation, parameters) =>
    new Promise((resolve, reject) => operation.call(dyno, parameters, (error, data) => (error ? reject(error) : resolve(data))));
  const puts = Array.from({ length: 60 }, (_, i) => ({ PutRequest: { Item: { id: `item ${i}`, n: i } } }));
  await new Promise((resolve, reject) =>
    dyno.batchWriteAll({ RequestItems: { Dyno: puts } }).sendAll(4, (error, data) => (error ? reject(error) : resolve(data))),
  );
  assert.equal((await call(dyno.getItem, { Key: { id: "item 7" } })).Item.n, 7);
  let sum = 0;
  for await (const { n } of dyno.scanStream({ Limit: 7 })) sum += n;
  assert.equal(sum, (59 * 60) / 2);
});
