"""`varve load` of real package records, and queries by section that must agree with the file."""
import collections
import json
import os
import subprocess
import unittest

import harness
import packages

PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "packages.txt")


class LoadTest(harness.ClientTest):
    def setUp(self):
        super().setUp()
        with open(PACKAGES, encoding="utf-8") as file:
            self.text = file.read()
        self.records = packages.parse(self.text)
        self.sections = packages.by_section(self.records)
        self.assertGreaterEqual(len(self.records), 200)

    def load(self, *arguments, expect=0, **options):
        loaded = harness.run_varve("load", "--table", "Packages", *arguments, **options)
        self.assertEqual(loaded.returncode, expect, loaded.stdout + loaded.stderr)
        return loaded

    def check_table(self):
        size = collections.Counter()
        for record in self.records:
            size[record["Section"]] += sum(len(name.encode()) + len(value.encode()) for name, value in record.items())
        for section, names in self.sections.items():
            for forward in (True, False):
                for limit in (None, 1 if len(names) < 20 else 7, 1000):
                    items, pages = packages.query_section(self.server, "Packages", section, forward, limit)
                    found = [item["Package"]["S"] for item in items]
                    self.assertEqual(found, names if forward else names[::-1])
                    if limit:
                        # A page also ends after 1 MiB of items.
                        self.assertGreaterEqual(pages, -(-len(names) // limit))
                        self.assertLessEqual(pages, len(names) // limit + 1 + size[section] // (1 << 20))
        count, request = 0, {"TableName": "Packages", "Select": "COUNT"}
        while True:
            scanned = self.server.succeed("Scan", request)
            count += scanned["Count"]
            if "LastEvaluatedKey" not in scanned:
                break
            request["ExclusiveStartKey"] = scanned["LastEvaluatedKey"]
        self.assertEqual(count, len(self.records))

    def test_file_over_http(self):
        self.server.start()
        ack_log = os.path.join(self.directory, "acked")
        loaded = self.load("--endpoint", self.server.endpoint, "--ack-log", ack_log, PACKAGES)
        self.assertIn(f"loaded {len(self.records):,} records", loaded.stdout)
        with open(ack_log, encoding="utf-8") as file:
            acked = [json.loads(line) for line in file]
        self.assertEqual(acked, [[i + 1, r["Section"], r["Package"]] for i, r in enumerate(self.records)])
        self.check_table()
        # Every field came through, continuation lines included.
        wanted = {r["Package"]: r for r in self.records if r["Section"] == "editors"}
        items, _ = packages.query_section(self.server, "Packages", "editors", projection=False)
        for item in items:
            self.assertEqual({name: value["S"] for name, value in item.items()}, wanted[item["Package"]["S"]])
        # Again changes nothing; to resume finds nothing left.
        self.load("--endpoint", self.server.endpoint, PACKAGES)
        self.assertIn("loaded 0 records",
                      self.load("--endpoint", self.server.endpoint, "--ack-log", ack_log, "--resume", PACKAGES).stdout)
        self.check_table()
        self.server.stop()
        self.server.start()
        self.check_table()
        self.server.stop()
        verified = harness.run_varve("verify", "--data", self.server.data)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_standard_input_into_a_directory(self):
        self.load("--data", self.server.data, "-", input=self.text)
        self.server.start()
        self.check_table()
        refused = self.load("--data", self.server.data, PACKAGES, expect=1)
        self.assertIn(self.server.data, refused.stderr)
        self.server.stop()

    def dump(self, *arguments):
        dumped = harness.run_varve("dump", *arguments)
        self.assertEqual(dumped.returncode, 0, dumped.stdout[-2000:] + dumped.stderr)
        return dumped.stdout

    def test_dump_shows_what_is_on_disk(self):
        self.load("--data", self.server.data, PACKAGES)
        self.assertIn("records, 0 damaged", self.dump(self.server.data))
        name = self.records[0]["Package"]
        self.assertNotIn(name, self.dump(self.server.data))
        self.assertIn(name, self.dump(self.server.data, "--records", "--payload", "1000000"))
        log = os.path.join(self.server.data, "log")
        self.assertEqual(self.dump(log), self.dump(log + "/"))
        for directory in ("log", "lsm"):
            for file in os.listdir(os.path.join(self.server.data, directory)):
                self.dump(os.path.join(self.server.data, directory, file))
        missing = harness.run_varve("dump", os.path.join(self.directory, "missing"))
        self.assertEqual(missing.returncode, 1)
        self.assertIn("missing", missing.stderr)

    def test_loads_that_cannot_work_say_why(self):
        self.server.start()
        endpoint = ("--endpoint", self.server.endpoint)
        self.assertIn("no-such-file", self.load(*endpoint, "no-such-file", expect=1).stderr)
        self.assertIn("line 1", self.load(*endpoint, "-", input=" continuation of nothing\n", expect=1).stderr)
        self.assertIn("line 2", self.load(*endpoint, "-", input="Package: a\nno colon\n", expect=1).stderr)
        skipped = self.load(*endpoint, "-", input="Package: a\n\nSection: b\nPackage: c\n")
        self.assertIn("1 records lack a key field", skipped.stderr)
        self.create_table("Other", "id")
        mismatch = harness.run_varve("load", *endpoint, "--table", "Other", PACKAGES)
        self.assertEqual(mismatch.returncode, 1)
        self.assertIn("exists with the key (id, )", mismatch.stderr)
        self.server.stop()

    def test_interrupted_load_can_be_resumed(self):
        self.server.start()
        ack_log = os.path.join(self.directory, "acked")
        arguments = [harness.BINARY, "load", "--endpoint", self.server.endpoint, "--table", "Packages", "--ack-log", ack_log]
        process = subprocess.Popen(arguments + ["-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        half = self.text.index("\n\n", len(self.text) // 2) + 2
        process.stdin.write(self.text[:half])
        process.stdin.flush()
        while not os.path.exists(ack_log) or os.path.getsize(ack_log) == 0:
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        with open(ack_log, encoding="utf-8") as file:
            before = len(file.readlines())
        loaded = self.load("--endpoint", self.server.endpoint, "--ack-log", ack_log, "--resume", PACKAGES)
        self.assertIn(f"loaded {len(self.records) - before} records", loaded.stdout)
        self.check_table()


def use(arguments):
    global PACKAGES
    PACKAGES = arguments.input


if __name__ == "__main__":
    harness.main(lambda parser: parser.add_argument("--input", default=PACKAGES), use)
