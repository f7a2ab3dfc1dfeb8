"""Hosts of the testbed that a command leads to: nsenter, by way of a script that knows their processes."""
import signal
import stat

import testbed
import wisp_test
from on_testbed import ENDLESS, SHORT, OnTestbed


class ByCommand(OnTestbed):
    def setUp(self):
        super().setUp()
        cases = "".join(f"{host.name}) shift; exec {' '.join(host.enter_command())} \"$@\" ;;\n"
                        for host in self.bed.hosts.values())
        self.enter = self.wisp.write("enter", f"#!/bin/sh\ncase $1 in\n{cases}esac\necho \"no host $1\" >&2\nexit 3\n")
        self.enter.chmod(self.enter.stat().st_mode | stat.S_IXUSR)

    def settings(self):
        command = f"{{ kind: command, template: [ {self.enter}, '{{host}}', sh ] }}"
        addresses = [arg for host in self.bed.hosts.values()
                     for arg in ("--set", f"hosts.{host.name}.address={host.address}")]
        return ["--set", f"launcher={command}", *addresses]

    def test_three_hosts_compute_what_this_machine_does(self):
        self.assert_computes_what_this_machine_does()

    def test_killed_driver(self):
        running = self.start(ENDLESS)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(15)

    def test_host_that_the_command_does_not_know(self):
        done = self.run_on(SHORT.replace("h3", "h4"), "--set", "hosts.h4.address=10.77.0.19", "--set", "hosts.h3=")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h4: enter ended \(exit status 3\) before a shell could answer\n"
                                      r" +no host h4\n")


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
