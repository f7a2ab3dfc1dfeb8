"""Plugins, built out of tree against an installed wisp as their authors would."""
import os
import subprocess
import tempfile
from pathlib import Path

import guide
import job_schema
import loopback_sshd
import wisp_test

EXAMPLE = wisp_test.SOURCE / "examples/plugin"
CXX = os.environ.get("CXX", "c++")

OTHER_ABI = """
extern "C" {
extern const unsigned wisp_plugin_abi;
const unsigned wisp_plugin_abi = 4711;
void wisp_plugin(void*) { __builtin_abort(); }
}
"""

# Two libraries of this with another WORD have classes of the same name in anonymous namespaces.
TWIN = """
#include "actors/plugin.h"
#include "base/error.h"
#include "runtime/system.h"
namespace {
using namespace wisp::runtime;
class Echo : public Actor {
 public:
  using Constructor = void();
  std::string word() { return WORD; }
};
class Evaluator : public Actor {
 public:
  using Constructor = void();
  Task<void> run() {
    const auto echo = co_await get_actor<Echo>(context(), WORD "-echo");
    auto answer = echo.call<&Echo::word>();
    const std::string word = co_await answer;
    if (word != WORD) throw wisp::Error("this is the code of " + word);
    context().log().info("this is the code of " WORD);
  }
};
}  // namespace
WISP_PLUGIN(plugin) {
  plugin.registry.actor<Echo>(WORD "::Echo").method<&Echo::word>("word");
  plugin.registry.actor<Evaluator>(WORD "::Evaluator").method<&Evaluator::run>("run");
}
"""

TWINS = """
version: 1
plugins: [ libone.so, libtwo.so ]
actors:
  one-echo: { class: "one::Echo", isolation: thread }
  two-echo: { class: "two::Echo", isolation: thread }
  one: { class: "one::Evaluator", isolation: thread, main: "${ONE}" }
  two: { class: "two::Evaluator", isolation: thread, main: "${TWO}" }
"""


