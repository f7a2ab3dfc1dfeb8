"""Jobs on hosts that share nothing but a network: a testbed of namespaces. Needs root; skips without."""
import re
import signal
import time

import testbed
import wisp_test
from on_testbed import ENDLESS, SHORT, START, OnTestbed


class Testbed(OnTestbed):
    HOSTS = 2

    def test_hosts_share_no_files_and_reach_each_other_only(self):
        self.bed["h1"].run("touch", "/tmp/here", "/etc/here")
        self.assertEqual(self.bed["h1"].run("hostname"), "h1\n")
        for folder in ["/tmp", "/etc"]:
            self.assertNotIn("here\n", self.bed["h2"].run("ls", folder))
        here = self.bed["h1"].run("sh", "-c", 'cd "$0" 2>/dev/null && ls; true', testbed.SOURCE)
        self.assertNotIn("CMakeLists.txt", here)
        for host in self.bed.hosts.values():
            self.assertNotIn("default", host.run("ip", "route"))


class Jobs(OnTestbed):
    def test_three_hosts_that_have_nothing_compute_what_this_machine_does(self):
        self.assert_computes_what_this_machine_does()
        for name in ["master", "worker-0", "worker-3"]:
            self.assertTrue((self.wisp.job_folder() / f"logs/{name}/1.log").stat().st_size)

    def test_ctrl_c(self):
        running = self.start()
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual((done.status, self.wisp.result()["status"]), (130, "cancelled"), done)
        self.assert_nothing_runs(2)

    def test_killed_driver(self):
        running = self.start()
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(15)


class Link(OnTestbed):
    ROUNDS = 30
    LARGE = SHORT.replace("200", str(ROUNDS)).replace("rows: 400, dim: 50", "rows: 40, dim: 20000")

    def test_link_of_100_mbit_carries_what_the_summary_says(self):
        """At the master, whose interface sees every message; ssh's share is a thousandth."""
        self.assert_link_carries(self.models("star"), 2 * 4)

    def test_link_of_100_mbit_carries_one_model_where_hosts_pass_it_on(self):
        """Updates come from all four workers, models leave once."""
        star = self.run_on(self.models("star"), "--json").json()
        chain = self.assert_link_carries(self.models("auto"), 4 + 1)
        self.assertEqual(chain["iterate_hash"], star["iterate_hash"])
        self.assertEqual(chain["master_downlink_bytes"], self.ROUNDS * 20000 * 8)
        self.assertEqual(chain["downlink_bytes"], 2 * chain["master_downlink_bytes"])
        self.assertEqual(star["master_downlink_bytes"], 4 * chain["master_downlink_bytes"])

    def models(self, way):
        return self.LARGE.replace("method: {", "method: { broadcast: { way: %s }," % way)

    def assert_link_carries(self, text, vectors):
        """So many vectors a round at least. What the job ended with."""
        free = self.run_on(text, "--json")
        self.assertEqual(free.status, 0, free)
        for name in self.bed.hosts:
            self.bed.limit(name, "100mbit")
            self.addCleanup(self.bed.unlimit, name)
        before = sum(self.bed.traffic("h1"))
        slow = self.run_on(text, "--json")
        carried = sum(self.bed.traffic("h1")) - before
        self.assertEqual(slow.json()["iterate_hash"], free.json()["iterate_hash"], slow)
        said = slow.json()["wire_bytes"]
        self.assertGreater(said, vectors * self.ROUNDS * 20000 * 8)
        self.assertLess(said, 1.3 * vectors * self.ROUNDS * 20000 * 8)
        self.assertGreater(carried / said, 1.0)
        self.assertLess(carried / said, 1.1)
        return slow.json()


