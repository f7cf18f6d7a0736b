// DynamoDB-Toolbox, schemas over the document client: the music of its README, then queries, scans, batches and transactions.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { Entity } from "dynamodb-toolbox/entity";
import { DeleteItemCommand } from "dynamodb-toolbox/entity/actions/delete";
import { GetItemCommand } from "dynamodb-toolbox/entity/actions/get";
import { PutItemCommand } from "dynamodb-toolbox/entity/actions/put";
import { ConditionCheck } from "dynamodb-toolbox/entity/actions/transactCheck";
import { PutTransaction } from "dynamodb-toolbox/entity/actions/transactPut";
import { execute } from "dynamodb-toolbox/entity/actions/transactWrite";
import { $add, $append, $get, UpdateItemCommand } from "dynamodb-toolbox/entity/actions/update";
import { BatchPutRequest } from "dynamodb-toolbox/entity/actions/batchPut";
import { item, list, number, set, string } from "dynamodb-toolbox/schema";
import { Table } from "dynamodb-toolbox/table";
import { BatchWriteCommand, execute as executeBatch } from "dynamodb-toolbox/table/actions/batchWrite";
import { QueryCommand } from "dynamodb-toolbox/table/actions/query";
import { ScanCommand } from "dynamodb-toolbox/table/actions/scan";

import { documents, tableOfThisFile } from "./connect.mjs";

const key = (AttributeName, KeyType) => ({ AttributeName, KeyType });
tableOfThisFile("Toolbox", { artist: "S", songTitle: "S", albumTitle: "S", year: "S" }, {
  KeySchema: [key("artist", "HASH"), key("songTitle", "RANGE")],
  GlobalSecondaryIndexes: [
    { IndexName: "albums", KeySchema: [key("albumTitle", "HASH"), key("year", "RANGE")], Projection: { ProjectionType: "ALL" } },
  ],
});

const table = new Table({
  documentClient: documents,
  name: "Toolbox",
  partitionKey: { name: "artist", type: "string" },
  sortKey: { name: "songTitle", type: "string" },
  indexes: {
    albums: {
      type: "global",
      partitionKey: { name: "albumTitle", type: "string" },
      sortKey: { name: "year", type: "string" },
    },
  },
});
const Music = new Entity({
  name: "MUSIC",
  table,
  schema: item({
    artist: string().key(),
    songTitle: string().key(),
    albumTitle: string().optional(),
    year: string().optional(),
    plays: number().optional(),
    genres: set(string()).optional(),
    comments: list(string()).optional(),
  }),
});

test("the README's update makes the item", async () => {
  const { Attributes } = await Music.build(UpdateItemCommand)
    .item({ artist: "Acme Band", songTitle: "Happy Day", albumTitle: "Louder Than Ever", year: "2015" })
    .options({ returnValues: "ALL_NEW" })
    .send();
  assert.equal(Attributes.albumTitle, "Louder Than Ever");
});

test("put, get, extended updates and conditions", async () => {
  const song = { artist: "Nina Simone", songTitle: "Sinnerman" };
  await Music.build(PutItemCommand).item({ ...song, plays: 1, genres: new Set(["jazz"]) }).send();
  await Music.build(UpdateItemCommand)
    .item({ ...song, plays: $add(2), genres: $add(new Set(["soul"])), comments: $append(["live"]), albumTitle: $get("songTitle") })
    .send();
  const { Item } = await Music.build(GetItemCommand).key(song).options({ consistent: true }).send();
  assert.equal(Item.plays, 3);
  assert.deepEqual(Item.genres, new Set(["jazz", "soul"]));
  assert.deepEqual(Item.comments, ["live"]);
  assert.equal(Item.albumTitle, "Sinnerman");

  const never = Music.build(DeleteItemCommand).key(song).options({ condition: { attr: "plays", gt: 100 } });
  await assert.rejects(never.send(), ConditionalCheckFailedException);
  await Music.build(DeleteItemCommand).key(song).options({ condition: { attr: "plays", lte: 100 } }).send();
  assert.equal((await Music.build(GetItemCommand).key(song).send()).Item, undefined);
});

test("batches, queries and scans", async () => {
  const songs = Array.from({ length: 12 }, (_, i) => ({ artist: "Many", songTitle: `song ${i + 10}`, plays: i }));
  const puts = songs.map((song) => Music.build(BatchPutRequest).item(song));
  await executeBatch(table.build(BatchWriteCommand).requests(...puts));

  const query = { partition: "Many", range: { between: ["song 12", "song 18"] } };
  const { Items, Count } = await table
    .build(QueryCommand)
    .query(query)
    .entities(Music)
    .options({ reverse: true, filters: { MUSIC: { attr: "plays", gte: 4 } } })
    .send();
  assert.equal(Count, 5);
  assert.deepEqual(
    Items.map(({ plays }) => plays),
    [8, 7, 6, 5, 4],
  );
  const scanned = await table.build(ScanCommand).entities(Music).options({ maxPages: Infinity, limit: 5 }).send();
  assert.ok(scanned.Items.length >= 12);
});

test("an index is queried like the table", async () => {
  for (const year of ["1999", "1969", "1983"]) {
    await Music.build(PutItemCommand).item({ artist: `of ${year}`, songTitle: "x", albumTitle: "Best Of", year }).send();
  }
  const { Items } = await table
    .build(QueryCommand)
    .query({ index: "albums", partition: "Best Of", range: { gt: "1970" } })
    .entities(Music)
    .send();
  assert.deepEqual(
    Items.map(({ year }) => year),
    ["1983", "1999"],
  );
});

test("a transaction of a put and a check", async () => {
  const gone = { artist: "Tx", songTitle: "gone" };
  const write = (songTitle, key) =>
    execute(
      Music.build(PutTransaction).item({ artist: "Tx", songTitle }),
      Music.build(ConditionCheck).key(key).condition({ attr: "songTitle", exists: false }),
    );
  await write("first", gone);
  await assert.rejects(write("second", { artist: "Tx", songTitle: "first" }), { name: "TransactionCanceledException" });
  const { Items } = await table.build(QueryCommand).query({ partition: "Tx" }).entities(Music).send();
  assert.deepEqual(
    Items.map(({ songTitle }) => songTitle),
    ["first"],
  );
});
