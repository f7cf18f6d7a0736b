// ElectroDB, several entities in one table: the task application of its README.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Entity, Service, createConversions } from "electrodb";

import { documents, tableOfThisFile } from "./connect.mjs";

const table = "Electro";
const keys = (hash, range) => [
  { AttributeName: hash, KeyType: "HASH" },
  { AttributeName: range, KeyType: "RANGE" },
];
tableOfThisFile(table, { pk: "S", sk: "S", gsi1pk: "S", gsi1sk: "S" }, {
  KeySchema: keys("pk", "sk"),
  GlobalSecondaryIndexes: [
    { IndexName: "gsi1", KeySchema: keys("gsi1pk", "gsi1sk"), Projection: { ProjectionType: "ALL" } },
  ],
});

const tasks = new Entity(
  {
    model: { entity: "tasks", version: "1", service: "taskapp" },
    attributes: {
      team: { type: "string", required: true },
      task: { type: "string", required: true },
      project: { type: "string", required: true },
      user: { type: "string" },
      status: { type: ["open", "in-progress", "on-hold", "closed"], default: "open" },
      points: { type: "number", default: 0 },
      tags: { type: "set", items: "string" },
      comments: { type: "list", items: { type: "map", properties: { user: { type: "string" }, body: { type: "string" } } } },
      updatedAt: { type: "number", watch: "*", set: () => Date.now() },
    },
    indexes: {
      projects: {
        collection: "work",
        pk: { field: "pk", composite: ["team"] },
        sk: { field: "sk", composite: ["project", "task"] },
      },
      assigned: {
        index: "gsi1",
        pk: { field: "gsi1pk", composite: ["user"] },
        sk: { field: "gsi1sk", composite: ["status"] },
      },
    },
  },
  { client: documents, table },
);
const members = new Entity(
  {
    model: { entity: "members", version: "1", service: "taskapp" },
    attributes: { team: { type: "string", required: true }, name: { type: "string", required: true }, role: { type: "string" } },
    indexes: {
      team: { collection: "work", pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["name"] } },
    },
  },
  { client: documents, table },
);
const taskapp = new Service({ tasks, members });

test("the README's patch: set, add, append and a condition in one update", async () => {
  const key = { team: "core", task: "45-662", project: "backend" };
  await tasks.create({ ...key, status: "in-progress", points: 1, comments: [], tags: ["db"] }).go();
  const patch = () =>
    tasks
      .patch(key)
      .set({ status: "open" })
      .add({ points: 5, tags: ["slow"] })
      .append({ comments: [{ user: "janet", body: "This seems half-baked." }] })
      .where(({ status }, { eq }) => eq(status, "in-progress"))
      .go({ response: "all_new" });
  const { data } = await patch();
  assert.equal(data.status, "open");
  assert.equal(data.points, 6);
  assert.deepEqual(data.tags, ["db", "slow"]);
  assert.deepEqual(data.comments, [{ user: "janet", body: "This seems half-baked." }]);
  await assert.rejects(patch(), (error) => error.cause?.name === "ConditionalCheckFailedException");
  await assert.rejects(tasks.create(key).go(), (error) => error.cause?.name === "ConditionalCheckFailedException");
});

test("queries compose keys and filters, and page with cursors", async () => {
  await tasks.put(Array.from({ length: 30 }, (_, i) => ({ team: "query", project: `p${i % 3}`, task: `t${i}`, points: i }))).go();
  const { data } = await tasks.query
    .projects({ team: "query", project: "p1" })
    .where(({ points }, { gte }) => gte(points, 10))
    .go();
  assert.deepEqual(
    data.map(({ points }) => points).sort((a, b) => a - b),
    [10, 13, 16, 19, 22, 25, 28],
  );
  const seen = [];
  let cursor = null;
  do {
    const page = await tasks.query.projects({ team: "query" }).go({ cursor, limit: 7 });
    seen.push(...page.data.map(({ task }) => task));
    cursor = page.cursor;
  } while (cursor);
  assert.equal(new Set(seen).size, 30);
  assert.equal(seen.length, 30);
  assert.equal((await tasks.query.projects({ team: "query" }).begins({ project: "p" }).go({ pages: "all" })).data.length, 30);
  const got = await tasks.get([
    { team: "query", project: "p0", task: "t0" },
    { team: "query", project: "p0", task: "absent" },
  ]).go();
  assert.equal(got.data.length, 1);
  assert.ok(createConversions(tasks).byAccessPattern.projects);
});

test("a collection answers both entities in one query", async () => {
  await members.create({ team: "both", name: "ada", role: "lead" }).go();
  await tasks.create({ team: "both", project: "x", task: "1" }).go();
  const { data } = await taskapp.collections.work({ team: "both" }).go();
  assert.deepEqual(data.members, [{ team: "both", name: "ada", role: "lead" }]);
  assert.deepEqual(
    data.tasks.map(({ task }) => task),
    ["1"],
  );
});

test("an index answers who has what, in the state it is in", async () => {
  const key = (task) => ({ team: "index", project: "x", task });
  for (const task of ["1", "2", "3"]) await tasks.create({ ...key(task), user: "ada", status: "open" }).go();
  await tasks.create(key("4")).go(); // nobody's: not in the index
  await tasks.patch(key("2")).set({ user: "ada", status: "closed" }).go();
  const assigned = async (sort) => (await tasks.query.assigned({ user: "ada", ...sort }).go()).data.map(({ task }) => task).sort();
  assert.deepEqual(await assigned({}), ["1", "2", "3"]);
  assert.deepEqual(await assigned({ status: "open" }), ["1", "3"]);
  assert.deepEqual(await assigned({ status: "closed" }), ["2"]);
});

test("a transaction takes all or says which was refused", async () => {
  const key = { team: "tx", project: "x", task: "1" };
  await tasks.create(key).go();
  const move = () =>
    taskapp.transaction
      .write(({ tasks, members }) => [
        tasks.patch(key).add({ points: 1 }).commit(),
        members.create({ team: "tx", name: "bob" }).commit({ response: "all_old" }),
      ])
      .go();
  assert.equal((await move()).canceled, false);
  const second = await move();
  assert.equal(second.canceled, true);
  assert.deepEqual(
    second.data.map(({ code }) => code),
    ["None", "ConditionalCheckFailed"],
  );
  assert.equal(second.data[1].item.name, "bob");
  const { data } = await taskapp.transaction
    .get(({ tasks, members }) => [tasks.get(key).commit(), members.get({ team: "tx", name: "bob" }).commit()])
    .go();
  assert.equal(data[0].item.points, 1);
  assert.equal(data[1].item.name, "bob");
});
