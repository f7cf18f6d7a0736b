"""The servers that a history is played on: Varve and its peers. Each runs on a free port of 127.0.0.1 with a directory of its own
and is ended by close()."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))
import harness  # noqa: E402  (how the client tests start `varve serve`)

START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 30


def await_answer(port):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/", timeout=5).close()
            return True
        time.sleep(0.1)
    return False


# A peer that falls is started again: some requests make dynalite's process end.
SUPERVISOR = ["sh", "-c", 'while :; do "$@"; sleep 0.1; done', "sh"]


class ServerProcess:
    """A peer: a process that serves HTTP on the port it was given."""

    def __init__(self, name, make_command):
        self.name = name
        self.directory = tempfile.mkdtemp(prefix=f"varve-differential-{name}-")
        self.port = harness.likely_free_port()
        self.log_path = os.path.join(self.directory, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(SUPERVISOR + make_command(self.port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                                            env=harness.client_environment(), start_new_session=True)
        if not await_answer(self.port):
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"{self.name} did not start:\n{log.read()[-2000:]}")

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Varve:
    def __init__(self, name="varve", arguments=()):
        self.name = name
        self.directory = tempfile.mkdtemp(prefix="varve-differential-")
        self.server = harness.Server(os.path.join(self.directory, "data"), arguments).start()
        self.port = self.server.port

    def log(self):
        return self.server.log()

    def close(self):
        if self.server.alive():
            self.server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def dynalite(modules):
    script = os.path.join(os.path.abspath(modules), "node_modules", "dynalite", "cli.js")
    if not os.path.exists(script):
        return None
    waits = [argument for kind in ("create", "update", "delete") for argument in (f"--{kind}TableMs", "0")]
    return ServerProcess("dynalite", lambda port: ["node", script, "--port", str(port), *waits])


def moto_command():
    """How to start moto's server, or None where it is not installed."""
    candidates = [["moto_server"], ["python3", "-m", "moto.server"]]
    for command in candidates:
        if shutil.which(command[0]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                if subprocess.run(command + ["--help"], capture_output=True, timeout=60, check=False).returncode == 0:
                    return command
    return None


def moto():
    command = moto_command()
    return command and ServerProcess("moto", lambda port: command + ["-H", "127.0.0.1", "-p", str(port)])


class Connection:
    """One keep-alive connection. send() and receive() are apart, so that one request is under way at all servers at once."""

    def __init__(self, port):
        self.port = port
        self.http = None
        self.failure = None
        self.translated = False  # whether a subclass sent anything else since the player set this to False

    def send(self, operation, body):
        self.send_as_it_is(operation, body)

    def send_as_it_is(self, operation, body):
        """What send() does, for a body that no subclass may look into."""
        self.failure = None
        try:
            if self.http is None:
                self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_S)
            self.http.request("POST", "/", body, {"X-Amz-Target": "DynamoDB_20120810." + operation,
                                                  "Content-Type": "application/x-amz-json-1.0", **harness.SIGNATURE})
        except (OSError, http.client.HTTPException) as error:
            self.fail(error)

    def receive(self):
        """(HTTP status, parsed body). Status 0: the connection broke."""
        if self.failure is None:
            try:
                response = self.http.getresponse()
                text = response.read()
                if response.will_close:
                    self.close()
                return response.status, json.loads(text) if text else {}
            except ValueError:
                return response.status, {"__type": "#NotJson"}
            except (OSError, http.client.HTTPException) as error:
                self.fail(error)
        return 0, {"__type": "#NoAnswer", "message": self.failure}

    def fail(self, error):
        self.failure = f"{type(error).__name__}: {error}"
        self.close()

    def close(self):
        if self.http:
            self.http.close()
            self.http = None

    def call(self, operation, body):
        self.send(operation, json.dumps(body).encode())
        return self.receive()
