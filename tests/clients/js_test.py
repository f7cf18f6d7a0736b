"""Runs js/*_test.mjs, the AWS SDK for JavaScript, against a server of its own.

  tests/clients/js_test.py [--binary PATH] [--modules DIRECTORY]

The packages are what js/package-lock.json pins; `./dev test` installs them into build/clients-js. Without them the test fails: that the
SDK was not tried is no success.
"""
import filecmp
import glob
import os
import shutil
import subprocess

import harness

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")
modules = "build/clients-js"


class JavaScriptTest(harness.ClientTest):
    def test_aws_sdk(self):
        lock, installed = os.path.join(SCRIPTS, "package-lock.json"), os.path.join(modules, ".installed")
        if not os.path.exists(installed) or not filecmp.cmp(lock, installed, shallow=False):
            self.fail(f"The AWS SDK for JavaScript is not installed in {modules}. `./dev test` installs it with npm (Debian's package "
                      "npm); if npm could not, it said why.")
        self.server.start()
        # Node looks for packages beside the scripts, so the scripts go where they are.
        for script in glob.glob(os.path.join(SCRIPTS, "*.mjs")):
            shutil.copy(script, modules)
        tests = sorted(os.path.basename(script) for script in glob.glob(os.path.join(SCRIPTS, "*_test.mjs")))
        self.assertGreater(len(tests), 0)
        environment = dict(harness.client_environment(), VARVE_ENDPOINT=self.server.endpoint)
        subprocess.run(["node", "--test", "--test-reporter=spec", *tests], cwd=modules, env=environment, check=True, timeout=300)
        self.server.stop()


def add_arguments(parser):
    parser.add_argument("--modules", default=modules)


def use_arguments(arguments):
    global modules
    modules = os.path.abspath(arguments.modules)


if __name__ == "__main__":
    harness.main(add_arguments, use_arguments)
