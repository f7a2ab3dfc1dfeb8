"""Which of their networks the hosts of a job use, and jobs where they have none but ssh. Needs root; skips without."""
import signal
import subprocess
from pathlib import Path

import on_testbed
import testbed
import wisp_test

LOCAL = on_testbed.SHORT.replace(on_testbed.HOSTS, "actors: { worker: { replicas: 4 } }\n")
# Listens at an address on each of some ports until its stdin ends.
LISTENER = """import socket, sys
held = [socket.create_server((sys.argv[1], int(port))) for port in sys.argv[2:]]
print("ready", flush=True)
sys.stdin.read()
"""


class OnNetworks(on_testbed.OnTestbed):
    def local_hash(self):
        self.wisp.write("here.yaml", LOCAL)
        return self.wisp.run("run", "here.yaml", "--json", timeout=60).json()["iterate_hash"]

    def assert_same(self, done):
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.json()["iterate_hash"], self.local_hash())
        self.assert_nothing_runs(2)
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def hold(self, command, address, ports):
        """Makes ports of an address taken, until the end of the test."""
        process = subprocess.Popen([*command, "/usr/bin/python3", "-c", LISTENER, address, *map(str, ports)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.assertEqual(process.stdout.readline(), "ready\n")


class Addresses(OnNetworks):
    def second_network_carries(self, *args):
        before = sum(self.bed.traffic("h2", "w"))
        done = self.run_on(on_testbed.SHORT, "--json", *args)
        self.address = self.wisp.run("inspect", "worker-0", "--json").json()["address"]
        self.assert_same(done)
        return sum(self.bed.traffic("h2", "w")) - before

    def test_subnet(self):
        self.assertLess(self.second_network_carries(), 100_000)
        self.assertEqual(self.address, self.bed["h2"].address)
        self.assertGreater(self.second_network_carries("--set", f"network.subnet={testbed.SECOND}.0/24"), 100_000)

    def test_interface(self):
        self.assertGreater(self.second_network_carries("--set", "network.interface=eth1"), 100_000)
        self.assertEqual(self.address, self.bed["h2"].second)

    def test_hosts_that_are_not_in_it(self):
        for key, words in [("subnet=192.0.2.0/24", "in network.subnet 192.0.2.0/24"),
                           ("interface=eth7", "on network.interface eth7")]:
            done = self.run_on(on_testbed.SHORT, "--set", f"network.{key}")
            self.assertEqual(done.status, 4, done)
            self.assertIn(f"h1 has no address {words}\n    it has ", done.stderr)
            self.assertIn("10.77.0.11/24 (eth0), 10.78.0.11/24 (eth1), ", done.stderr)
            self.assertIn("hosts.h1.address can name the one to use", done.stderr)
        self.assert_nothing_runs(2)

    def test_address_of_one_host(self):
        text = on_testbed.SHORT.replace("h2: {", f"h2: {{ address: {self.bed['h2'].address6},")
        self.assert_same(self.run_on(text, "--json"))

    def test_ssh_by_ipv6(self):
        text = on_testbed.SHORT
        for name in self.bed.hosts:
            text = text.replace(f"{name}: {{", f'{name}: {{ ssh: {{ hostname: "{self.bed[name].address6}" }},', 1)
        running = self.wisp.start("run", self.wisp.write("endless.yaml", text.replace("200", "1000000000")),
                                  *self.settings())
        running.wait_for("^round [1-9]", on_testbed.START)
        seen = self.wisp.run("inspect", "worker-0", "--json").json()
        self.assertEqual(seen["address"], self.bed["h2"].address6)
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(12).status, 130)
        self.assert_same(self.run_on(text, "--json"))


class Ports(OnNetworks):
    def test_range_that_is_taken_on_a_host(self):
        self.hold(self.bed["h3"].enter_command(), self.bed["h3"].address, range(21000, 21020))
        done = self.run_on(on_testbed.SHORT, "--set", "network.ports=21000-21019")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h3 in round 0\n"
                                      r"  cause: every port of 21000-21019 on 10\.77\.0\.13 is taken; "
                                      r"widen network\.ports\n")
        self.assert_nothing_runs(2)

    def test_range_that_is_too_small(self):
        done = self.run_on(on_testbed.SHORT, "--set", "network.ports=21000-21002")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cause: every port of 21000-21002 on 10\.77\.0\.1[23] is taken; "
                                      r"widen network\.ports\n")

    def test_range_that_is_taken_here(self):
        self.hold([], f"{testbed.NETWORK}.1", range(21000, 21020))
        done = self.run_on(on_testbed.SHORT, "--set", "network.ports=21000-21019")
        self.assertEqual(done.status, 4, done)
        self.assertIn("every port of 21000-21019 on 10.77.0.1 is taken; widen network.ports", done.stderr)
        self.assert_nothing_runs(2)


