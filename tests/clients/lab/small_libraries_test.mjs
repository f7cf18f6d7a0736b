// Smaller libraries: the SDK's own marshaller, dynamodb-data-types, and the session store of Express.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import connect from "connect-dynamodb";
import dataTypes from "dynamodb-data-types";
import session from "express-session";

import { client, createTable } from "./connect.mjs";

after(() => client.destroy());

test("@aws-sdk/util-dynamodb: numbers of 38 digits survive", async () => {
  await createTable("Marshalled", { id: "N" });
  const big = "12345678901234567890.123456789012345678";
  const Item = marshall({ id: 1, big: NumberValue.from(big), nested: { set: new Set([1n, 2n]), empty: "" }, gone: undefined }, { removeUndefinedValues: true });
  await client.send(new PutItemCommand({ TableName: "Marshalled", Item }));
  const read = await client.send(new GetItemCommand({ TableName: "Marshalled", Key: marshall({ id: 1 }) }));
  assert.equal(unmarshall(read.Item, { wrapNumbers: true }).big.toString(), big);
  assert.deepEqual(unmarshall({ nested: read.Item.nested }), { nested: { set: new Set([1, 2]), empty: "" } });
});

test("dynamodb-data-types: the README's update expression", async () => {
  await createTable("FooTable", { id: "N" });
  const { AttributeValue, updateExpr } = dataTypes;
  const Key = AttributeValue.wrap({ id: 10 });
  await client.send(new PutItemCommand({ TableName: "FooTable", Item: AttributeValue.wrap({ id: 10, foo: 1, age: 4, year: [2008, 2009] }) }));
  const updates = updateExpr()
    .set({ greet: "Hello" })
    .remove("foo", "city")
    .add({ age: 1 })
    .set({ nick: "bar" })
    .remove("baz")
    .delete({ year: [2008] })
    .add({ amt: 1.5 });
  const { Attributes } = await client.send(
    new UpdateItemCommand({ TableName: "FooTable", Key, ...updates.expr(), ReturnValues: "ALL_NEW" }),
  );
  assert.deepEqual(AttributeValue.unwrap(Attributes), { id: 10, greet: "Hello", nick: "bar", age: 5, amt: 1.5, year: [2009] });
});

test("connect-dynamodb: sessions of Express", async () => {
  const DynamoDBStore = connect(session);
  const store = new DynamoDBStore({ client, table: "sessions" });
  await store.initialize();
  const call = (method, ...args) =>
    new Promise((resolve, reject) => store[method](...args, (error, data) => (error ? reject(error) : resolve(data))));
  const cookie = { maxAge: 60_000, expires: new Date(Date.now() + 60_000) };
  await call("set", "one", { cookie, name: "tj" });
  assert.equal((await call("get", "one")).name, "tj");
  await call("touch", "one", { cookie: { ...cookie, maxAge: 120_000 }, name: "tj" });
  assert.equal((await call("get", "one")).name, "tj");
  await call("destroy", "one");
  assert.equal(await call("get", "one"), null);
});
