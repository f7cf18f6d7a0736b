"""`varve stream exec` as its users meet it: a real server, real commands, and what these do wrong."""
import json
import os
import signal
import stat
import subprocess
import sys
import time

import harness

DEADLINE_S = 60

# Appends each event as a line to the file named by its first argument.
RECORDER = """#!/usr/bin/python3
import sys
event = sys.stdin.readline().rstrip()
assert sys.stdin.read() == ""
with open(sys.argv[1], "a") as out:
    out.write(event + "\\n")
"""

# Fails for a batch that has one of the keys in its arguments after the first; notes each batch's keys before.
PICKY = """#!/usr/bin/python3
import json, sys
keys = [r["dynamodb"]["Keys"]["pk"]["S"] for r in json.load(sys.stdin)["Records"]]
with open(sys.argv[1], "a") as out:
    out.write(" ".join(keys) + "\\n")
sys.exit(any(key in sys.argv[2:] for key in keys))
"""

# Takes everything before the keys in its arguments, and says where it stopped.
REPORTER = """#!/usr/bin/python3
import json, sys
failures = []
with open(sys.argv[1], "a") as out:
    for record in json.load(sys.stdin)["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        out.write(key + "\\n")
        if key in sys.argv[2:]:
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
print(json.dumps({"batchItemFailures": failures}))
"""


