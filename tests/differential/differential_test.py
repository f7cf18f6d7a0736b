"""The lane itself: Varves that are configured differently agree, and each planted wrong answer is found and reduced to few requests.

  tests/differential/differential_test.py [--binary PATH]
"""
import os
import re
import subprocess
import sys
import unittest

import answers
import known
import operations
import planted
from servers import harness

LANE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "differential.py")


def run_lane(*arguments):
    return subprocess.run([sys.executable, LANE, "--peers", "itself,twin,partiql", "--workers", "1", "--binary", harness.BINARY, *arguments],
                          capture_output=True, text=True, timeout=300, check=False)


class DifferentialTest(unittest.TestCase):
    def test_varves_agree(self):
        done = run_lane("2000", "--seed", "1", "--texts")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        sent = int(re.search(r"^all +(\d+)", done.stdout, re.MULTILINE).group(1))
        self.assertGreaterEqual(sent, 2000)

    def test_planted_answers_are_found_and_reduced(self):
        for plant in planted.PLANTS:
            with self.subTest(plant):
                done = run_lane("360", "--seed", "2", "--texts", "--plant", plant, "--reduce", "1")
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                steps = re.findall(r'^\{"operation": .*', done.stdout.split("smallest history found")[1], re.MULTILINE)
                self.assertTrue(1 <= len(steps) <= 8, done.stdout)

    def test_a_seed_is_a_history(self):
        self.assertEqual(operations.history(5, 50), operations.history(5, 50))
        self.assertNotEqual(operations.history(5, 50), operations.history(6, 50))


class ComparisonTest(unittest.TestCase):
    def disagreements(self, operation, left, right):
        return [(one.kind, one.varve, one.other) for one in answers.compare("peer", operation, {}, left, right)]

    def test_orders_that_are_open_do_not_count(self):
        one, other = {"a": {"SS": ["x", "y"]}}, {"a": {"SS": ["y", "x"]}, }
        two = {"b": {"NS": ["2", "10"]}}
        self.assertEqual(self.disagreements("Scan", (200, {"Items": [one, two]}), (200, {"Items": [{"b": {"NS": ["10", "2"]}}, other]})), [])

    def test_orders_that_are_promised_count(self):
        left, right = [{"a": {"N": "1"}}, {"a": {"N": "2"}}], [{"a": {"N": "2"}}, {"a": {"N": "1"}}]
        self.assertTrue(self.disagreements("Query", (200, {"Items": left}), (200, {"Items": right})))
        self.assertTrue(self.disagreements("GetItem", (200, {"Item": {"a": {"L": left}}}), (200, {"Item": {"a": {"L": right}}})))

    def test_classes(self):
        error = lambda name, message: (400, {"__type": "com.amazon.coral.validate#" + name, "message": message})
        self.assertEqual(self.disagreements("PutItem", (200, {}), error("ValidationException", "x"))[0][0], "outcome")
        self.assertEqual(self.disagreements("PutItem", error("A", "x"), error("B", "x"))[0][0], "outcome")
        self.assertEqual(self.disagreements("PutItem", error("A", "x"), error("A", "y"))[0][0], "message")
        self.assertEqual(self.disagreements("GetItem", (200, {"Item": {}}), (200, {}))[0][0], "content")
        self.assertEqual(self.disagreements("GetItem", (200, {"Item": {"f": {"BOOL": True}}}), (200, {"Item": {"f": {"BOOL": 1}}}))[0][0], "content")

    def test_transactions_compare_reasons_by_position(self):
        cancelled = lambda *codes: (400, {"__type": "x#TransactionCanceledException", "Message": "m",
                                          "CancellationReasons": [{"Code": code} for code in codes]})
        found = self.disagreements("TransactWriteItems", cancelled("None", "ConditionalCheckFailed"), cancelled("ConditionalCheckFailed", "None"))
        self.assertEqual(found[0][0], "outcome")

    def test_known_differences_are_well_formed(self):
        blocks = known.load()
        self.assertEqual(len({one.id for one in blocks}), len(blocks))


if __name__ == "__main__":
    harness.main()
