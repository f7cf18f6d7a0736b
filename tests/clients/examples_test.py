"""The programs under docs/examples, run against `varve serve`, and their answers held against what was written."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import time

import harness

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
os.environ.update({k: v for k, v in harness.client_environment().items() if k.startswith("AWS_") or k == "NO_PROXY"})


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ExamplesTest(harness.ClientTest):
    server_arguments = ("--stream-shard-seconds", "1")

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

    def test_sessions(self):
        example = load("sessions")
        table = example.create(example.connect(self.server.endpoint))
        self.addCleanup(table.meta.client.close)
        short, long = example.log_in(table, "ada", 5), example.log_in(table, "bob", 3600)
        kept = example.log_in(table, "eve", 5)
        self.assertEqual([example.user_of(table, token) for token in (short, long, "none")], ["ada", "bob", None])
        self.assertTrue(example.extend(table, kept, 3600))
        deadline = time.monotonic() + 60
        while example.stored(table) != 2:
            self.assertLess(time.monotonic(), deadline, "an expired session is still there")
            time.sleep(0.05)
        self.assertEqual([example.user_of(table, token) for token in (short, long, kept)], [None, "bob", "eve"])
        self.assertFalse(example.extend(table, short, 60))
        example.log_out(table, long)
        self.assertEqual(example.stored(table), 1)

    def order_totals(self, *arguments):
        return [sys.executable, str(EXAMPLES / "order_totals.py"), "--endpoint", self.server.endpoint, *arguments]

    def check_totals(self, example, database):
        """The view must come to say what the orders say."""
        def totals():
            view = {}
            for order in database.Table("Orders").scan()["Items"]:
                orders, total = view.get(order["customer"], (0, 0))
                if order["state"] == "paid":
                    view[order["customer"]] = (orders + 1, total + int(order["amount"]))
            return view
        expected = totals()
        deadline = time.monotonic() + 60
        while True:
            view = {customer: sums for customer, sums in example.show(database).items() if sums != (0, 0)}
            if view == expected:
                return
            self.assertLess(time.monotonic(), deadline, (view, expected))
            time.sleep(0.1)

    def keep_view_with(self, command):
        """One process writes, another keeps the view and is killed now and then, over rolls of the stream's shards."""
        example = load("order_totals")
        database = example.connect(self.server.endpoint)
        self.addCleanup(database.meta.client.close)
        example.create(database)
        writer = subprocess.Popen(self.order_totals("write", "300"), env=harness.client_environment())
        self.addCleanup(writer.kill)
        while writer.poll() is None:
            keeper = subprocess.Popen(command, cwd=self.directory, env=harness.client_environment())
            self.addCleanup(keeper.kill)
            time.sleep(1.3)
            keeper.kill()
            keeper.wait()
        self.assertEqual(writer.returncode, 0)
        keeper = subprocess.Popen(command, cwd=self.directory, env=harness.client_environment())
        self.addCleanup(keeper.wait)
        self.addCleanup(keeper.kill)
        self.check_totals(example, database)
        shown = subprocess.run(self.order_totals("show"), capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("paid orders", shown.stdout)

    def test_a_view_kept_through_the_streams_api(self):
        self.keep_view_with(self.order_totals("follow"))

    def test_a_view_kept_by_stream_exec(self):
        self.keep_view_with([harness.BINARY, "stream", "exec", "Orders", "--endpoint", self.server.endpoint, "--",
                             *self.order_totals("apply")])

    def test_they_run_as_programs(self):
        ran = subprocess.run([sys.executable, str(EXAMPLES / "sessions.py"), "--endpoint", self.server.endpoint],
                             capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("after a while: None bob", ran.stdout)
        ran = subprocess.run([sys.executable, str(EXAMPLES / "leaderboard.py"), "--endpoint", self.server.endpoint],
                             capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("best: [('player", ran.stdout)


if __name__ == "__main__":
    harness.main()
