"""Runs the JavaScript programs of a directory, each a test of a library, against a server of their own.

  tests/clients/js_test.py [--binary PATH] [--scripts tests/clients/js] [--modules build/clients-js]

js/ holds the AWS SDK (`./dev test`), lab/ what stands on it (`./dev lab clients`). The packages are what package-lock.json beside the
scripts pins; `./dev` installs them into the directory of modules. Without them the test fails: that a library was not tried is no success.
"""
import filecmp
import glob
import os
import shutil
import subprocess

import harness

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js", "connect.mjs")
scripts = os.path.dirname(SHARED)
modules = "build/clients-js"


class JavaScriptTest(harness.ClientTest):
    def test_scripts(self):
        lock, installed = os.path.join(scripts, "package-lock.json"), os.path.join(modules, ".installed")
        if not os.path.exists(installed) or not filecmp.cmp(lock, installed, shallow=False):
            self.fail(f"The packages of {lock} are not installed in {modules}. `./dev test` and `./dev lab clients` install them with npm "
                      "(Debian's package npm); if npm could not, it said why.")
        self.server.start()
        # Node looks for packages beside the scripts, so the scripts go where they are.
        for script in {SHARED, *glob.glob(os.path.join(scripts, "*.mjs"))}:
            shutil.copy(script, modules)
        tests = sorted(os.path.basename(script) for script in glob.glob(os.path.join(scripts, "*_test.mjs")))
        self.assertGreater(len(tests), 0)
        environment = dict(harness.client_environment(), VARVE_ENDPOINT=self.server.endpoint)
        subprocess.run(["node", "--test", "--test-reporter=spec", *tests], cwd=modules, env=environment, check=True, timeout=500)
        self.server.stop()


def add_arguments(parser):
    parser.add_argument("--scripts", default=scripts)
    parser.add_argument("--modules", default=modules)


def use_arguments(arguments):
    global modules, scripts
    modules, scripts = os.path.abspath(arguments.modules), os.path.abspath(arguments.scripts)


if __name__ == "__main__":
    harness.main(add_arguments, use_arguments)
