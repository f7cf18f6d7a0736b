// The two faces of the AWS SDK for JavaScript (v3), connected to Varve, and the table that a test works on.
//
// DynamoDBClient speaks DynamoDB's own types ({"S": "text"}, {"N": "1"}); the document client of lib-dynamodb takes and gives plain
// JavaScript values. Both run the same operations.
import { after, before } from "node:test";

import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export const connection = {
  endpoint: process.env.VARVE_ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
};
export const client = new DynamoDBClient(connection);
export const documents = DynamoDBDocumentClient.from(client);
export const patience = { client, minDelay: 0.05, maxWaitTime: 30 }; // seconds

// A table on demand with keys like {Artist: "S", Track: "N"}: the first is the partition key, a second one the sort key.
export async function createTable(TableName, keys, more = {}) {
  const names = Object.keys(keys);
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: keys[AttributeName] })),
      KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
      ...more,
    }),
  );
  await waitUntilTableExists(patience, { TableName });
}

// The same, there while the tests of a file run.
export function tableOfThisFile(TableName, keys, more) {
  before(() => createTable(TableName, keys, more));
  after(async () => {
    await client.send(new DeleteTableCommand({ TableName }));
    await waitUntilTableNotExists(patience, { TableName });
    client.destroy();
  });
}
