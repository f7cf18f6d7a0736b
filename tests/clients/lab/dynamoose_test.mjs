// dynamoose, models in the style of Mongoose: the example of its README, and its guide's queries, updates, conditions and transactions.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";

import dynamoose from "dynamoose";

import { connection } from "./connect.mjs";

const dynamodb = new dynamoose.aws.ddb.DynamoDB(connection);
dynamoose.aws.ddb.set(dynamodb);
after(() => dynamodb.destroy());

const Book = dynamoose.model(
  "Book",
  new dynamoose.Schema(
    {
      id: { type: String, hashKey: true, default: () => randomUUID() },
      title: { type: String, required: true },
      author: { type: String, required: true },
      publishedDate: { type: Date, required: true },
      genre: { type: String, required: true, enum: ["fantasy", "sci-fi", "poetry"] },
      summary: String,
      pageCount: Number,
      tags: { type: Set, schema: [String] },
    },
    { timestamps: true },
  ),
);
const Reading = dynamoose.model("Reading", {
  reader: { type: String, hashKey: true },
  page: { type: Number, rangeKey: true },
  note: String,
});
const book = (title, more) => ({ title, author: "N.N.", publishedDate: new Date("1997-06-26"), genre: "fantasy", ...more });

test("a model makes its table, saves and scans", async () => {
  const saved = await new Book(book("Philosopher's Stone", { pageCount: 223, tags: new Set(["a", "b"]) })).save();
  assert.match(saved.id, /^[0-9a-f-]{36}$/);
  const all = await Book.scan().exec();
  assert.equal(all.count, 1);
  assert.equal(all[0].title, "Philosopher's Stone");
  assert.deepEqual(all[0].publishedDate, new Date("1997-06-26"));

  const read = await Book.get(saved.id);
  assert.deepEqual(read.tags, new Set(["a", "b"]));
  assert.equal(await Book.get("absent"), undefined);
  await assert.rejects(Book.create({ id: saved.id, ...book("again") }), { name: "ConditionalCheckFailedException" });
});

test("updates set, add and remove", async () => {
  const { id } = await Book.create(book("Updated", { pageCount: 1, summary: "short" }));
  const updated = await Book.update({ id }, { $SET: { title: "New title" }, $ADD: { pageCount: 5 }, $REMOVE: ["summary"] });
  assert.equal(updated.title, "New title");
  assert.equal(updated.pageCount, 6);
  assert.equal(updated.summary, undefined);

  const onlyLong = new dynamoose.Condition().where("pageCount").gt(100);
  await assert.rejects(Book.update({ id }, { title: "never" }, { condition: onlyLong }), {
    name: "ConditionalCheckFailedException",
  });
  assert.equal((await Book.get(id)).title, "New title");
  await Book.delete(id);
  assert.equal(await Book.get(id), undefined);
});

test("queries take ranges, filters, orders and limits", async () => {
  await Reading.batchPut(Array.from({ length: 20 }, (_, i) => ({ reader: "ada", page: i + 1, note: i % 2 ? "odd" : "even" })));
  const range = await Reading.query("reader").eq("ada").where("page").between(5, 8).exec();
  assert.deepEqual(
    range.map(({ page }) => page),
    [5, 6, 7, 8],
  );
  const newest = await Reading.query("reader").eq("ada").sort("descending").limit(3).exec();
  assert.deepEqual(
    newest.map(({ page }) => page),
    [20, 19, 18],
  );
  const next = await Reading.query("reader").eq("ada").sort("descending").limit(3).startAt(newest.lastKey).exec();
  assert.equal(next[0].page, 17);
  assert.equal((await Reading.query("reader").eq("ada").filter("note").eq("odd").count().exec()).count, 10);
  assert.equal((await Reading.scan("note").contains("ev").all().exec()).length, 10);

  const some = await Reading.batchGet([{ reader: "ada", page: 1 }, { reader: "ada", page: 2 }, { reader: "ada", page: 99 }]);
  assert.equal(some.length, 2);
  await Reading.batchDelete(Array.from({ length: 20 }, (_, i) => ({ reader: "ada", page: i + 1 })));
  assert.equal((await Reading.scan().exec()).count, 0);
});

test("transactions write and read together", async () => {
  const [first, second] = await Promise.all([Book.create(book("first")), Book.create(book("second"))]);
  await dynamoose.transaction([
    Book.transaction.update({ id: first.id }, { $SET: { title: "changed" } }),
    Book.transaction.delete(second.id),
    Book.transaction.create(book("third", { id: "third" })),
  ]);
  assert.equal((await Book.get(first.id)).title, "changed");
  assert.equal(await Book.get(second.id), undefined);
  await assert.rejects(
    dynamoose.transaction([
      Book.transaction.create(book("third", { id: "third" })),
      Book.transaction.update({ id: first.id }, { $SET: { title: "never" } }),
    ]),
    { name: "TransactionCanceledException" },
  );
  assert.equal((await Book.get(first.id)).title, "changed");
});

test("an index of a model is made, queried and followed", async () => {
  const Film = dynamoose.model(
    "Film",
    new dynamoose.Schema({
      id: { type: String, hashKey: true },
      director: { type: String, index: { name: "byDirector", rangeKey: "year", type: "global" } },
      year: Number,
    }),
  );
  await Film.batchPut([
    { id: "1", director: "Varda", year: 1962 },
    { id: "2", director: "Varda", year: 1985 },
    { id: "3", director: "Ray", year: 1955 },
    { id: "4" },
  ]);
  const films = () => Film.query("director").eq("Varda").where("year").gt(1960).using("byDirector").sort("descending").exec();
  assert.deepEqual(
    (await films()).map(({ id }) => id),
    ["2", "1"],
  );
  await Film.update({ id: "3" }, { director: "Varda", year: 2000 });
  assert.deepEqual(
    (await films()).map(({ id }) => id),
    ["3", "2", "1"],
  );
});
