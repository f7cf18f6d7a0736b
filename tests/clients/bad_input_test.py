"""What goes wrong in practice: each gets a clear error, nothing crashes, nothing is lost."""
import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import time
import unittest

import harness


def post(body, headers=b"", length=None, operation=b"ListTables"):
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b"X-Amz-Target: DynamoDB_20120810." + operation + b"\r\nConnection: close\r\n" + harness.SIGNATURE_LINES + headers +
            b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body)


class BadRequestTest(harness.ClientTest):
    def setUp(self):
        super().setUp()
        self.server.start()

    def tearDown(self):
        # Whatever the test did: the server still serves, and stops in order.
        if self.server.alive():
            self.assertEqual(self.server.call("ListTables", {})[0], 200)
            self.server.stop()
        else:
            self.fail("the server has gone")

    def status_of(self, answer):
        self.assertRegex(answer, rb"^HTTP/1\.1 \d\d\d ")
        return int(answer[9:12])

    def test_unknown_operation(self):
        self.assert_refused(self.call("MakeCoffee", {}), "UnknownOperationException")
        status, body = self.call("", {})
        self.assertEqual((status, body["__type"].split("#")[1]), (400, "UnknownOperationException"))

    def test_malformed_json(self):
        for body in ("", "{", '{"TableName":', "[]", '{"TableName":"x"}}', '{"TableName":"\xff"}'.encode("latin-1"),
                     "{" + '"a":{' * 10000, '{"TableName":5}', "null", "\x00"):
            status, answer = self.call("DescribeTable", body)
            self.assertEqual(status, 400, body)
            self.assertTrue(answer["__type"].endswith("#SerializationException"), (body, answer))

    def test_body_of_seventeen_megabytes(self):
        body = b'{"TableName":"' + b"x" * (17 << 20) + b'"}'
        answer = self.server.raw(post(body))
        self.assertEqual(self.status_of(answer), 413, answer[:300])
        # A client that sends everything before it looks gets its answer, too.
        status, answer = self.call("ListTables", body)
        self.assertEqual(status, 413)
        self.assertIn("16777216", answer["message"])
        chunks = b"".join(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n" for _ in range(17)) + b"0\r\n\r\n"
        head = post(b"").split(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.status_of(self.server.raw(head + chunks)), 413)

    def test_truncated_requests(self):
        whole = post(b"{}")
        for cut in range(0, len(whole), 7):
            self.assertEqual(self.server.raw(whole[:cut]), b"", cut)
        self.assertEqual(self.status_of(self.server.raw(whole)), 200)
        # Cut off by a reset instead of an orderly end.
        for cut in (1, 40, len(whole) - 1):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                connection.sendall(whole[:cut])

    def test_requests_that_are_not_http(self):
        smuggled = b"Transfer-Encoding: chunked\r\n"
        for request in (b"\x16\x03\x01\x02\0\x01\0\n", b"GET / HTTP/1.1\n\n", b"GET / HTTP/9.9\r\n\r\n", post(b"{}", smuggled),
                        post(b"{}", b"Content-Length: 2\r\n"), post(b"{}", b"X: a\r\n b\r\n"), post(b"{}", b"X : a\r\n"),
                        b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", post(b"{}", b"X: " + b"a" * 20000 + b"\r\n"),
                        post(b"{}", b"".join(b"X%d: a\r\n" % i for i in range(100)))):
            status = self.status_of(self.server.raw(request))
            self.assertTrue(400 <= status <= 505, (status, request[:80]))

    def test_item_over_400_kilobytes(self):
        self.create_table("Things", "id")
        # 409600 bytes with names counted: "id" + "1" + "text" + value.
        fits = {"TableName": "Things", "Item": {"id": {"S": "1"}, "text": {"S": "x" * (409600 - 7)}}}
        self.assertEqual(self.call("PutItem", fits)[0], 200)
        over = {"TableName": "Things", "Item": {"id": {"S": "1"}, "text": {"S": "x" * (409600 - 6)}}}
        self.assert_refused(self.call("PutItem", over), "ValidationException",
                            "Item size has exceeded the maximum allowed size")
        item = self.server.succeed("GetItem", {"TableName": "Things", "Key": {"id": {"S": "1"}}})["Item"]
        self.assertEqual(len(item["text"]["S"]), 409600 - 7)

    def test_many_connections_that_say_nothing(self):
        with contextlib.ExitStack() as stack:
            for i in range(300):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", self.server.port)))
                connection.sendall(b"POST / HTTP/1.1\r\nHost"[: i % 20])
            began = time.monotonic()
            self.assertEqual(self.call("ListTables", {})[0], 200)
            self.assertLess(time.monotonic() - began, 5)


    def test_good_client_keeps_its_rate_beside_a_thousand_slow_ones(self):
        self.create_table("Things", "id")
        request = {"TableName": "Things", "Key": {"id": {"S": "1"}}}

        def rate(seconds=1.0):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            with contextlib.closing(connection):
                deadline, count = time.monotonic() + seconds, 0
                while time.monotonic() < deadline:
                    connection.request("POST", "/", json.dumps(request), {
                        "X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Type": "application/x-amz-json-1.0",
                        **harness.SIGNATURE})
                    response = connection.getresponse()
                    self.assertEqual(response.status, 200, response.read())
                    response.read()
                    count += 1
                return count / seconds

        alone = max(rate() for _ in range(2))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(("127.0.0.1", self.server.port))) for _ in range(1000)]
            beside = 0
            for byte in b"POS":
                for connection in slow:
                    connection.send(bytes([byte]))
                beside = max(beside, rate())
        print(f"requests/s alone {alone:.0f}, beside 1000 slow connections {beside:.0f}", flush=True)
        # The rate itself is the good client's affair (Python on a busy machine): half of it is a wide margin for noise.
        self.assertGreater(beside, alone / 2)