class Refused(OnTestbed):
    def test_way_between_two_hosts_that_is_closed_is_named(self):
        """As behind a firewall that drops: ssh gets in, but h2 can't answer h1."""
        self.bed["h2"].run("ip", "route", "add", "blackhole", self.bed["h1"].address)
        self.addCleanup(self.bed["h2"].run, "ip", "route", "del", "blackhole", self.bed["h1"].address)
        done = self.run_on(SHORT)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"master@h1 \(tcp://10\.77\.0\.11:\d+\) and "
                                      r"worker-0@h2 \(tcp://10\.77\.0\.12:\d+\) do not hear each other\n"
                                      r" +is there a firewall between them\? ports 20000-32767")
        self.assert_nothing_runs(2)

    def test_frozen_sshd(self):
        self.bed["h2"].run("sh", "-c", "kill -STOP $(cat /run/sshd.pid)")
        self.addCleanup(self.bed["h2"].run, "sh", "-c", "kill -CONT $(cat /run/sshd.pid)")
        done = self.run_on(SHORT, "--set", "ssh.connect_timeout=3s")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h2: timeout\n +Connection timed out during banner exchange")
        self.assert_nothing_runs(2)

    def test_full_disk(self):
        full = self.bed["h3"]
        full.run("sh", "-c", "rm -rf ~root/.local")
        full.fill_disk()
        self.addCleanup(full.run, "rm", "/tmp/filling")
        done = self.run_on(SHORT)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h3: .*\n(.*\n)*.*No space left on device")
        self.assert_nothing_runs(2)

    def test_one_host_that_is_missing(self):
        self.addCleanup(self.bed.heal, "h1")
        self.bed.cut("h1")
        done = self.run_on(SHORT, "--set", "ssh.connect_timeout=3s")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h1: timeout\n")
        self.assert_nothing_runs(2)


class Cut(OnTestbed):
    def test_network_that_is_cut_for_3_s_loses_nothing(self):
        running = self.start()
        self.addCleanup(self.bed.heal, "h2")
        self.bed.cut("h2")
        time.sleep(3)  # is what this test is about
        self.bed.heal("h2")
        lines = running.stderr.count("\nround ")
        running.wait_for(rf"(?s)(^round [^\n]*\n.*){{{lines + 2}}}", 20)
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual(done.status, 130, done)
        events = (self.wisp.job_folder() / "events.jsonl").read_text()
        self.assertNotIn('"dead"', events)
        actors = self.wisp.run("ps", "-j", "endless", "--json").json()["actors"]
        self.assertEqual({each["attempt"] for each in actors}, {1})

    def test_network_that_is_cut_for_good_ends_the_job_on_both_sides(self):
        running = self.start()
        self.addCleanup(self.bed.heal, "h3")
        self.bed.cut("h3")
        done = running.wait(25)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"could not verify that everything has ended\n  h3: ")
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h3 in round \d+\n"
                                      r"  cause: host h3 was lost: h3: it does not answer any more")
        self.assert_nothing_runs(1, ["h1", "h2"])
        self.assert_nothing_runs(15, ["h3"])


class CutWhileDown(OnTestbed):
    def test_down_does_not_take_a_host_for_ended_that_it_can_not_ask(self):
        self.wisp.write("endless.yaml", ENDLESS)
        started = self.wisp.run("run", "-d", "endless.yaml", *self.settings(), timeout=START)
        self.assertEqual(started.status, 0, started)
        self.addCleanup(self.bed.heal, "h3")
        self.bed.cut("h3")
        down = self.wisp.run("down", timeout=50)
        self.assertEqual(down.status, 5, down)
        self.assertRegex(down.stderr, r"could not be verified on every host; again: wisp down -j endless-")
        self.bed.heal("h3")
        again = self.wisp.run("down", "-j", "endless", timeout=50)
        self.assertEqual(again.status, 0, again)
        self.assertRegex(again.stderr, r"nothing of endless-\w+ is left on its hosts")
        self.assert_nothing_runs(2)


class Down(OnTestbed):
    def test_agent_that_is_killed(self):
        running = self.start()
        self.bed["h2"].kill(r"/bundles/\S* agent$")
        done = running.wait(10)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h2 in round \d+\n"
                                      r"  cause: host h2 was lost: h2: the agent was killed")
        self.assert_nothing_runs(15)

    def test_host_in_the_middle_of_a_chain(self):
        running = self.start(ENDLESS, "--set", "method.broadcast={ kind: dense, way: chain }")
        self.bed["h2"].kill(r"/bundles/\S* agent$")
        done = running.wait(10)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: (relay|worker)-\d#1@h2 in round \d+\n"
                                      r"  cause: host h2 was lost: h2: the agent was killed")
        self.assert_nothing_runs(15)

    def test_host_that_goes_down(self):
        running = self.start()
        self.bed["h3"].go_down()
        done = running.wait(25)
        self.assertIn(done.status, (4, 5), done)  # its last words get through, or they don't
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h3 in round \d+\n"
                                      r"  cause: (host h3 was lost: h3: |no heartbeats for 10s)")
        self.assert_nothing_runs(1, ["h1", "h2"])


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
