"""Runs lab/go/client_test.go, the AWS SDK for Go (Debian's), against a server of its own. For `./dev lab clients`.

  tests/clients/go_test.py [--binary PATH] [--cache DIRECTORY]
"""
import os
import subprocess

import harness

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab", "go", "client_test.go")
cache = "build/clients-go"


class GoTest(harness.ClientTest):
    def test_aws_sdk(self):
        self.server.start()
        # Debian's Go packages are sources below one GOPATH; modules would ask the network.
        environment = dict(harness.client_environment(), VARVE_ENDPOINT=self.server.endpoint, GO111MODULE="off",
                           GOPATH="/usr/share/gocode", GOCACHE=cache, GOFLAGS="")
        subprocess.run(["go", "test", "-count=1", "-v", SCRIPT], env=environment, check=True, timeout=900)
        self.server.stop()


def add_arguments(parser):
    parser.add_argument("--cache", default=cache)


def use_arguments(arguments):
    global cache
    cache = os.path.abspath(arguments.cache)


if __name__ == "__main__":
    harness.main(add_arguments, use_arguments)
