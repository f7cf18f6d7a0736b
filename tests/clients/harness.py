"""What the client tests share: `varve serve` on a free port with a directory of its own, and raw requests to it.

Every test program takes --binary PATH and is a unittest; on failure the server's log is printed.
"""
import argparse
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = "build/release/varve"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60

# A signature in form: the server looks at its parts and takes the rest on trust.
SIGNATURE = {
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date, Signature=0",
}
SIGNATURE_LINES = "".join(f"{name}: {value}\r\n" for name, value in SIGNATURE.items()).encode()


def client_environment():
    """Credentials that any server in accept-any mode takes, and nothing of the machine's own configuration."""
    environment = dict(os.environ)
    for name in list(environment):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del environment[name]
    environment.update(
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_PAGER="",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="*",
    )
    return environment


def likely_free_port():
    """Below the range that outgoing connections take theirs from, so that a server which is down for a moment (killed, to
    be started again on the same port) does not find its port taken by a passing client."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            ephemeral_begin = int(file.read().split()[0])
    except OSError:
        ephemeral_begin = 32768
    return random.SystemRandom().randrange(10000, max(ephemeral_begin, 12000))


class Server:
    """One `varve serve` process. start() waits until it says that it listens. The port is kept over restarts."""

    def __init__(self, data, arguments=(), port=0, preexec_fn=None):
        self.data = data
        self.arguments = list(arguments)
        self.port = port
        self.preexec_fn = preexec_fn
        self.process = None
        self.log_path = data.rstrip("/") + ".log"
        self.log_begin = 0  # of the run under way

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def spawn(self):
        self.log_begin = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"] + self.arguments,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=self.preexec_fn)
        log.close()

    def start(self):
        if self.port != 0:
            return self.start_on_port()
        for _ in range(20):
            self.port = likely_free_port()
            try:
                return self.start_on_port()
            except AssertionError as error:
                if "in use" not in str(error) or str(self.port) not in str(error):
                    raise
        raise AssertionError("no free port found")

    def start_on_port(self):
        self.spawn()
        deadline = time.monotonic() + START_TIMEOUT_S
        line = self.process.stdout.readline()
        match = re.match(r"listening on http://.*:(\d+)", line)
        if not match:
            code = self.process.wait(timeout=max(1, deadline - time.monotonic()))
            raise AssertionError(f"serve did not start (exit {code}): {line!r}\n{self.log()}")
        self.port = int(match.group(1))
        return self

    def run_to_refusal(self):
        """For a serve that must refuse: its exit code and what it said."""
        self.spawn()
        try:
            output, _ = self.process.communicate(timeout=START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("serve ran although it should have refused")
        return self.process.returncode, output + self.log()

    def log(self):
        """What the run under way (or the last one) wrote."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            log.seek(self.log_begin)
            return log.read()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Gracefully; the exit code must be 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOP_TIMEOUT_S)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"serve ended with {code} after SIGTERM\n{self.log()}")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def call(self, operation, parameters, timeout=60):
        """One request; (status, parsed JSON)."""
        body = parameters if isinstance(parameters, (bytes, str)) else json.dumps(parameters)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("POST", "/", body, {
                "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0", **SIGNATURE})
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None

    def succeed(self, operation, parameters):
        status, answer = self.call(operation, parameters)
        if status != 200:
            raise AssertionError(f"{operation} answered {status}: {answer}")
        return answer

    def raw(self, request, timeout=30):
        """Sends bytes, ends sending, and answers everything that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    received += piece
            return received


def run_varve(*arguments, timeout=300, **options):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=timeout, **options)


class ClientTest(unittest.TestCase):
    """A temporary directory and a server in it; both gone afterwards."""

    server_arguments = ()

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="varve-clients-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.server = Server(os.path.join(self.directory, "data"), self.server_arguments)
        self.addCleanup(self.finish)

    def finish(self):
        if self.server.alive():
            self.server.kill()
        outcome = self._outcome.result
        failed = any(test is self for test, _ in outcome.failures + outcome.errors)
        if failed and os.path.exists(self.server.log_path):
            print(f"---- server log of {self.id()}", file=sys.stderr)
            with open(self.server.log_path, encoding="utf-8", errors="replace") as log:
                sys.stderr.write(log.read()[-20000:])
            print("----", file=sys.stderr)

    def call(self, operation, parameters):
        return self.server.call(operation, parameters)

    def create_table(self, name, partition_key, sort_key=None):
        keys = [(partition_key, "HASH")] + ([(sort_key, "RANGE")] if sort_key else [])
        self.server.succeed("CreateTable", {
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys]})

    def assert_refused(self, answer, exception, fragment=""):
        status, body = answer
        self.assertEqual(status, 400, body)
        self.assertTrue(body["__type"].endswith("#" + exception), body)
        self.assertIn(fragment, body.get("message", body.get("Message", "")))


def main(add_arguments=None, use_arguments=None):
    """Parses --binary (and what the test adds), leaves the rest to unittest."""
    global BINARY
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--binary", default=BINARY)
    if add_arguments:
        add_arguments(parser)
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.binary)
    if use_arguments:
        use_arguments(known)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
