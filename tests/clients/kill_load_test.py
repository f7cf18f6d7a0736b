"""kill -9 of the server at random moments of a load: every acknowledged record is there afterwards.

  kill_load_test.py [--kills N] [--seed S] [--input FILE]   50 kills with `apt-cache dumpavail > FILE` is the long form

One load goes on over all the kills (its batches are idempotent and it retries); a load that ends before the kills do is
followed by another into a new table. After each kill the server starts again on the same directory, and what the load's
own log says is acknowledged is looked up.
"""
import json
import os
import random
import re
import subprocess
import time
import unittest

import harness
import packages

EXCERPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "packages.txt")
# Small, so that the loads flush and compact while they are killed, and a restart has a bound worth checking.
LOG_LIMIT_MB = 8
SERVER_ARGUMENTS = ["--memory", "32", "--log-limit", str(LOG_LIMIT_MB)]
options = None


def multiplied(text, times):
    """The excerpt many times over, under package names of their own."""
    copies = []
    for i in range(times):
        copies.append(re.sub(r"^Package: (.*)$", rf"Package: \1-{i:04}", text, flags=re.M))
    return "\n".join(copies)


class KillLoadTest(harness.ClientTest):
    server_arguments = SERVER_ARGUMENTS

    def setUp(self):
        super().setUp()
        self.random = random.Random(options.seed)
        self.loads = 0
        self.loader = None
        self.recoveries = []
        self.killed_early = 0
        if options.input:
            self.input = options.input
        else:
            self.input = os.path.join(self.directory, "packages")
            with open(EXCERPT, encoding="utf-8") as source, open(self.input, "w", encoding="utf-8") as target:
                target.write(multiplied(source.read(), 60))

    def finish(self):
        if self.loader is not None and self.loader.poll() is None:
            self.loader.kill()
            self.loader.wait()
        super().finish()

    def start_load(self):
        self.loads += 1
        self.table = f"Packages{self.loads}"
        self.ack_log = os.path.join(self.directory, f"acked{self.loads}")
        self.loader = subprocess.Popen(
            [harness.BINARY, "load", "--endpoint", self.server.endpoint, "--table", self.table, "--ack-log", self.ack_log,
             "--quiet", self.input], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def acknowledged(self):
        if not os.path.exists(self.ack_log):
            return {}
        sections = {}
        with open(self.ack_log, encoding="utf-8") as log:
            for line in log:
                if line.endswith("]\n"):  # the last line may be under way
                    _, section, package = json.loads(line)
                    sections.setdefault(section, set()).add(package)
        return sections

    def check_acknowledged(self):
        sections = self.acknowledged()
        for section, names in sections.items():
            items, _ = packages.query_section(self.server, self.table, section)
            missing = names - {item["Package"]["S"] for item in items}
            self.assertFalse(missing, f"{len(missing)} acknowledged records of {section} are gone, e.g. {sorted(missing)[:3]}")
        return sum(len(names) for names in sections.values())

    def check_recovery(self):
        match = re.search(r"recovered (\d+) records, (\d+) bytes", self.server.log())
        self.assertIsNotNone(match, "no recovery report in the log")
        replayed = int(match.group(2))
        self.recoveries.append(replayed)
        # Writers may run ahead of the flush that the limit sets off, by at most what they write meanwhile: as much
        # again.
        self.assertLessEqual(replayed, 2 * LOG_LIMIT_MB << 20)

    def test_acknowledged_records_survive(self):
        print(f"seed {options.seed}, {options.kills} kills", flush=True)
        self.server.start()
        self.start_load()
        checked = 0
        for kill in range(options.kills):
            time.sleep(self.random.uniform(0.05, 0.8))
            if self.loader.poll() is not None:
                self.assertEqual(self.loader.returncode, 0, self.loader.stderr.read())
                self.loader.stderr.close()
                self.check_acknowledged()
                self.start_load()
                time.sleep(self.random.uniform(0.05, 0.3))
            self.server.kill()
            # One time in four again, somewhere in the recovery.
            while self.random.random() < 0.25:
                self.server.spawn()
                time.sleep(self.random.uniform(0, 0.06))
                self.server.kill()
                self.killed_early += 1
            self.server.start()
            self.check_recovery()
            checked = self.check_acknowledged()
        self.assertEqual(self.loader.wait(timeout=600), 0, self.loader.stderr.read())
        self.loader.stderr.close()
        checked = self.check_acknowledged()
        with open(self.input, encoding="utf-8") as file:
            expected = {section: set(names) for section, names in packages.by_section(packages.parse(file.read())).items()}
        self.assertEqual(self.acknowledged(), expected)
        self.server.stop()
        verified = harness.run_varve("verify", "--data", self.server.data)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        print(f"{options.kills} kills and {self.killed_early} during start, {self.loads} loads, {checked} records checked last, "
              f"largest recovery {max(self.recoveries)} bytes", flush=True)


def use(arguments):
    global options
    options = arguments


def add(parser):
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--input")


if __name__ == "__main__":
    harness.main(add, use)
