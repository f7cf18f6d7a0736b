"""Plays seeded random histories of DynamoDB requests on Varve and its peers, and reports every disagreement that
known_differences.txt does not explain. README.md tells how to read the report.

  tests/differential/differential.py [REQUESTS] [--seed SEED] [--peers dynalite,moto] [--history SEED]

Exit code 0: no unexplained outcome or content, and Varve never broke. 1: there was. 2: the lane itself could not run.
"""
import argparse
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time

import known
import operations
import planted
import player
import reduce
import servers
import tables
from servers import harness

REDUCED_GROUPS = 5  # kinds of unexplained disagreement whose history is reduced at the end
ITSELF = "varve-sync"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", nargs="?", type=int, default=100_000, help="about how many requests Varve is sent")
    parser.add_argument("--seed", type=int, help="of the whole run; printed, and drawn when absent")
    parser.add_argument("--history", type=int, help="play only the history of this seed, as a report names it")
    parser.add_argument("--length", type=int, default=120, help="steps of a history")
    parser.add_argument("--peers", default="dynalite,moto,twin,partiql", help="of dynalite, moto, itself (a Varve that is configured otherwise), twin (one that does all in "
                        "transactions), partiql (one that is sent statements)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--binary", default="build/release/varve")
    parser.add_argument("--modules", default="build/clients-dynalite", help="where npm put dynalite")
    parser.add_argument("--plant", choices=sorted(planted.PLANTS), help="spoil Varve's answers in this way: the run must fail")
    parser.add_argument("--reduce", type=int, default=REDUCED_GROUPS, help="how many kinds of disagreement to reduce")
    parser.add_argument("--texts", action="store_true", help="fail on unexplained texts of exceptions too")
    parser.add_argument("--explained", action="store_true", help="print one example of each explained difference")
    return parser.parse_args()


# ---- playing, in worker processes

worker = {}


def start_worker(varve_port, sets_of_peers, plant, length, with_indexes):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    peer_ports = sets_of_peers.get()
    worker["player"] = player.Player(varve_port, peer_ports)
    if plant:
        worker["player"].varve = planted.PlantedConnection(varve_port, plant)
    worker["history"] = lambda seed: operations.history(seed, length, with_indexes)
    worker["prefix"] = os.getpid() * 100_000


def fresh_prefix():
    """No two plays share a table. As long as the one it replaces."""
    worker["prefix"] += 1
    return f"history{worker['prefix'] % 10_000_000:07d}"


def play(seed):
    return seed, worker["player"].play(worker["history"](seed), fresh_prefix())


def reduce_one(job):
    """The smallest history found that shows the disagreement, as lines of text."""
    seed, peer, group = job
    peers = worker["player"].peers
    worker["player"].peers = [one for one in peers if one.name == peer]
    blocks = known.load()

    def matches(finding):  # judges are not asked: their peers do not take part
        return finding.disagreement.group() == group and not known.explanation(blocks, finding.disagreement, finding.request, {})

    def shows(steps):
        outcome = worker["player"].play(steps, fresh_prefix(), until=matches)
        return any(finding.step == len(steps) - 1 and matches(finding) for finding in outcome.findings)

    steps = worker["history"](seed)
    found = worker["player"].play(steps, fresh_prefix(), until=matches).findings
    last = next((finding.step for finding in found if matches(finding)), None)
    smallest = None if last is None else reduce.reduced(steps[:last + 1], shows)
    worker["player"].peers = peers
    return [json.dumps(step, ensure_ascii=False) for step in smallest] if smallest else ["(did not show again)"]


# ---- the report

class Report:
    def __init__(self):
        self.known = known.load()
        self.requests, self.succeeded, self.compared, self.agreed, self.lost = {}, {}, {}, {}, {}
        self.explained = {}  # id of the known difference -> [count, example]
        self.unexplained = {}  # group -> [count, seed, finding]
        self.broken = []

    def add(self, seed, outcome):
        for name in ("requests", "succeeded", "compared", "agreed", "lost"):
            for key, amount in getattr(outcome, name).items():
                player.count(getattr(self, name), key, amount)
        self.broken += [(seed, text) for text in outcome.broken]
        for finding in outcome.findings:
            reason = known.explanation(self.known, finding.disagreement, finding.request, finding.judges)
            entry = self.explained.setdefault(reason.id, [0, finding]) if reason else self.unexplained.setdefault(
                finding.disagreement.group(), [0, seed, finding])
            entry[0] += 1

    def progress(self, histories):
        return f"{histories} histories, {sum(self.requests.values())} requests, {len(self.unexplained)} kinds unexplained, {len(self.broken)} broken"

    def failed(self, texts):
        heavy = [finding for _, _, finding in self.unexplained.values() if texts or finding.disagreement.kind != "message"]
        return bool(heavy or self.broken)

    def print(self, show_explained):
        print("\noperation               sent  succeeded")
        for operation in sorted(self.requests):
            print(f"{operation:20} {self.requests[operation]:7} {self.succeeded.get(operation, 0):10}")
        print(f"{'all':20} {sum(self.requests.values()):7} {sum(self.succeeded.values()):10}")
        for peer in sorted(self.compared):
            print(f"{peer}: {self.compared[peer]} answers compared, {self.agreed.get(peer, 0)} agree; "
                  f"{self.lost.get(peer, 0)} histories not followed to their end")
        print("\nexplained differences, by known_differences.txt")
        for one in self.known:
            if one.id in self.explained:
                amount, finding = self.explained[one.id]
                print(f"{amount:8}  {one.id} ({one.peer}; right: {one.right})")
                if show_explained:
                    print(f"          {finding.operation} {finding.request[:1000]}\n            varve: {finding.disagreement.varve[:500]}\n"
                          f"            {one.peer}: {finding.disagreement.other[:500]}")
        for seed, text in self.broken:
            print(f"\nBROKEN in history {seed}: {text[:2000]}")
        print(f"\n{sum(entry[0] for entry in self.unexplained.values())} unexplained disagreements of {len(self.unexplained)} kinds, "
              f"{len(self.broken)} broken answers")
        for group, (amount, seed, finding) in sorted(self.unexplained.items(), key=lambda entry: (self.rank(entry[1][2]), -entry[1][0])):
            print(f"{amount:6}  {group}\n      history {seed}, step {finding.step}: {finding.request[:1500]}\n"
                  f"      varve: {finding.disagreement.varve[:700]}\n      {finding.disagreement.peer}: {finding.disagreement.other[:700]}")

    @staticmethod
    def rank(finding):
        return ["outcome", "content", "message"].index(finding.disagreement.kind)

    def worth_reducing(self, most):
        entries = sorted(self.unexplained.items(), key=lambda entry: (self.rank(entry[1][2]), -entry[1][0]))
        return [(seed, finding.disagreement.peer, group) for group, (_, seed, finding) in entries[:most]]