class Doctor(OnNetworks):
    def rows(self, *args):
        self.wisp.write("job.yaml", on_testbed.SHORT)
        done = self.wisp.run("doctor", "job.yaml", "--json", *self.settings(), *args, timeout=60)
        return done, {(each["host"], each["check"]): each for each in done.json()["checks"]}

    def test_ports_both_ways(self):
        done, rows = self.rows("--set", "network.ports=21000-21063")
        self.assertEqual(done.status, 0, done)
        for host in [*self.bed.hosts, "this machine"]:
            self.assertEqual(rows[host, "ports"]["result"], "ok")
        self.bed.allow_only_ssh("h2")
        self.addCleanup(self.bed.allow_all, "h2")
        done, rows = self.rows("--set", "network.ports=21000-21063")
        self.assertEqual(done.status, 4, done)
        self.assertEqual(rows["h2", "ports"]["detail"], "10.77.0.12 is not reached from this machine: no answer, "
                         "h1: no answer, h3: no answer")
        self.assertEqual(rows["h2", "ports"]["remedy"],
                         "open ports 21000-21063 (network.ports) there, or set network.tunnel: true")
        for host in ["h1", "h3", "this machine"]:
            self.assertEqual(rows[host, "ports"]["result"], "ok")
        done, rows = self.rows("--set", "network.tunnel=true")
        self.assertEqual(done.status, 0, done)
        self.assert_nothing_runs(2)


class Tunnel(OnNetworks):
    TUNNEL = ["--set", "network.tunnel=true"]

    def close(self):
        for name in self.bed.hosts:
            self.bed.allow_only_ssh(name)
            self.addCleanup(self.bed.allow_all, name)

    def test_hosts_that_only_let_ssh_in(self):
        self.close()
        self.assert_same(self.run_on(on_testbed.SHORT, "--json", *self.TUNNEL))

    def test_forwards_of_the_users_own(self):
        """In the ssh configuration, and of one port for all hosts: only one of them could have it."""
        own = "  LocalForward 127.0.0.1:21099 127.0.0.1:22\n"
        config = self.wisp.write("ssh_config", Path(self.bed.ssh_config).read_text() + own)
        config.chmod(0o600)
        self.assert_same(self.run_on(on_testbed.SHORT, "--json", *self.TUNNEL, "--set", f"ssh.config_file={config}"))

    def test_ctrl_c(self):
        self.close()
        running = self.start(on_testbed.ENDLESS, *self.TUNNEL)
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual((done.status, self.wisp.result()["status"]), (130, "cancelled"), done)
        self.assert_nothing_runs(2)
        self.assertEqual(self.wisp.wait_gone(2), {}, "no ssh client is left")
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_killed_driver(self):
        running = self.start(on_testbed.ENDLESS, *self.TUNNEL)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(15)
        self.assertEqual(self.wisp.wait_gone(2), {}, "no ssh client is left")
        self.assertEqual(self.wisp.run("prune").status, 0)
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_host_that_is_lost(self):
        running = self.start(on_testbed.ENDLESS, *self.TUNNEL)
        self.bed["h2"].kill(r"/bundles/\S* agent$")
        done = running.wait(15)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h2 in round \d+\n  cause: host h2 was lost: h2: ")
        self.assert_nothing_runs(15)

    def test_port_that_is_in_use_on_a_host(self):
        self.hold(self.bed["h3"].enter_command(), "127.0.0.1", range(21000, 21012))
        done = self.run_on(on_testbed.SHORT, *self.TUNNEL, "--set", "network.ports=21000-21011")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"h3: port 210\d\d of its 127\.0\.0\.1 is in use\n"
                                      r"    set network\.ports to a range that is free on this machine and on all")
        self.assert_nothing_runs(2)

    def test_port_that_is_in_use_here(self):
        self.hold([], "127.0.0.1", range(21000, 21012))
        done = self.run_on(on_testbed.SHORT, *self.TUNNEL, "--set", "network.ports=21000-21011")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot bind tcp://127\.0\.0\.1:210\d\d: somebody listens there already")
        self.assert_nothing_runs(2)

    def test_too_few_ports(self):
        done = self.run_on(on_testbed.SHORT, *self.TUNNEL, "--set", "network.ports=21000-21010")
        self.assertEqual(done.status, 3, done)
        self.assertIn("network.ports: 21000-21010 are too few: in a tunnel each node, and the driver, takes two",
                      done.stderr)


class Refused(OnNetworks):
    SSHD = {"h2": ["AllowTcpForwarding no"]}

    def test_sshd_that_forwards_nothing(self):
        done = self.run_on(on_testbed.SHORT, "--set", "network.tunnel=true")
        self.assertEqual(done.status, 4, done)
        self.assertIn("h2: its sshd forwards no ports\n    network.tunnel needs `AllowTcpForwarding yes`", done.stderr)
        self.assert_nothing_runs(2)


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
