"""Runs js/client_test.mjs, the AWS SDK for JavaScript, against a server of its own. For `./dev lab clients`, which installs the SDK.

  tests/clients/js_test.py [--binary PATH] [--modules DIRECTORY]
"""
import os
import shutil
import subprocess

import harness

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")
modules = "build/clients-js"


class JavaScriptTest(harness.ClientTest):
    def test_aws_sdk(self):
        self.server.start()
        # Node looks for packages beside the script, so the script goes where they are.
        script = shutil.copy(os.path.join(SCRIPTS, "client_test.mjs"), modules)
        environment = dict(harness.client_environment(), VARVE_ENDPOINT=self.server.endpoint)
        subprocess.run(["node", "--test", "--test-reporter=spec", script], env=environment, check=True, timeout=300)
        self.server.stop()


def add_arguments(parser):
    parser.add_argument("--modules", default=modules)


def use_arguments(arguments):
    global modules
    modules = os.path.abspath(arguments.modules)


if __name__ == "__main__":
    harness.main(add_arguments, use_arguments)