def build(*command):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def setUpModule():
    """Installs wisp and builds the example against it, once for all tests."""
    global ROOM, INSTALLED, PLUGIN
    ROOM = tempfile.TemporaryDirectory(prefix="wisp-plugin-")
    INSTALLED = Path(ROOM.name) / "installed"
    build("cmake", "--install", Path(os.environ["WISP_BIN"]).resolve().parents[1], "--prefix", INSTALLED)
    build("cmake", "-S", EXAMPLE, "-B", f"{ROOM.name}/build", f"-DCMAKE_PREFIX_PATH={INSTALLED}",
          f"-DCMAKE_CXX_COMPILER={CXX}", "-DCMAKE_CXX_VISIBILITY_PRESET=hidden",
          "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
    build("cmake", "--build", f"{ROOM.name}/build", "--parallel", "2")
    PLUGIN = Path(ROOM.name) / "build/libmine.so"


def tearDownModule():
    ROOM.cleanup()


class PluginTest(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        self.wisp.binary = str(INSTALLED / "bin/wisp")

    def run_example(self, name, *args, **more):
        return self.wisp.run("run", EXAMPLE / f"{name}.yaml", "--var", f"PLUGIN={PLUGIN}", *args, timeout=60, **more)

    def library(self, name, text, *flags):
        source = self.wisp.write(f"{name}.cc", text)
        build(CXX, "-std=c++20", "-shared", "-fPIC", f"-I{INSTALLED}/include/wisp", *flags, source,
              "-o", self.wisp.folder / f"lib{name}.so", f"-L{INSTALLED}/lib", "-lwisp")

    def refusal(self, text):
        self.wisp.write("job.yaml", text)
        done = self.wisp.run("config", "job.yaml")
        self.assertEqual((done.status, done.stdout), (3, ""), done)
        return done.stderr


class Example(PluginTest):
    def test_problem_and_method(self):
        done = self.run_example("method", "--json")
        self.assertEqual(done.status, 0, done)
        self.assertEqual((done.json()["status"], done.json()["method"]), ("converged", "heavy-ball"))
        threads = self.run_example("method", "--json", "--set", "actors.worker.isolation=thread")
        self.assertEqual(threads.json()["iterate_hash"], done.json()["iterate_hash"])
        other = self.run_example("method", "--json", "--set", "method.momentum=0.9", "--set", "problem.delta=2")
        self.assertEqual(other.status, 0, other)
        self.assertNotEqual(other.json()["iterate_hash"], done.json()["iterate_hash"])

    def test_sparsifier(self):
        done = self.run_example("sparsifier", "--json")
        self.assertEqual((done.status, done.json()["status"]), (0, "converged"), done)
        self.assertLess(done.json()["uplink_bytes"], done.json()["dense_uplink_bytes"])

    def test_plain_actors(self):
        done = self.run_example("actors", "--json")
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual((result["status"], result["reason"], result["actors"]), ("finished", "teller has returned", 3))
        self.assertEqual(self.wisp.result()["status"], "finished")
        logs = self.wisp.run("logs", "teller", "--no-prefix")
        self.assertIn("the counters sum up to 30\n", logs.stdout)
        table = self.wisp.run("ps").stdout
        self.assertRegex(table, r"(?m)^counter-1 +mine::Counter +local .* exited ")
        self.assertEqual(self.wisp.run("wait").status, 0)
        again = self.wisp.run("run", self.wisp.job_folder() / "job.yaml", "--json")
        self.assertEqual(again.json()["status"], "finished", again)

    def test_what_main_throws_is_the_jobs_failure(self):
        done = self.run_example("actors", "--set", "actors.counter.args.start=-100")
        self.assertEqual(done.status, 1, done)
        self.assertIn("first to fail: teller#1@local", done.stderr)
        self.assertIn("the counters sum up to -180", done.stderr)

    def test_plain_actors_are_stopped(self):
        forever = ["--set", "actors.teller.args.rounds=1000000000000"]
        running = self.wisp.start("run", EXAMPLE / "actors.yaml", "--var", f"PLUGIN={PLUGIN}", "-d", *forever)
        job = running.wait(30).stdout.strip()
        self.assertRegex(self.wisp.run("ps", "-j", job).stdout, r"(?m)^teller +mine::Teller .* running ")
        self.assertEqual(self.wisp.run("down", "-j", job).status, 0)
        self.assertEqual(self.wisp.result()["status"], "cancelled")

    def test_plan(self):
        done = self.wisp.run("plan", EXAMPLE / "actors.yaml", "--var", f"PLUGIN={PLUGIN}")
        self.assertRegex(done.stdout, r"(?m)^counter-1 +local +process +counter-1$")
        done = self.wisp.run("plan", EXAMPLE / "method.yaml", "--var", f"PLUGIN={PLUGIN}")
        self.assertIn("heavy-ball on huber", done.stdout)

    def test_list(self):
        self.assertNotIn("heavy-ball", self.wisp.run("list", "methods").stdout)
        for what, name in {"methods": "heavy-ball", "problems": "huber", "sparsifiers": "random-window",
                           "actors": "mine::Teller", "keys": "method.momentum"}.items():
            self.assertIn(f"\n{name} ", self.wisp.run("list", what, "--plugin", PLUGIN).stdout)
            file = [EXAMPLE / "actors.yaml", "--var", f"PLUGIN={PLUGIN}"]
            self.assertIn(f"\n{name} ", self.wisp.run("list", what, *file).stdout)

    def test_schema(self):
        if job_schema.MISSING:
            self.skipTest(job_schema.MISSING)
        file = EXAMPLE / "actors.yaml"
        schema = job_schema.Schema(self.wisp.run("config", "--schema", file, "--var", f"PLUGIN={PLUGIN}").stdout)
        for name in ("method", "sparsifier", "actors"):
            self.assertEqual(schema.errors((EXAMPLE / f"{name}.yaml").read_text()), [], name)
        for name, old, new in [("method", "momentum:", "momentun:"), ("method", "momentum: 0.5", "momentum: 1.5"),
                               ("method", "kind: heavy-ball", "kind: gd"), ("sparsifier", "random-window", "window"),
                               ("actors", "start: 5", "rounds: 5"), ("actors", "start: 5", "start: many"),
                               ("actors", "verbose: true", "verbose: 2"), ("actors", "mine::Teller", "mine::Caller"),
                               ("actors", "counters: [ counter-0, counter-1 ], ", ""),
                               ("actors", "actors:", "stop: { rounds: 5 }\nactors:")]:
            text = (EXAMPLE / f"{name}.yaml").read_text()
            self.assertEqual(text.count(old), 1, old)
            bad = text.replace(old, new)
            self.assertNotEqual(schema.errors(bad), [], new)
            self.refusal(bad.replace("${PLUGIN:-../../build/plugin/libmine.so}", str(PLUGIN)))

    def test_a_misspelt_key_of_the_method(self):
        text = (EXAMPLE / "method.yaml").read_text().replace("momentum:", "momentun:")
        errors = self.refusal(text.replace("${PLUGIN:-../../build/plugin/libmine.so}", str(PLUGIN)))
        self.assertEqual(errors, "job.yaml:12:29: error: unknown key 'momentun' in method\n"
                                 "   12 | method: { kind: heavy-ball, momentun: 0.5 }\n"
                                 "      |                             ^~~~~~~~ did you mean 'momentum'?\n")

    def test_on_hosts_the_bundle_brings_it(self):
        if reason := loopback_sshd.why_not():
            self.skipTest(reason)
        here = self.run_example("method", "--json")
        with loopback_sshd.LoopbackSshd() as hosts:
            there = self.run_example("method", "--json", "--set", "hosts={n1: {slots: 2}, n2: {slots: 2}}",
                                     "--set", f"ssh.config_file={hosts.ssh_config}",
                                     "--set", f"deploy.workdir={self.wisp.folder / 'work'}")
        self.assertEqual(there.status, 0, there)
        self.assertEqual(there.json()["iterate_hash"], here.json()["iterate_hash"])
        self.assertEqual(len(list((self.wisp.folder / "work").glob("bundles/*/lib/libmine.so"))), 1)


class Refused(PluginTest):
    def job(self, plugins):
        return f"version: 1\nplugins: [ {plugins} ]\nproblem: logistic\n"

    def test_another_abi(self):
        self.library("other", OTHER_ABI)
        self.assertRegex(self.refusal(self.job("libother.so")),
                         r"^job.yaml:2:12: error: plugin \S+/libother.so was built for the plugin interface 4711, but "
                         r"this wisp has \d+: rebuild it against this wisp\n")

    def test_no_plugin(self):
        self.library("plain", "int nothing;")
        self.assertRegex(self.refusal(self.job("libplain.so")), "^job.yaml:2:12: error: plugin .* is no plugin of wisp")
        self.wisp.write("text.so", "not a library at all, but long enough to look like one that is" * 10)
        self.assertRegex(self.refusal(self.job("text.so")), "^job.yaml:2:12: error: .*invalid ELF header")
        self.assertRegex(self.refusal(self.job("sub/none.so")),
                         f"^job.yaml:2:12: error: plugin {self.wisp.folder}/sub/none.so can't be read: No such file")

    def test_one_that_can_not_be_loaded(self):
        self.library("torn", 'extern "C" void wisp_nowhere(); void f() { wisp_nowhere(); }')
        self.assertRegex(self.refusal(self.job("libtorn.so")), "2:12: error: .*undefined symbol: wisp_nowhere")

    def test_a_name_that_is_taken(self):
        self.library("gd", '#include "actors/plugin.h"\nWISP_PLUGIN(plugin) '
                           '{ plugin.methods.add(*plugin.methods.find("gd")); }')
        self.assertIn("there is a method 'gd' already", self.refusal(self.job("libgd.so")))
        self.library("key", '#include "actors/plugin.h"\nWISP_PLUGIN(plugin) {'
                            ' auto method = *plugin.methods.find("gd"); method.name = "more";'
                            ' method.settings = {wisp::Setting::of<double>("step_size", "", 1.0)};'
                            ' plugin.methods.add(method); }')
        self.assertIn("gives more the key 'step_size', which all of its kind have",
                      self.refusal(self.job("libkey.so")))
        self.assertIn("is named twice", self.refusal(self.job(f"{PLUGIN}, {PLUGIN}")))


class Twins(PluginTest):
    def test_classes_of_the_same_name_in_two_plugins_keep_their_code(self):
        for word in ("one", "two"):
            self.library(word, TWIN, f'-DWORD="{word}"')
        self.wisp.write("twins.yaml", TWINS)
        for main, other in (("one", "two"), ("two", "one")):
            which = ["--var", f"{main.upper()}=true", "--var", f"{other.upper()}=false"]
            done = self.wisp.run("run", "twins.yaml", *which)
            self.assertEqual(done.status, 0, done)
            self.assertIn(f"this is the code of {main}\n", self.wisp.run("logs", main, "--no-prefix").stdout)


class Guide(wisp_test.TestCase):
    def test_its_code_is_that_of_the_example(self):
        page = guide.Guide("docs/extend.md")
        self.assertEqual({file for file, _ in page.code},
                         {str(path.relative_to(wisp_test.SOURCE)) for path in EXAMPLE.iterdir()})
        for file, code in page.code:
            self.assertEqual(code, (wisp_test.SOURCE / file).read_text(), file)
            self.assertLess(len(code.splitlines()), 80, file)


if __name__ == "__main__":
    wisp_test.main()