# ---- the run

def start_varve(stack):
    varve = servers.Varve(arguments=["--durability", "interval"])
    stack.callback(varve.close)
    return varve


PEERS = {
    "dynalite": lambda arguments: servers.dynalite(arguments.modules),
    "moto": lambda arguments: servers.moto(),
    "itself": lambda arguments: servers.Varve(ITSELF, ["--durability", "sync", "--memory", "64"]),
    "twin": lambda arguments: servers.Varve(player.TWIN, ["--durability", "interval"]),
    "partiql": lambda arguments: servers.Varve(player.STATEMENTS, ["--durability", "interval"]),
}


def knows_indexes(port):
    """Histories have secondary indexes as soon as Varve has them."""
    table = next(made[0].creation() for made in (tables.tables(random.Random(seed), with_indexes=True) for seed in range(100)) if made[0].indexes)
    connection = servers.Connection(port)
    status, _ = connection.call("CreateTable", table)
    if status == 200:
        connection.call("DeleteTable", {"TableName": table["TableName"]})
    connection.close()
    return status == 200


def start_peers(arguments, stack):
    """Each worker has peers of its own, because each of them runs on one core."""
    peers = {}
    for name in arguments.peers.split(","):
        server = PEERS[name](arguments)
        if server is None:
            print(f"{name} is not installed: left out")
            continue
        stack.callback(server.close)
        peers[server.name] = server.port
    return peers


def history_seeds(arguments):
    if arguments.history is not None:
        return [arguments.history]
    count = max(1, arguments.requests // arguments.length)
    source = random.Random(arguments.seed)
    return [source.randrange(10**9) for _ in range(count)]


def run(arguments, stack):
    varve, sets_of_peers = start_varve(stack), [start_peers(arguments, stack) for _ in range(arguments.workers)]
    peers = sets_of_peers[0]
    if not peers:
        print("no peer to compare with", file=sys.stderr)
        return 2
    seeds, with_indexes = history_seeds(arguments), knows_indexes(varve.port)
    print(f"seed {arguments.seed}: {len(seeds)} histories of {arguments.length} steps {'with' if with_indexes else 'without'} indexes "
          f"against {', '.join(peers)}", flush=True)
    report, begin = Report(), time.monotonic()
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    for one in sets_of_peers:
        queue.put(one)
    with context.Pool(arguments.workers, start_worker, (varve.port, queue, arguments.plant, arguments.length, with_indexes)) as pool:
        for done, (seed, outcome) in enumerate(pool.imap_unordered(play, seeds), 1):
            report.add(seed, outcome)
            if done % max(1, len(seeds) // 20) == 0:
                print(report.progress(done), file=sys.stderr, flush=True)
        report.print(arguments.explained)
        print(f"{time.monotonic() - begin:.0f} s")
        for job, lines in zip(report.worth_reducing(arguments.reduce), pool.map(reduce_one, report.worth_reducing(arguments.reduce), 1)):
            print(f"\nsmallest history found for\n      {job[2]}\n" + "\n".join(lines))
    if not varve.server.alive():
        print("Varve is gone:\n" + varve.log())
        return 1
    return 1 if report.failed(arguments.texts) else 0


def main():
    arguments = parse_arguments()
    sys.stdout.reconfigure(errors="backslashreplace")  # reports quote bodies that are hardly JSON, lone surrogates among them
    harness.BINARY = os.path.abspath(arguments.binary)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(10**9)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that the servers end with the lane
    with contextlib.ExitStack() as stack:
        return run(arguments, stack)


if __name__ == "__main__":
    sys.exit(main())
