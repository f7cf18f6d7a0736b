"""How `varve serve` begins and ends: health, graceful stop with requests under way, a second signal, durability."""
import contextlib
import http.client
import signal
import socket
import threading
import time
import unittest

import harness


class LifecycleTest(harness.ClientTest):
    def receive_all(self, connection):
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
        return received

    def assert_refuses_connections(self):
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=2) as late:
                    late.settimeout(2)
                    self.assertEqual(self.receive_all(late), b"")
            except ConnectionRefusedError:
                return
        self.fail("still listening")

    def test_health_is_answered_once_it_serves(self):
        self.server.start()
        answer = self.server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, body = answer.split(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertRegex(head, rb"x-amzn-RequestId: [0-9A-Z]{52}\r\n")
        self.assertEqual(body, b"healthy: dynamodb.us-east-1.amazonaws.com ")
        self.server.stop()

    def test_request_under_way_is_answered_before_a_graceful_stop(self):
        self.server.start()
        body = b"{}"
        request = (b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
                   b"Content-Type: application/x-amz-json-1.0\r\n" + harness.SIGNATURE_LINES +
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as half_sent:
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as idle:
                half_sent.sendall(request[:-1])
                time.sleep(0.2)
                self.server.process.send_signal(signal.SIGTERM)
                self.assertEqual(self.receive_all(idle), b"")  # an idle connection ends at once
                self.assert_refuses_connections()
                self.assertTrue(self.server.alive())
                half_sent.sendall(request[-1:])
                answer = self.receive_all(half_sent)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK"), answer)
        self.assertIn(b"Connection: close\r\n", answer)
        self.assertEqual(self.server.process.wait(timeout=30), 0)
        self.server.process.stdout.close()

    def test_second_signal_ends_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.server.start()
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as half_sent:
                half_sent.sendall(b"POST / HTTP/1.1\r\n")
                time.sleep(0.2)
                self.server.process.send_signal(number)
                time.sleep(0.3)
                self.assertTrue(self.server.alive())
                self.server.process.send_signal(number)
                self.assertEqual(self.server.process.wait(timeout=5), 128 + number)
            self.server.process.stdout.close()

    def test_stop_under_load_loses_nothing_acknowledged(self):
        for durability in ("sync", "interval"):
            self.server.arguments = ["--durability", durability]
            self.server.start()
            table = f"Things-{durability}"
            self.create_table(table, "id")
            acknowledged = []

            def write(name):
                with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                    for i in range(100_000):
                        key = f"{name}-{i}"
                        status, _ = self.server.call("PutItem", {"TableName": table, "Item": {"id": {"S": key}}})
                        if status != 200:
                            return
                        acknowledged.append(key)

            writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
            for writer in writers:
                writer.start()
            time.sleep(0.7)
            self.server.stop()
            for writer in writers:
                writer.join()
            self.assertGreater(len(acknowledged), 10)
            self.server.start()
            found, start = set(), {}
            while True:
                page = self.server.succeed("Scan", {"TableName": table, **start})
                found |= {item["id"]["S"] for item in page["Items"]}
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            self.assertEqual(set(acknowledged) - found, set())
            self.server.stop()
        self.assertEqual(harness.run_varve("verify", "--data", self.server.data).returncode, 0)


if __name__ == "__main__":
    harness.main()
