// What the SDK does below the operations: it reuses its connections, has many requests under way, tries again after a 5xx, and checks
// the answers' checksums.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test wire_test.mjs
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

import { connection, tableOfThisFile } from "./connect.mjs";

const TableName = "Wire";
tableOfThisFile(TableName, { Id: "S" });

const put = (Id, more = {}) => new PutItemCommand({ TableName, Item: { Id: { S: Id }, ...more } });
const get = (Id) => new GetItemCommand({ TableName, Key: { Id: { S: Id } } });

// A client whose connections are counted, and whose requests pass through `change` (of the HTTP request and the number of the try).
function makeClient({ sockets, change, ...more }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  let opened = 0;
  const createConnection = agent.createConnection;
  agent.createConnection = function (...args) {
    ++opened;
    return createConnection.apply(this, args);
  };
  const client = new DynamoDBClient({ ...connection, ...more, requestHandler: { httpAgent: agent } });
  if (change) {
    let tries = 0;
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request, ++tries);
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" }, // after each decision to try again
    );
  }
  return { client, opened: () => opened };
}

test("hundreds of requests, fifty at a time, share fifty connections", async () => {
  const { client, opened } = makeClient({ sockets: 50 });
  const ids = Array.from({ length: 200 }, (_, i) => `parallel ${i}`);
  await Promise.all(ids.map((id) => client.send(put(id))));
  const answers = await Promise.all(ids.map((id) => client.send(get(id))));
  assert.deepEqual(
    answers.map(({ Item }) => Item.Id.S),
    ids,
  );
  assert.ok(opened() <= 50, `${opened()} connections`);
  client.destroy();
});

test("a connection is as good after an error as before", async () => {
  const { client, opened } = makeClient({ sockets: 1 });
  for (let i = 0; i < 20; ++i) {
    await assert.rejects(client.send(new GetItemCommand({ TableName, Key: { Wrong: { S: "x" } } })), {
      name: "ValidationException",
    });
    await assert.rejects(client.send(new DescribeTableCommand({ TableName: "Nowhere" })), {
      name: "ResourceNotFoundException",
    });
    await client.send(put(`after error ${i}`));
  }
  assert.equal(opened(), 1);
  client.destroy();
});

test("a 500 is tried again on the same connection", async () => {
  // DynamoDB answers 500 to a damaged gzip body, which SDKs take for a passing fault. The third try is whole.
  const { client, opened } = makeClient({
    sockets: 1,
    change(request, tries) {
      const whole = gzipSync(JSON.stringify({ TableName, Item: { Id: { S: "retried" } } }));
      request.body = tries < 3 ? whole.subarray(0, -1) : whole;
      request.headers["content-encoding"] = "gzip";
      request.headers["content-length"] = String(request.body.length);
    },
    maxAttempts: 3,
  });
  const { $metadata } = await client.send(put("retried"));
  assert.equal($metadata.attempts, 3);
  assert.ok($metadata.totalRetryDelay > 0);
  assert.equal(opened(), 1);
  client.destroy();

  const { client: impatient } = makeClient({
    sockets: 1,
    change(request) {
      request.headers["content-encoding"] = "gzip";
    },
    maxAttempts: 2,
  });
  await assert.rejects(impatient.send(put("never")), (error) => {
    assert.equal(error.name, "InternalServerError");
    assert.equal(error.$fault, "server");
    assert.equal(error.$metadata.attempts, 2);
    return true;
  });
  impatient.destroy();
});

test("compressed requests are understood", async () => {
  const { client } = makeClient({
    sockets: 1,
    change(request) {
      request.body = gzipSync(request.body);
      request.headers["content-encoding"] = "gzip";
      request.headers["content-length"] = String(request.body.length);
    },
  });
  const text = "a long text ".repeat(20_000);
  await client.send(put("compressed", { Text: { S: text } }));
  assert.equal((await client.send(get("compressed"))).Item.Text.S, text);
  client.destroy();
});
