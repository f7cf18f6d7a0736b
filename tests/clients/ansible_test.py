"""Runs lab/ansible/playbook.yml with Debian's Ansible against a server of its own. For `./dev lab clients`.

  tests/clients/ansible_test.py [--binary PATH]
"""
import os
import subprocess

import harness

PLAYBOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab", "ansible", "playbook.yml")


class AnsibleTest(harness.ClientTest):
    def test_playbook(self):
        self.server.start()
        environment = dict(harness.client_environment(), VARVE_ENDPOINT=self.server.endpoint, ANSIBLE_HOME=self.directory,
                           ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_INVENTORY_UNPARSED_WARNING="false", ANSIBLE_NOCOLOR="1")
        subprocess.run(["/usr/bin/ansible-playbook", PLAYBOOK], env=environment, check=True, timeout=300)
        self.server.stop()


if __name__ == "__main__":
    harness.main()