class StreamExecTest(harness.ClientTest):
    server_arguments = ("--stream-shard-seconds", "1")

    def setUp(self):
        super().setUp()
        self.server.start()
        self.server.succeed("CreateTable", {
            "TableName": "Tab", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
        self.out = os.path.join(self.directory, "out")

    def put(self, *keys, **attributes):
        for key in keys:
            self.server.succeed("PutItem", {"TableName": "Tab", "Item": {"pk": {"S": key}, **attributes}})

    def script(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def command_line(self, *options, command):
        return [harness.BINARY, "stream", "exec", "Tab", "--endpoint", self.server.endpoint, *options, "--", *command]

    def exec(self, *options, command, code=0, timeout=DEADLINE_S):
        ran = subprocess.run(self.command_line(*options, command=command), cwd=self.directory, capture_output=True, text=True,
                             timeout=timeout, check=False)
        self.assertEqual(ran.returncode, code, ran.stderr)
        return ran

    def start(self, *options, command):
        process = subprocess.Popen(self.command_line(*options, command=command), cwd=self.directory, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def lines(self, path=None):
        path = path or self.out
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def until(self, condition, what):
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)

    def position(self):
        return os.path.join(self.directory, "Tab.stream-position")

    # ---- events ----

    def test_batches_are_lambda_events_and_the_position_is_kept(self):
        recorder = self.script("recorder", RECORDER)
        self.put("a", "b", "c", n={"N": "1"})
        self.put("a", n={"N": "2"})
        self.server.succeed("DeleteItem", {"TableName": "Tab", "Key": {"pk": {"S": "b"}}})
        self.exec("--until-now", "--batch-size", "2", command=[recorder, self.out])
        batches = [json.loads(line)["Records"] for line in self.lines()]
        self.assertEqual([len(batch) for batch in batches], [2, 2, 1])
        records = [record for batch in batches for record in batch]
        self.assertEqual([(r["eventName"], r["dynamodb"]["Keys"]["pk"]["S"]) for r in records],
                         [("INSERT", "a"), ("INSERT", "b"), ("INSERT", "c"), ("MODIFY", "a"), ("REMOVE", "b")])
        arn = self.server.succeed("DescribeTable", {"TableName": "Tab"})["Table"]["LatestStreamArn"]
        for record in records:
            self.assertEqual(record["eventSourceARN"], arn)
            self.assertEqual((record["eventSource"], record["awsRegion"]), ("aws:dynamodb", "us-east-1"))
            self.assertEqual(set(record), {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb",
                                           "eventSourceARN"})
        self.assertEqual(records[3]["dynamodb"]["OldImage"]["n"], {"N": "1"})
        self.assertEqual(records[3]["dynamodb"]["NewImage"]["n"], {"N": "2"})
        with open(self.position(), encoding="utf-8") as file:
            self.assertEqual(json.load(file), {"StreamArn": arn, "SequenceNumber": records[4]["dynamodb"]["SequenceNumber"]})
        # Nothing again, and only what is new, also over a restart of the server and rolls of the shard.
        self.server.stop()
        self.server.start()
        time.sleep(1.5)
        self.put("d")
        time.sleep(1.5)
        self.put("e")
        os.remove(self.out)
        self.exec("--until-now", command=[recorder, self.out])
        self.assertEqual([r["dynamodb"]["Keys"]["pk"]["S"] for line in self.lines() for r in json.loads(line)["Records"]],
                         ["d", "e"])
        os.remove(self.out)
        self.exec("--until-now", command=[recorder, self.out])
        self.assertEqual(self.lines(), [])

    def test_an_expired_items_removal_has_lambdas_identity(self):
        self.server.succeed("UpdateTimeToLive", {
            "TableName": "Tab", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}})
        self.put("old", expires={"N": str(int(time.time()) - 5)})
        pattern = json.dumps({"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}})
        process = self.start("--filter", pattern, command=[self.script("recorder", RECORDER), self.out])
        self.until(self.lines, "the removal")
        process.send_signal(signal.SIGINT)
        process.wait()
        record = json.loads(self.lines()[0])["Records"][0]
        self.assertEqual(record["eventName"], "REMOVE")
        self.assertEqual(record["userIdentity"], {"principalId": "dynamodb.amazonaws.com", "type": "Service"})

    def test_filters_choose_and_the_position_passes_what_they_leave(self):
        recorder = self.script("recorder", RECORDER)
        for i in range(30):
            self.put(f"k{i}", n={"N": str(i)})
        big = json.dumps({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">=", 28]}]}}}})
        first = json.dumps({"dynamodb": {"Keys": {"pk": {"S": ["k0"]}}}})
        self.exec("--until-now", "--batch-size", "7", "--filter", big, "--filter", first, command=[recorder, self.out])
        keys = [r["dynamodb"]["Keys"]["pk"]["S"] for line in self.lines() for r in json.loads(line)["Records"]]
        self.assertEqual(keys, ["k0", "k28", "k29"])
        os.remove(self.out)
        self.put("x")
        self.exec("--until-now", "--filter", '{"eventName":["REMOVE"]}', command=[recorder, self.out])
        self.exec("--until-now", command=[recorder, self.out])
        self.assertEqual(self.lines(), [], "what no filter wanted is passed over for good")

    def test_latest_begins_with_what_is_new(self):
        self.put("before")
        process = self.start("--from", "latest", command=[self.script("recorder", RECORDER), self.out])
        time.sleep(1)
        self.put("after")
        self.until(self.lines, "the record")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertEqual([r["dynamodb"]["Keys"]["pk"]["S"] for r in json.loads(self.lines()[0])["Records"]], ["after"])

    def test_a_window_gathers(self):
        process = self.start("--batch-window", "2", command=[self.script("recorder", RECORDER), self.out])
        for i in range(8):
            self.put(f"k{i}")
            time.sleep(0.15)
        self.until(self.lines, "the batch")
        process.send_signal(signal.SIGINT)
        process.wait()
        self.assertEqual(len(json.loads(self.lines()[0])["Records"]), 8)

    # ---- failures ----

    def test_a_batch_is_tried_again_and_then_passed_over_to_the_dead_letter_file(self):
        picky = self.script("picky", PICKY)
        self.put("a", "bad", "c", "d")
        ran = self.exec("--until-now", "--batch-size", "3", "--retries", "2", "--dead-letter", "dead.jsonl",
                        command=[picky, self.out, "bad"])
        self.assertEqual(self.lines(), ["a bad c"] * 3 + ["d"])
        self.assertIn("exit status 1", ran.stderr)
        dead = [json.loads(line) for line in self.lines(os.path.join(self.directory, "dead.jsonl"))]
        self.assertEqual(len(dead), 1)
        self.assertEqual(dead[0]["requestContext"]["condition"], "RetryAttemptsExhausted")
        self.assertEqual(dead[0]["requestContext"]["approximateInvokeCount"], 3)
        self.assertEqual(dead[0]["responseContext"]["exitStatus"], 1)
        info = dead[0]["DDBStreamBatchInfo"]
        records = json.loads(dead[0]["payload"])["Records"]
        self.assertEqual([r["dynamodb"]["Keys"]["pk"]["S"] for r in records], ["a", "bad", "c"])
        self.assertEqual(info["batchSize"], 3)
        self.assertEqual(info["startSequenceNumber"], records[0]["dynamodb"]["SequenceNumber"])
        self.assertEqual(info["endSequenceNumber"], records[2]["dynamodb"]["SequenceNumber"])
        self.assertEqual(info["streamArn"], records[0]["eventSourceARN"])
        self.assertRegex(info["shardId"], r"^shardId-\d{20}-[0-9a-f]{8}$")
        self.assertRegex(dead[0]["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_a_torn_line_of_the_dead_letter_file_stays_alone(self):
        with open(os.path.join(self.directory, "dead.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"torn')
        self.put("bad")
        self.exec("--until-now", "--retries", "0", "--dead-letter", "dead.jsonl", command=["false"])
        lines = self.lines(os.path.join(self.directory, "dead.jsonl"))
        self.assertEqual(lines[0], '{"torn')
        self.assertEqual(json.loads(lines[1])["DDBStreamBatchInfo"]["batchSize"], 1)

    def test_bisecting_isolates_the_record_at_fault(self):
        picky = self.script("picky", PICKY)
        keys = [f"k{i}" for i in range(16)]
        self.put(*keys)
        self.exec("--until-now", "--retries", "1", "--bisect-on-error", "--dead-letter", "dead.jsonl", command=[picky, self.out, "k5"])
        dead = [json.loads(line) for line in self.lines(os.path.join(self.directory, "dead.jsonl"))]
        self.assertEqual([json.loads(line["payload"])["Records"][0]["dynamodb"]["Keys"]["pk"]["S"] for line in dead], ["k5"])
        self.assertEqual(dead[0]["DDBStreamBatchInfo"]["batchSize"], 1)
        taken = [key for line in self.lines() if "k5" not in line.split() for key in line.split()]
        self.assertEqual(taken, [key for key in keys if key != "k5"], "each of the others once, in order")

    def test_reported_failures_keep_what_came_before_them(self):
        reporter = self.script("reporter", REPORTER)
        self.put("a", "b", "bad", "d", "e")
        self.exec("--until-now", "--report-item-failures", "--retries", "1", "--dead-letter", "dead.jsonl",
                  command=[reporter, self.out, "bad"])
        self.assertEqual(self.lines(), ["a", "b", "bad", "d", "e"] + ["bad", "d", "e"])
        dead = json.loads(self.lines(os.path.join(self.directory, "dead.jsonl"))[0])
        self.assertEqual(dead["DDBStreamBatchInfo"]["batchSize"], 3)
        self.assertEqual(dead["requestContext"]["approximateInvokeCount"], 2)

    def test_answers_that_are_none_fail_the_whole_batch(self):
        for number, answer in enumerate(("nonsense", '{"batchItemFailures":[{"itemIdentifier":""}]}',
                                         '{"batchItemFailures":[{"itemIdentifier":"12"}]}', '{"batchItemFailures":[{}]}',
                                         '{"batchItemFailures":{}}', "[]")):
            self.put(f"k{number}")
            ran = self.exec("--until-now", "--report-item-failures", "--retries", "0", command=["sh", "-c", f"echo '{answer}'"])
            self.assertIn("batchItemFailures", ran.stderr, answer)
            self.assertIn("given up", ran.stderr, answer)
        for answer in ("", "null", "{}", '{"batchItemFailures":[]}', '{"batchItemFailures":null}'):
            self.put("again", answer={"S": answer})
            ran = self.exec("--until-now", "--report-item-failures", "--retries", "0", command=["sh", "-c", f"echo '{answer}'"])
            self.assertEqual(ran.stderr, "", answer)

    def test_old_records_are_passed_over(self):
        picky = self.script("picky", PICKY)
        self.put("old1", "old2")
        time.sleep(3)  # a record tells the whole second of its commit
        self.put("young")
        self.exec("--until-now", "--max-record-age", "1.5", "--dead-letter", "dead.jsonl", command=[picky, self.out])
        self.assertEqual(self.lines(), ["young"])
        dead = json.loads(self.lines(os.path.join(self.directory, "dead.jsonl"))[0])
        self.assertEqual(dead["requestContext"]["condition"], "RecordAgeExceeded")
        self.assertEqual(dead["DDBStreamBatchInfo"]["batchSize"], 2)
        self.assertNotIn("responseContext", dead)
        # One that ages while it is tried again and again.
        self.put("stubborn")
        self.exec("--until-now", "--max-record-age", "1", "--dead-letter", "dead.jsonl", command=["false"])
        dead = json.loads(self.lines(os.path.join(self.directory, "dead.jsonl"))[1])
        self.assertEqual(dead["requestContext"]["condition"], "RecordAgeExceeded")
        self.assertGreaterEqual(dead["requestContext"]["approximateInvokeCount"], 2)

    # ---- commands that misbehave ----

    def test_a_command_that_hangs_is_killed(self):
        self.put("a")
        begin = time.monotonic()
        ran = self.exec("--until-now", "--timeout", "0.5", "--retries", "0", command=["sh", "-c", "trap '' TERM; sleep 600"])
        self.assertLess(time.monotonic() - begin, 30)
        self.assertIn("took too long", ran.stderr)

    def test_megabytes_of_output_cost_no_memory(self):
        self.put("a", big={"S": "x" * 300000})
        process = self.start("--until-now", "--report-item-failures", "--retries", "0",
                             command=["head", "-c", "1000000000", "/dev/zero"])
        self.assertIn("given up", process.stderr.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertLess(usage.ru_maxrss, 400 * 1024, "KiB, of 1 GB that went through")

    def test_what_a_command_prints_is_shown_and_its_input_need_not_be_read(self):
        self.put("a", big={"S": "x" * 300000})
        self.assertEqual(self.exec("--until-now", command=["echo", "--done", "-n"]).stdout, "--done -n\n")

    def test_a_command_that_is_not_there_ends_it_and_loses_nothing(self):
        self.put("a")
        ran = self.exec("--until-now", "--retries", "0", command=["/no/such/command"], code=1)
        self.assertIn("no such command: /no/such/command", ran.stderr)
        self.assertFalse(os.path.exists(self.position()))
        self.exec("--until-now", command=[self.script("recorder", RECORDER), self.out])
        self.assertEqual(len(self.lines()), 1)

    # ---- ends and restarts ----

    def test_interrupt_lets_the_batch_under_way_end(self):
        self.put("a", "b")
        slow = self.script("slow", "#!/bin/sh\necho begun >> $1\nsleep 1.5\necho ended >> $1\n")
        process = self.start("--batch-size", "1", command=[slow, self.out])
        self.until(lambda: self.lines() == ["begun"], "the first batch")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=DEADLINE_S), 130)
        self.assertEqual(self.lines(), ["begun", "ended"])
        self.exec("--until-now", command=[self.script("picky", PICKY), self.out])
        self.assertEqual(self.lines()[2:], ["b"], "the first is done")

    def test_interrupt_ends_the_pause_between_attempts(self):
        self.put("a")
        process = self.start(command=["sh", "-c", f"echo x >> {self.out}; exit 1"])
        self.until(lambda: len(self.lines()) >= 4, "attempts")
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)
        self.assertFalse(os.path.exists(self.position()))

    def test_kill_repeats_a_batch_and_loses_none(self):
        picky = self.script("picky", PICKY)
        keys = [f"k{i}" for i in range(120)]
        writer = subprocess.Popen([sys.executable, "-c", f"""
import sys; sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
import harness
server = harness.Server("unused", port={self.server.port})
for i in range(120):
    server.succeed("PutItem", {{"TableName": "Tab", "Item": {{"pk": {{"S": "k%d" % i}}}}}})
"""])
        self.addCleanup(writer.kill)
        kills = 0
        while writer.poll() is None or kills < 4:
            process = self.start("--batch-size", "3", command=[picky, self.out])
            time.sleep(0.35)
            process.kill()
            process.wait()
            kills += 1
        self.assertEqual(writer.returncode, 0)
        self.exec("--until-now", "--batch-size", "3", command=[picky, self.out])
        taken = [key for line in self.lines() for key in line.split()]
        self.assertEqual(sorted(set(taken)), sorted(keys))
        firsts = list(dict.fromkeys(taken))
        self.assertEqual(firsts, keys, "in order, apart from repeats")
        self.assertLessEqual(len(taken), len(keys) + 3 * kills, "a batch again for each kill at most")

    def test_it_waits_for_a_server_that_is_away(self):
        process = self.start(command=[self.script("picky", PICKY), self.out])
        self.put("a")
        self.until(self.lines, "the first record")
        self.server.kill()
        time.sleep(1)
        self.server.start()
        self.put("b")
        self.until(lambda: self.lines() == ["a", "b"], "the second record")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertIn("waiting for the server", process.stderr.read())

    def test_it_goes_on_with_a_new_stream_and_ends_with_a_disabled_one(self):
        picky = self.script("picky", PICKY)
        self.put("a")
        self.exec("--until-now", command=[picky, self.out])
        self.put("b")
        self.server.succeed("UpdateTable", {"TableName": "Tab", "StreamSpecification": {"StreamEnabled": False}})
        ran = self.exec(command=[picky, self.out])
        self.assertIn("was disabled", ran.stderr)
        self.server.succeed("UpdateTable", {
            "TableName": "Tab", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}})
        self.put("c")
        ran = self.exec("--until-now", command=[picky, self.out])
        self.assertIn("going on with arn:", ran.stderr)
        self.assertEqual(self.lines(), ["a", "b", "c"])
        self.exec("--until-now", command=[picky, self.out])
        self.assertEqual(self.lines(), ["a", "b", "c"])

    def test_two_with_one_position_are_refused(self):
        process = self.start(command=["true"])
        self.put("a")
        self.until(lambda: os.path.exists(self.position()), "the position")
        ran = self.exec("--until-now", command=["true"], code=1)
        self.assertIn("another process goes on from Tab.stream-position", ran.stderr)
        self.exec("--until-now", "--position", "other", command=["true"])
        process.send_signal(signal.SIGINT)
        process.wait()

    def test_bad_input_is_refused_with_its_reason(self):
        recorder = self.script("recorder", RECORDER)
        for options, code, fragment in (
                (["--filter", "{"], 1, "filter: not JSON"),
                (["--filter", '{"a":[{"like":"x"}]}'], 1, 'unknown operator "like"'),
                (["--batch-size", "0"], 2, "batch-size"),
                (["--batch-size", "10001"], 2, "batch-size"),
                (["--batch-window", "-1"], 2, "batch-window"),
                (["--retries", "-2"], 2, "retries"),
                (["--timeout", "0"], 2, "timeout"),
                (["--from", "yesterday"], 2, "from"),
                (["--dead-letter", "/no/such/directory/file"], 1, "/no/such/directory"),
                (["--position", "/no/such/directory/file"], 1, "/no/such/directory")):
            ran = self.exec("--until-now", *options, command=[recorder, self.out], code=code)
            self.assertIn(fragment, ran.stderr, options)
        away = harness.run_varve("stream", "exec", "Tab", "--endpoint", "http://127.0.0.1:1", "--", "true", cwd=self.directory)
        self.assertEqual(away.returncode, 1)
        self.assertIn("127.0.0.1:1", away.stderr)
        for table, fragment in (("Absent", "Absent"), ("Plain", "has no stream")):
            if table == "Plain":
                self.create_table("Plain", "pk")
            ran = harness.run_varve("stream", "exec", table, "--endpoint", self.server.endpoint, "--", "true", cwd=self.directory)
            self.assertEqual(ran.returncode, 1)
            self.assertIn(fragment, ran.stderr)
        without = harness.run_varve("stream", "exec", "Tab", cwd=self.directory)
        self.assertEqual(without.returncode, 2)
        with open(self.position(), "w", encoding="utf-8") as file:
            file.write("{}")
        ran = self.exec("--until-now", command=[recorder, self.out], code=1)
        self.assertIn("not a position in a stream", ran.stderr)
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    harness.main()
