"""The programs under docs/examples, run against `varve serve`, and their answers held against what was written."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import unittest

import harness

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
os.environ.update({k: v for k, v in harness.client_environment().items() if k.startswith("AWS_") or k == "NO_PROXY"})


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ExamplesTest(harness.ClientTest):
    def setUp(self):
        super().setUp()
        self.server.start()

    def test_leaderboard(self):
        example = load("leaderboard")
        table = example.create(example.connect(self.server.endpoint))
        self.addCleanup(table.meta.client.close)
        scores = {}
        for n in range(120):
            player, score = f"player{n % 40}", (n * 7919) % 1000
            better = score > scores.get(player, -1)
            self.assertEqual(example.play(table, player, "tetris", score, "de" if n % 2 else "fr"), better)
            if better:
                scores[player] = score
        ordered = sorted(scores.items(), key=lambda entry: (entry[1], entry[0]), reverse=True)
        self.assertEqual([score for _, score in example.best(table, "tetris", 10)], [s for _, s in ordered[:10]])
        self.assertEqual(example.best(table, "tetris", 100)[0], ordered[0])
        self.assertEqual(example.rank(table, "tetris", ordered[7][1]), 8)
        example.add_country_boards(table)
        boards = [example.best_of_country(table, country, "tetris", 100) for country in ("de", "fr")]
        self.assertEqual(sorted(boards[0] + boards[1]), sorted(scores.items()))

    def test_it_runs_as_a_program(self):
        ran = subprocess.run([sys.executable, str(EXAMPLES / "leaderboard.py"), "--endpoint", self.server.endpoint],
                             capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("best: [('player", ran.stdout)


if __name__ == "__main__":
    harness.main()
