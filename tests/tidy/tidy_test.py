"""What tools/tidy finds, and what it leaves alone, in small houses built for one question each."""
import importlib.machinery
import importlib.util
import tempfile
import unittest
from pathlib import Path

LOADER = importlib.machinery.SourceFileLoader("tidy", str(Path(__file__).resolve().parents[2] / "tools/tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
LOADER.exec_module(tidy)

ONCE = "#pragma once\n"


class Tidy(unittest.TestCase):
    def house(self, **files):
        """The facts about a work tree of these files ("__" stands for "/", "_dot_" for "."), but for missing mirrors
        and listings unless the question is about them."""
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root, name.replace("__", "/").replace("_dot_", "."))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                path.chmod(0o755 if text.startswith("#!/") else 0o644)
            return tidy.House(root).check().facts

    def facts(self, **files):
        return [each for each in self.house(**files) if ": untested: " not in each and ": dead: " not in each]

    def assert_fact(self, expected, **files):
        self.assertEqual(self.facts(**files), [expected])

    def assert_clean(self, **files):
        self.assertEqual(self.facts(**files), [])

    def test_includes_go_down(self):
        self.assert_clean(optim__gd_dot_h=ONCE + '#include "sparse/vector.h"\n#include <vector>\n')
        self.assert_clean(cli__run_dot_h=ONCE + '#include "config/load.h"\n')

    def test_an_include_up_the_stairs(self):
        self.assert_fact("sparse/vector.h:2: include: sparse/ may not include runtime/ (crosses a floor)",
                         sparse__vector_dot_h=ONCE + '#include "runtime/node.h"\n')
        self.assert_fact("runtime/node.h:2: include: runtime/ may not include actors/ (goes up the stairs)",
                         runtime__node_dot_h=ONCE + '#include "actors/job.h"\n')

    def test_config_sees_only_specs(self):
        self.assert_clean(config__keys_dot_h=ONCE + '#include "runtime/spec.h"\n')
        self.assert_fact("config/keys.h:2: include: config/ may not include runtime/ (only its spec.h)",
                         config__keys_dot_h=ONCE + '#include "runtime/actor.h"\n')

    def test_includes_are_said_from_the_root(self):
        for target in ["../base/pack.h", "pack.h"]:
            self.assert_fact(f'base/a.h:2: include: "{target}": say it from the root, as "room/file.h"',
                             base__a_dot_h=ONCE + f'#include "{target}"\n')

    def test_tests_see_what_their_room_sees(self):
        self.assert_clean(tests__optim__gd_test_dot_cc='#include "sparse/vector.h"\n#include "tests/support/seed.h"\n')
        self.assert_fact("tests/optim/gd_test.cc:1: include: optim/ may not include runtime/ (crosses a floor)",
                         tests__optim__gd_test_dot_cc='#include "runtime/node.h"\n')
        self.assert_fact("base/a.h:2: include: base/ may not include tests/",
                         base__a_dot_h=ONCE + '#include "tests/support/seed.h"\n')

    def test_contract_tests_and_examples_see_any_room(self):
        self.assert_clean(tests__contract__transport_test_dot_cc='#include "runtime/node.h"\n#include "optim/gd.h"\n',
                          examples__counter_dot_cc='#include "runtime/actor.h"\n',
                          examples__own__a_dot_h=ONCE, examples__own__a_dot_cc='#include "a.h"\n#include "base/b.h"\n')

    def test_third_party_headers_stay_in_their_files(self):
        self.assert_clean(base__pack_dot_cc="#include <msgpack.hpp>\n", runtime__zmq_link_dot_cc="#include <zmq.hpp>\n",
                          base__text_dot_cc="#include <fmt/format.h>\n",
                          bench__runtime__caf_peer_dot_cc="#include <caf/all.hpp>\n",
                          bench__runtime__zmq_peer_dot_cc="#include <zmq.hpp>\n")
        self.assertIn("base/rng.cc:1: include: <msgpack.hpp> is only for base/pack.cc",
                      self.facts(base__rng_dot_cc="#include <msgpack.hpp>\n")[0])
        self.assertIn("<fmt/format.h> is only for *.cc",
                      self.facts(base__text_dot_h=ONCE + "#include <fmt/format.h>\n")[0])
        self.assertIn("<spdlog/spdlog.h> is a library that tools/tidy does not know",
                      self.facts(base__log_dot_cc="#include <spdlog/spdlog.h>\n")[0])

    def test_headers_of_the_operating_system_are_free(self):
        self.assert_clean(base__process_dot_cc="#include <sys/wait.h>\n#include <unistd.h>\n")

    def test_the_own_header_comes_first(self):
        self.assert_fact('base/a.cc:1: include: "base/a.h" comes first: so it is known to stand alone',
                         base__a_dot_h=ONCE, base__a_dot_cc='#include <vector>\n\n#include "base/a.h"\n')

    def test_deterministic_rooms_name_no_clock_chance_thread_or_environment(self):
        for line in ["auto t = std::chrono::steady_clock::now();", "#include <random>", "std::mt19937 rng;",
                     "std::jthread thread;", 'auto home = getenv("HOME");', "std::unordered_map<int, int> map;",
                     "double y = std::exp(x);", "double y = std::reduce(a, b);"]:
            facts = self.facts(optim__gd_dot_cc=line + "\n")
            self.assertEqual(len(facts), 1, line)
            self.assertIn("optim/gd.cc:1: deterministic: ", facts[0])
            self.assert_clean(runtime__node_dot_cc=line + "\n")

    def test_comments_and_strings_are_not_code(self):
        self.assert_clean(optim__gd_dot_cc='// getenv\nauto a = "getenv";\n/* getenv\n*/ auto b = R"(getenv)";\n'
                                           "int c = 1'000'000;\n")

    def test_forms_that_the_compiler_gets_wrong(self):
        for line in ["auto c = co_await spawn({.name = n}, 40);", "auto c = co_await call(Model{2, it});",
                     "switch (co_await next()) {", "if (a && co_await b()) return;"]:
            facts = self.facts(runtime__demo_dot_cc=line + "\n")
            self.assertEqual(len(facts), 1, line)
            self.assertIn("runtime/demo.cc:1: await: ", facts[0])
        self.assert_clean(runtime__demo_dot_cc="auto&& c = co_await call(Model(2, it));\nif (a && b) { co_await c; }\n")

    def test_headers_have_pragma_once(self):
        self.assert_fact("base/a.h:1: once: a header begins with #pragma once", base__a_dot_h="int a();\n")

    def test_no_using_namespace_but_for_literals(self):
        self.assert_clean(base__a_dot_cc="using namespace std::chrono_literals;\nusing namespace std::literals;\n")
        self.assert_fact("base/a.cc:2: namespace: using namespace std is too much",
                         base__a_dot_cc="\nusing namespace std;\n")

    def test_unfinished_work(self):
        self.assert_fact("base/a.cc:1: unfinished: FIX" "ME: do it, or open an issue", base__a_dot_cc="// FIX" "ME\n")

    def test_paths_of_one_machine(self):
        self.assert_fact("docs/a.md:2: path: an absolute path of one machine", docs__a_dot_md="\nsee /ho" "me/ab/x\n")
        self.assert_clean(docs__a_dot_md="see ~/work/x, /home/me/x, ./home/x and https://example.org/home/x\n")

    def test_long_lines_but_for_raw_strings(self):
        self.assert_fact("base/a.cc:1: length: 121 characters in a line, at most 120", base__a_dot_cc="x" * 121 + "\n")
        self.assert_clean(base__a_dot_cc='auto a = R"(' + "x" * 121 + ')";\n', docs__a_dot_md="x" * 200 + "\n")

    def test_scripts_are_executable(self):
        self.assert_clean(tools__a_dot_sh="#!/bin/sh\n")
        with tempfile.TemporaryDirectory() as root:
            Path(root, "a.sh").write_text("#!/bin/sh\n")
            self.assertEqual(tidy.House(root).check().facts, ["a.sh:1: mode: begins with #! but is not executable"])

    def test_a_source_has_a_mirrored_test(self):
        listing = {"base__CMakeLists_dot_txt": "a.cc", "tests__base__CMakeLists_dot_txt": "a_test.cc"}
        self.assertEqual(self.house(base__a_dot_cc="\n", **listing),
                         ["base/a.cc:1: untested: tests/base/a_test.cc is missing; write it, or state a reason"])
        self.assertEqual(self.house(base__a_dot_cc="\n", tests__base__a_test_dot_cc="\n", **listing), [])

    def test_a_source_is_listed(self):
        facts = self.house(base__a_dot_h=ONCE, base__b_dot_h=ONCE, base__CMakeLists_dot_txt="b.h ba.h")
        self.assertEqual(facts, ["base/a.h:1: dead: is in no CMakeLists.txt"])
        support = {"tests__support__main_dot_cc": "\n"}
        self.assertEqual(self.house(tests__CMakeLists_dot_txt="t(support/main.cc)", **support), [])
        self.assertEqual(self.house(tests__base__CMakeLists_dot_txt="t(../support/main.cc)", **support), [])
        text = "t(${PROJECT_SOURCE_DIR}/tests/support/main.cc)"
        self.assertEqual(self.house(tests__base__CMakeLists_dot_txt=text, **support), [])

    def test_a_script_of_tests_is_listed_or_imported(self):
        files = {"tests__system__a_test_dot_py": "import helper\n", "tests__system__helper_dot_py": "\n"}
        self.assertEqual(self.house(**files), ["tests/system/a_test.py:1: dead: is in no CMakeLists.txt"])
        listing = "test(${CMAKE_CURRENT_SOURCE_DIR}/a_test.py)"
        self.assertEqual(self.house(tests__system__CMakeLists_dot_txt=listing, **files), [])

    def test_exceptions_lift_one_rule_for_one_file(self):
        files = {"base__a_dot_h": "int a();\n", "base__CMakeLists_dot_txt": "a.h",
                 "tools__tidy_exceptions_dot_txt": "# why\nonce base/a.h  it is a list to include twice\n"}
        self.assertEqual(self.house(**files), [])
        files["tools__tidy_exceptions_dot_txt"] = "once base/a.h\n"
        self.assertEqual(self.house(**files), ["tools/tidy_exceptions.txt:1: exceptions: give a reason"])
        files["base__a_dot_h"] = ONCE
        files["tools__tidy_exceptions_dot_txt"] = "once base/a.h  why not\n"
        self.assertEqual(self.house(**files), ["tools/tidy_exceptions.txt:1: exceptions: once base/a.h is not needed"])

    def test_functions_are_measured(self):
        code = "namespace a {\nclass B {\n  int f() {\n    if (x) {\n    }\n  }\n};\nvoid g(int a) const {\n}\n}\n"
        self.assertEqual(list(tidy.functions(code)), [(3, 4), (8, 2)])

    def test_rooms_of_the_plan_only_look_down(self):
        for room, below in tidy.SEES.items():
            for each in below:
                self.assertNotIn(room, tidy.SEES[each])
                self.assertLessEqual(tidy.SEES[each], below)


if __name__ == "__main__":
    unittest.main()