class BadDirectoryTest(harness.ClientTest):
    def put(self, key, text="x"):
        return self.call("PutItem", {"TableName": "Things", "Item": {"id": {"S": key}, "text": {"S": text}}})

    def get(self, key):
        return self.server.succeed("GetItem", {"TableName": "Things", "Key": {"id": {"S": key}}}).get("Item")

    def make_store(self):
        self.server.start()
        self.create_table("Things", "id")
        self.assertEqual(self.put("kept")[0], 200)

    def test_directory_in_use(self):
        self.make_store()
        second = harness.Server(self.server.data)
        second.log_path += ".second"
        code, output = second.run_to_refusal()
        self.assertEqual(code, 1, output)
        self.assertIn(self.server.data, output)
        self.assertRegex(output, "in use|busy")
        self.assertIsNotNone(self.get("kept"))

    def test_directory_that_cannot_be_made_or_written(self):
        blocker = os.path.join(self.directory, "file")
        with open(blocker, "w", encoding="utf-8") as file:
            file.write("not a directory")
        for path in (blocker, os.path.join(blocker, "below"), os.path.join(self.directory, "no", "such", "parent"),
                     "/proc/varve"):
            server = harness.Server(path)
            server.log_path = os.path.join(self.directory, "refusal.log")
            code, output = server.run_to_refusal()
            self.assertEqual(code, 1, output)
            self.assertIn(path, output)
        with open(blocker, encoding="utf-8") as file:
            self.assertEqual(file.read(), "not a directory")

    @unittest.skipIf(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), "root may write everywhere")
    def test_directory_of_somebody_else(self):
        self.make_store()
        self.server.stop()
        os.chmod(self.directory, 0o755)
        command = [harness.BINARY, "serve", "--data", self.server.data, "--listen", "127.0.0.1:0"]
        if os.geteuid() == 0:
            command = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] + command
        else:
            os.chmod(self.server.data, 0o500)
            self.addCleanup(os.chmod, self.server.data, 0o700)
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if "Permission denied" in refused.stderr and "setpriv" in refused.stderr.split(":")[0]:
            self.skipTest("the other user may not run the binary")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(self.server.data, refused.stdout + refused.stderr)

    def test_port_in_use_and_bad_arguments(self):
        self.make_store()
        second = harness.Server(os.path.join(self.directory, "second"), port=self.server.port)
        code, output = second.run_to_refusal()
        self.assertEqual(code, 1, output)
        self.assertIn(str(self.server.port), output)
        for arguments in (["serve"], ["serve", "--data", "x", "--listen", "nonsense"], ["frobnicate"], [],
                          ["serve", "--data", "x", "--durability", "perhaps"], ["load", "--table", "t", "-"],
                          ["serve", "--data", "x", "--listen", "localhost:99999"]):
            refused = harness.run_varve(*arguments, cwd=self.directory)
            self.assertEqual(refused.returncode, 2, (arguments, refused.stdout + refused.stderr))
            self.assertFalse(os.path.exists(os.path.join(self.directory, "x")))
        for command in ("serve", "load", "verify", "dump"):
            helped = harness.run_varve(command, "--help")
            self.assertEqual(helped.returncode, 0)
            self.assertIn("Examples:", helped.stdout)

    def test_corrupt_manifest(self):
        self.make_store()
        self.server.stop()
        trees = os.path.join(self.server.data, "lsm")
        manifests = [name for name in os.listdir(trees) if name.startswith("MANIFEST")]
        self.assertEqual(len(manifests), 1, os.listdir(trees))
        path = os.path.join(trees, manifests[0])
        # The first frame after the two copies of the superblock, in the middle of its header.
        with open(path, "r+b") as manifest:
            manifest.seek(8192 + 17)
            byte = manifest.read(1)[0]
            manifest.seek(8192 + 17)
            manifest.write(bytes([byte ^ 0x40]))
        code, output = self.server.run_to_refusal()
        self.assertEqual(code, 1, output)
        self.assertIn(manifests[0], output)
        self.assertIn("offset", output)
        verified = harness.run_varve("verify", "--data", self.server.data)
        self.assertEqual(verified.returncode, 1, verified.stdout)
        self.assertIn(manifests[0], verified.stdout + verified.stderr)
        # Nothing was thrown away: with the byte back, everything is back.
        with open(path, "r+b") as manifest:
            manifest.seek(8192 + 17)
            manifest.write(bytes([byte]))
        self.server.start()
        self.assertIsNotNone(self.get("kept"))
        self.server.stop()

    def fill(self, limit):
        """Puts until one is refused; the acknowledged keys."""
        acknowledged = []
        for i in range(limit):
            status, answer = self.put(f"fill{i}", "x" * 100_000)
            if status != 200:
                self.assertIn(status, (400, 500, 503), answer)
                self.assertIn("__type", answer)
                return acknowledged
            acknowledged.append(f"fill{i}")
        self.fail("the disk never filled up")

    def works_again(self, seconds=30):
        """Puts with patience: how long the server may take to get on its feet is its business, not for ever is ours."""
        deadline = time.monotonic() + seconds
        while (answer := self.put("after"))[0] != 200:
            if time.monotonic() > deadline:
                self.fail(f"still refused: {answer}")
            time.sleep(0.2)

    def check_kept(self, acknowledged):
        self.assertIsNotNone(self.get("kept"))
        for key in acknowledged:
            self.assertIsNotNone(self.get(key), key)

    def test_full_disk(self):
        mount = os.path.join(self.directory, "small")
        os.mkdir(mount)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", mount], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("may not mount a small file system here; test_file_size_limit stands in")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        ballast = os.path.join(mount, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"\0" * (16 << 20))
        self.server.data = os.path.join(mount, "data")
        self.server.log_path = os.path.join(self.directory, "data.log")
        self.make_store()
        acknowledged = self.fill(2000)
        self.assertTrue(self.server.alive())
        self.assertIsNotNone(self.get("kept"))
        os.remove(ballast)
        self.works_again()
        self.check_kept(acknowledged)
        self.server.stop()
        self.server.start()
        self.check_kept(acknowledged + ["after"])
        self.server.stop()

    def test_file_size_limit(self):
        # Only the soft limit: the server may not lift it by itself, the test may.
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

        self.server.preexec_fn = limit
        self.make_store()
        acknowledged = self.fill(2000)
        self.assertTrue(self.server.alive())
        self.assertIsNotNone(self.get("kept"))
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, infinite)
        self.works_again()
        self.check_kept(acknowledged)
        self.server.stop()
        self.server.preexec_fn = None
        self.server.start()
        self.check_kept(acknowledged + ["after"])
        self.server.stop()


if __name__ == "__main__":
    harness.main()
