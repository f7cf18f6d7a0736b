#!/usr/bin/env python3
"""Where the processor time of a request goes, as a stacked profile: for each operation the microseconds a request costs
`varve serve`, split over network, HTTP, parse, expression, engine, log, encode and the rest.

  bench/http/profile.py --bench PATH --varve PATH [--operations PutItem,GetItem] [--connections N] [--svg FILE]

Runs the load generator under `perf record` (cpu-clock: it needs no counters, so it works in a virtual machine) and
sorts each sample of the server's threads by the innermost frame of its stack that says what it is about: a memcpy
called by the JSON writer is encoding, a system call of the log is the log. Waiting costs no processor and is not in
here: for a durable write it is the difference to the latency that the bench prints.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys

# The first rule that a frame matches decides; frames that match none are passed over, towards the caller.
PHASES = ["network", "wake-ups", "http", "parse", "expression", "engine", "log", "encode", "other"]
MARKS = "nwhpxgleo"  # one letter a phase
RULES = [(phase, re.compile(pattern)) for phase, pattern in (
    # The kernel's.
    ("network", r"^(tcp_|__tcp_|ip_|inet_|sock_|skb_|__skb|net_rx|__napi|io_recv|io_send|____sys_|__dev_queue|process_backlog)"),
    ("log", r"^(ext4_|iomap_|blk_|__blk|submit_bio|virtio_queue|virtblk)"),
    ("wake-ups", r"^(schedule|__schedule|futex_|do_futex|__x64_sys_futex|eventfd_|try_to_wake|io_cqring_wait|__io_uring_enter|__do_sys_io_uring)"),
    # Ours.
    ("encode", r"JsonWriter|json::append_|::encode_(?!item|tree_key)|encode_body|item_json|value_json"),
    ("parse", r"simdjson|json::Document|::decode_(?!item)|MemberReader"),
    ("expression", r"varve::api::(expression|partiql)::|::bind_(condition|update|projection|placeholders|write|read)"),
    ("log", r"varve::wal::"),
    ("engine", r"varve::(lsm|partition|index)::|varve::api::dynamo::.*(ItemWrite|PutItem|UpdateItem|PageReader|StoredItem|EncodedItems|"
               r"query|get_item|read_item|batch_write|make_|place_)"),
    ("http", r"varve::api::\S*(Http|Server|Offload|LocalDatabase|ResponseWriter|Dispatcher|authentication|cors_|route)|crc32"),
    ("network", r"varve::io::\S*(Reactor|SocketConnection)"),
)]


def phase_of(stack):
    for frame in stack:
        for phase, rule in RULES:
            if rule.search(frame):
                return phase
    return "other"


def samples(data):
    """(thread, stack with the innermost frame first) of each sample."""
    script = subprocess.Popen(["perf", "script", "--no-inline", "-i", data, "-F", "comm,ip,sym"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace")
    thread, stack = None, []
    for line in script.stdout:
        if not line.strip():
            if thread is not None:
                yield thread, stack
            thread, stack = None, []
        elif line[0].isspace() and thread is not None:
            stack.append(line.strip().partition(" ")[2])
        else:
            thread = line.strip()
    script.wait()


def profile(arguments, operation):
    """The bench's figure of this operation, and microseconds a request by phase."""
    work = arguments.dir
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    data, figures = os.path.join(work, "perf.data"), os.path.join(work, "figures.json")
    subprocess.run(
        ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "--call-graph", "dwarf,4096", "-o", data, "--", arguments.bench, operation, "--varve",
         arguments.varve, "--connections", str(arguments.connections), "--rounds", "1", "--seconds", str(arguments.seconds), "--items",
         "1000", "--dir", os.path.join(work, "data"), "--json", figures], check=True, stdout=subprocess.DEVNULL)
    with open(figures, encoding="utf-8") as lines:
        run = json.loads(lines.readlines()[-1])
    figure = next(f for f in run["figures"] if f["operation"] == operation and f["system"] == "varve")
    client = os.path.basename(arguments.bench)[:15]  # as the kernel cuts it
    counts = collections.Counter(phase_of(stack) for thread, stack in samples(data) if thread != client)
    total = sum(counts.values())
    if total == 0:
        sys.exit("profile: perf recorded no sample of the server")
    return figure, {phase: figure["server_cpu_us"] * counts[phase] / total for phase in PHASES}


def print_rows(rows):
    print(f"{'us of processor a request':28}" + "".join(f"{phase:>11}" for phase in PHASES) + f"{'all':>9}{'p50 us':>9}")
    for operation, (figure, phases) in rows.items():
        print(f"{operation:28}" + "".join(f"{phases[phase]:11.2f}" for phase in PHASES) +
              f"{figure['server_cpu_us']:9.1f}{figure['p50_us']:9.1f}")
    widest = max(sum(phases.values()) for _, phases in rows.values())
    print("\n" + "  ".join(f"{mark} {phase}" for mark, phase in zip(MARKS, PHASES)))
    for operation, (_, phases) in rows.items():
        bar, done, position = "", 0.0, 0
        for mark, phase in zip(MARKS, PHASES):
            done += phases[phase]
            end = round(80 * done / widest)
            bar += mark * (end - position)
            position = end
        print(f"{operation:16}{bar}")


def write_svg(rows, path):
    table = "operation " + " ".join(PHASES) + "\n"
    for operation, (_, phases) in rows.items():
        table += operation + " " + " ".join(f"{phases[phase]:.3f}" for phase in PHASES) + "\n"
    script = f"""set terminal svg size 900,420 font 'sans,12'
set output '{path}'
set style data histograms
set style histogram rowstacked
set style fill solid 0.8 border -1
set boxwidth 0.7
set key outside right reverse
set ylabel 'processor time a request, microseconds'
$rows << EOD
{table}EOD
plot for [i=2:{len(PHASES) + 1}] $rows using i:xtic(1) title columnheader(i)
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    print(f"\n{path} written")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="varve-bench-http")
    parser.add_argument("--varve", required=True)
    parser.add_argument("--operations", default="PutItem,GetItem,UpdateItem,Query,BatchWriteItem")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--dir", default="build/bench-profile", help="emptied")
    parser.add_argument("--svg", help="draw it too, with gnuplot")
    arguments = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("profile: needs perf (Debian: linux-perf)")
    rows = {operation: profile(arguments, operation) for operation in arguments.operations.split(",")}
    print_rows(rows)
    if arguments.svg:
        write_svg(rows, arguments.svg)


if __name__ == "__main__":
    main()
