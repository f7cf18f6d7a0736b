// Tables, and the settings that only newer SDKs know.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test tables_test.mjs
import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  ListTagsOfResourceCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTableCommand,
  paginateListTables,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";

import { client, createTable, patience } from "./connect.mjs";

after(() => client.destroy());

const describe = async (TableName) => (await client.send(new DescribeTableCommand({ TableName }))).Table;
const drop = async (TableName) => {
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists(patience, { TableName });
};

test("a table is made, described and deleted", async () => {
  await createTable("Plain", { Id: "B" });
  const table = await describe("Plain");
  assert.equal(table.TableStatus, "ACTIVE");
  assert.equal(table.TableArn, "arn:aws:dynamodb:us-east-1:000000000000:table/Plain");
  assert.match(table.TableId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(Date.now() - table.CreationDateTime) < 3600e3);
  assert.equal(table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.equal(table.ItemCount, 0);

  // The ARN is as good as the name.
  assert.equal((await describe(table.TableArn)).TableId, table.TableId);

  await assert.rejects(createTable("Plain", { Id: "B" }), ResourceInUseException);
  await drop("Plain");
  await assert.rejects(describe("Plain"), ResourceNotFoundException);
  await assert.rejects(drop("Plain"), ResourceNotFoundException);
});

test("a protected table stays until its protection is taken away", async () => {
  await createTable("Protected", { Id: "S" }, { DeletionProtectionEnabled: true });
  assert.equal((await describe("Protected")).DeletionProtectionEnabled, true);
  await assert.rejects(drop("Protected"), {
    name: "ValidationException",
    message:
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await client.send(new UpdateTableCommand({ TableName: "Protected", DeletionProtectionEnabled: false }));
  assert.equal((await describe("Protected")).DeletionProtectionEnabled, false);
  await drop("Protected");
});

test("a table changes its billing, throughput and class", async () => {
  const TableName = "Changing";
  const update = (change) => client.send(new UpdateTableCommand({ TableName, ...change }));
  await createTable(
    TableName,
    { Id: "N" },
    { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 } },
  );
  assert.equal((await describe(TableName)).ProvisionedThroughput.WriteCapacityUnits, 6);
  await update({ ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 8 } });
  const raised = (await describe(TableName)).ProvisionedThroughput;
  assert.equal(raised.WriteCapacityUnits, 8);
  assert.ok(raised.LastIncreaseDateTime instanceof Date);

  await update({ BillingMode: "PAY_PER_REQUEST" });
  const onDemand = await describe(TableName);
  assert.equal(onDemand.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.equal(onDemand.ProvisionedThroughput.WriteCapacityUnits, 0);

  await update({ TableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.equal((await describe(TableName)).TableClassSummary.TableClass, "STANDARD_INFREQUENT_ACCESS");
  await assert.rejects(update({}), { name: "ValidationException", message: /^At least one of ProvisionedThroughput/ });
  await drop(TableName);
});

test("tags are kept with a table", async () => {
  await createTable("Tagged", { Id: "S" }, { Tags: [{ Key: "team", Value: "storage" }] });
  const { TableArn: ResourceArn } = await describe("Tagged");
  const tags = async () => {
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }));
    return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
  };
  assert.deepEqual(await tags(), { team: "storage" });
  await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "stage", Value: "" }] }));
  assert.deepEqual(await tags(), { team: "storage", stage: "" });
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team"] }));
  assert.deepEqual(await tags(), { stage: "" });
  await drop("Tagged");
});

test("tables are listed page by page in order", async () => {
  const names = ["List.a", "List.b", "List.c", "List.d", "List.e"];
  await Promise.all([...names].reverse().map((name) => createTable(name, { Id: "S" })));
  const seen = [];
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) {
    assert.ok(page.TableNames.length <= 2);
    seen.push(...page.TableNames.filter((name) => name.startsWith("List.")));
  }
  assert.deepEqual(seen, names);
  await Promise.all(names.map(drop));
});

test("a bad definition is refused with the reason", async () => {
  const refused = (change, message) =>
    assert.rejects(createTable("Refused", { Id: "S" }, change), { name: "ValidationException", message });
  await refused(
    { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
    "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
  );
  await refused(
    { KeySchema: [{ AttributeName: "Other", KeyType: "HASH" }] },
    "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [Other], AttributeDefinitions: [Id]",
  );
  await assert.rejects(client.send(new CreateTableCommand({ TableName: "ab" })), { name: "ValidationException" });
});

test("limits are told", async () => {
  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.ok(limits.TableMaxReadCapacityUnits > 0 && limits.AccountMaxWriteCapacityUnits > 0);
});
