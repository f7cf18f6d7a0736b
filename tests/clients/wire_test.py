"""What the SDKs leave to the wire: compressed bodies, unsigned requests, browsers, old clients."""
import contextlib
import gzip
import http.client
import json
import os
import socket
import subprocess
import unittest
import zlib

import harness


class WireTest(harness.ClientTest):
    def setUp(self):
        super().setUp()
        self.server.start()
        self.create_table("Things", "id")

    def send(self, operation, body, headers=None, signed=True):
        """(response, its body as sent)"""
        fields = {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0"}
        fields.update(harness.SIGNATURE if signed else {})
        fields.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", "/", body, fields)
            response = connection.getresponse()
            return response, response.read()

    def test_compressed_requests_and_answers(self):
        text = "x" * 100_000
        put = json.dumps({"TableName": "Things", "Item": {"id": {"S": "1"}, "text": {"S": text}}}).encode()
        for encoding, encoded in (("gzip", gzip.compress(put)), ("deflate", zlib.compress(put)),
                                  ("gzip", gzip.compress(put[:50]) + gzip.compress(put[50:]))):
            response, body = self.send("PutItem", encoded, {"Content-Encoding": encoding})
            self.assertEqual((response.status, body), (200, b"{}"))
        get = json.dumps({"TableName": "Things", "Key": {"id": {"S": "1"}}})
        plain, body = self.send("GetItem", get)
        self.assertEqual(int(plain.headers["x-amz-crc32"]), zlib.crc32(body))
        for encoding, decode in (("gzip", gzip.decompress), ("deflate", zlib.decompress)):
            response, encoded = self.send("GetItem", get, {"Accept-Encoding": encoding})
            self.assertEqual(response.headers["Content-Encoding"], encoding)
            self.assertNotIn("x-amz-crc32", response.headers)
            self.assertLess(len(encoded), 2000)
            self.assertEqual(decode(encoded), body)

    def test_damaged_and_exploding_bodies(self):
        damaged = gzip.compress(b'{"TableName":"Things"}')[:-1]
        response, body = self.send("DescribeTable", damaged, {"Content-Encoding": "gzip"})
        self.assertEqual((response.status, json.loads(body)["__type"]),
                         (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"))
        bomb = gzip.compress(b" " * (17 << 20))
        self.assertLess(len(bomb), 20_000)
        self.assertEqual(self.send("ListTables", bomb, {"Content-Encoding": "gzip"})[0].status, 413)
        self.assertEqual(self.send("ListTables", b"{}", {"Content-Encoding": "br"})[0].status, 415)

    def test_unsigned_requests_are_refused_in_dynamodbs_order(self):
        for operation, body, expected in (("ListTables", "{", "SerializationException"),
                                          ("MakeCoffee", "{}", "UnknownOperationException"),
                                          ("ListTables", "{}", "MissingAuthenticationTokenException"),
                                          ("ListTables", "", "MissingAuthenticationTokenException")):
            response, answer = self.send(operation, body, signed=False)
            self.assertEqual((response.status, json.loads(answer)["__type"]),
                             (400, "com.amazon.coral.service#" + expected), body)
        response, answer = self.send("ListTables", "{}", {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}, signed=False)
        self.assertEqual(json.loads(answer)["message"],
                         "Authorization header requires 'Signature' parameter. Authorization header requires "
                         "'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a "
                         "'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=a")

    def test_old_client_is_answered_and_its_connection_ends(self):
        answer = self.server.raw(b"POST / HTTP/1.0\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
                                 b"Content-Type: application/json\r\n" + harness.SIGNATURE_LINES +
                                 b"Content-Length: 2\r\n\r\n{}")
        head, body = answer.split(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertIn(b"\r\nConnection: close", head)
        self.assertIn(b"\r\nContent-Type: application/json", head)
        self.assertEqual(json.loads(body), {"TableNames": ["Things"]})

    def test_a_client_that_waits_for_100_continue(self):
        body = json.dumps({"TableName": "Things", "Item": {"id": {"S": "patient"}, "text": {"S": "x" * 100_000}}}).encode()
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            connection.sendall(head(b"PutItem", len(body), b"Expect: 100-continue\r\n"))
            self.assertEqual(connection.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            self.assertEqual(read_answer(connection), (200, b"{}"))
            # A body that would be refused is not waited for.
            connection.sendall(head(b"PutItem", (16 << 20) + 1, b"Expect: 100-continue\r\n"))
            self.assertEqual(read_answer(connection)[0], 413)

    def test_a_connection_goes_on_after_each_kind_of_error(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            for operation, body, fields, status in (
                    (b"GetItem", b'{"TableName":"Nowhere","Key":{"id":{"S":"1"}}}', b"", 400),
                    (b"GetItem", b"{", b"", 400), (b"MakeCoffee", b"{}", b"", 400), (b"ListTables", b"", b"", 400),
                    (b"ListTables", b"not gzip", b"Content-Encoding: gzip\r\n", 500),
                    (b"ListTables", b"{}", b"Content-Encoding: br\r\n", 415),
                    (b"ListTables", b"{}", b"", 200)):
                connection.sendall(head(operation, len(body), fields) + body)
                answered, text = read_answer(connection)
                self.assertEqual(answered, status, (operation, body, text))

    def test_curl(self):
        """As people try a server by hand. Above a mebibyte curl asks for 100-continue; with --compressed it takes gzip."""
        request = {"TableName": "Things", "Item": {"id": {"S": "curl"}}}
        request["Item"] |= {f"text{i}": {"S": "x" * 39_000} for i in range(10)}
        padded = json.dumps(request) + " " * (2 << 20)
        path = os.path.join(self.directory, "body.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(padded)
        lines = [f"-H{name}: {value}" for name, value in harness.SIGNATURE.items()]
        lines += ["-HContent-Type: application/x-amz-json-1.0", "--noproxy", "*", "-sS", "-w", "\n%{http_code} %{num_connects}\n"]

        def curl(*arguments):
            result = subprocess.run(["curl", *lines, *arguments], capture_output=True, text=True, timeout=60, check=True)
            return result.stdout.rstrip().split("\n")

        target, endpoint = "-HX-Amz-Target: DynamoDB_20120810.", self.server.endpoint
        self.assertEqual(curl(target + "PutItem", "--data-binary", "@" + path, endpoint), ["{}", "200 1"])
        get = json.dumps({"TableName": "Things", "Key": {"id": {"S": "curl"}}})
        body, code = curl(target + "GetItem", "--compressed", "-d", get, endpoint)
        self.assertEqual((json.loads(body)["Item"], code), (request["Item"], "200 1"))
        # The second URL goes over the connection of the first.
        self.assertEqual(curl(target + "ListTables", "-d", "{}", endpoint, endpoint),
                         ['{"TableNames":["Things"]}', "200 1", '{"TableNames":["Things"]}', "200 0"])


def head(operation, length, fields=b""):
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b"X-Amz-Target: DynamoDB_20120810." + operation + b"\r\n" + harness.SIGNATURE_LINES + fields +
            b"Content-Length: %d\r\n\r\n" % length)


def read_answer(connection):
    """(status, body) of one answer; what follows stays in the socket."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    response.close()
    return response.status, body


if __name__ == "__main__":
    harness.main()
