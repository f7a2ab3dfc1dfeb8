#pragma once
// Job files in a folder of their own, and what load() says of them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "config/errors.h"
#include "config/load.h"
#include "config/read_yaml.h"

namespace wisp::config {

inline Vocabulary small_vocabulary() {
  return {{"gd", "ibcd", "isega"},
          {"logistic", "least-squares", "quadratic"},
          {"identity", "random-blocks"},
          nullptr};
}

inline std::shared_ptr<const Source> source_of(std::string text, std::string name = "job.yaml") {
  return std::make_shared<Source>(Source::Kind::kFile, std::move(name), "/jobs", std::move(text), 0);
}

// The tree of a text that is known to be right.
inline Node tree_of(const std::string& text) {
  Mistakes mistakes;
  auto node = read_yaml(source_of(text), mistakes);
  mistakes.throw_if_any();
  return node.value_or(Node());
}

inline std::string text_of(const Mistakes& mistakes) {
  try {
    mistakes.throw_if_any();
  } catch (const ConfigErrors& errors) {
    return std::string(errors.what()) + "\n";
  }
  return "";
}

// The lines that say what is wrong, without the job file's own.
inline std::string messages_of(const std::string& errors) {
  std::string messages;
  for (const std::string& line : split(errors, '\n')) {
    if (!line.empty() && line[0] != ' ') messages += line + "\n";
  }
  return messages;
}

class Workbench {
 public:
  Workbench() {
    std::string name = (std::filesystem::temp_directory_path() / "wisp-config-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error("no temporary folder " + name);
    request.folder = name;
    request.vocabulary = small_vocabulary();
    request.environment = [this](const std::string& key) -> std::optional<std::string> {
      const auto found = environment.find(key);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
  }
  ~Workbench() { std::filesystem::remove_all(request.folder); }
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // Writes a file; the first one is the job.
  Workbench& file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((request.folder / name).parent_path());
    std::filesystem::remove(request.folder / name);  // some file systems flush what is written over itself
    std::ofstream(request.folder / name, std::ios::binary) << text;
    if (request.files.empty()) request.files.push_back(name);
    return *this;
  }
  Workbench& set(const std::string& option) {
    request.sets.push_back(option);
    return *this;
  }

  Experiment load() const { return config::load(request); }

  // What load() complains of; empty if it does not.
  std::string errors() const {
    try {
      load();
    } catch (const ConfigErrors& error) {
      EXPECT_EQ(error.fault(), Fault::kConfig);
      return std::string(error.what()) + "\n";
    }
    return "";
  }

  Request request;
  std::map<std::string, std::string> environment;
};

// The errors of one file "job.yaml".
inline std::string errors_of(const std::string& text) { return Workbench().file("job.yaml", text).errors(); }

// Lines 1 to 4 of a job; with them and nothing else it is complete.
inline const std::string kJob =
    "version: 1\n"
    "problem: { kind: logistic, data: { path: a.libsvm } }\n"
    "method: gd\n"
    "stop: { rounds: 5 }\n";

// Every key there is.
inline const std::string kEveryKey =
    "version: 1\n"
    "name: full\n"
    "seed: 7\n"
    "dtype: float32\n"
    "problem:\n"
    "  kind: least-squares\n"
    "  l2: 1/N\n"
    "  data: { path: /d/a.libsvm, format: libsvm, dim: 123, rows: 1000, shard: by-label }\n"
    "  optimum: 0.25\n"
    "  init: ones\n"
    "method: { kind: ibcd, step_size: 0.5, sparsifier: { kind: random-blocks, density: 1%, blocks: 10 },\n"
    "          wire_dtype: bfloat16, indices: rice, consistency: { kind: ssp, bound: 4 }, late: damp, "
    "batch_size: 8,\n"
    "          error_feedback: true,\n"
    "          broadcast: { kind: sparse, density: 12.5%, way: star }, nonfinite: zero }\n"
    "metrics: { tap: '127.0.0.1:9465' }\n"
    "actors:\n"
    "  master: { host: n2, isolation: thread, resources: { memory: 1GiB, nice: 1 }, env: { A: '1' } }\n"
    "  worker:\n"
    "    replicas: 3\n"
    "    isolation: process\n"
    "    placement: { kind: label, hosts: [ n1, n2 ], match: { disk: ssd }, oversubscribe: true }\n"
    "    resources: { cpus: 2, memory: 2GiB, nice: 5 }\n"
    "    env: { OMP_NUM_THREADS: \"1\" }\n"
    "stop: { gap: 1e-6, rounds: 5000, time: 10m, diverged: 1e4, updates: 7, epochs: 2.5, bytes: 1GiB }\n"
    "evaluate: { every: 5 rounds }\n"
    "record: /r\n"
    "replay: /s\n"
    "simulation: { compute: { kind: lognormal, median: 5ms, sigma: 1 }, spread: 10, bandwidth: 10Mbit,\n"
    "  latency: { kind: uniform, mean: 2ms, sigma: 0 } }\n"
    "hosts: { 'n[1-2]': { slots: 1, address: 192.0.2.1, labels: { disk: ssd }, ssh: { hostname: h, port: 22, "
    "user: u, proxy_jump: j "
    "} } }\n"
    "launcher: ssh\n"
    "ssh: { program: [ ssh, -4 ], config_file: /c, connect_timeout: 5s, max_parallel: 4, options: { "
    "Compression: 'yes' } }\n"
    "slurm: { partition: p, account: a, time: 2h, nodes: 4, template: /t }\n"
    "deploy: { kind: tar, binary: /b/wisp, files: [ conf/ ], workdir: /w, cleanup: never }\n"
    "network: { transport: tcp, security: plaintext, subnet: 192.0.2.0/24, interface: eth1, tunnel: false,\n"
    "  ports: 20000-20063, max_message: 64MiB }\n"
    "timeouts: { start: 30s, shutdown_grace: 5s }\n"
    "logs: { level: debug, format: json, rotate: { max_size: 1MiB, max_files: 3 } }\n"
    "include: []\n"
    "vars: { UNUSED: 1 }\n"
    "x-more: [ 1 ]\n";

// What of restarts, checkpoints and failures a job may say that is not recorded, replayed or simulated: lines
// to go behind kJob.
inline const char* const kEveryRecoveryKey =
    "actors:\n"
    "  master: { restart: { max: 2, within: 30s, backoff: 1s } }\n"
    "  worker: { restart: { max: 0, within: 10m, backoff: 250ms } }\n"
    "checkpoint: { every: 50 rounds, keep: 7, copies: 2, resume: /j }\n"
    "failure: { on_host_lost: wait }\n"
    "hosts: [ n1, n2 ]\n";
inline const char* const kNeverRecovered =
    "actors: { master: { restart: never }, worker: { restart: never } }\n"
    "checkpoint: never\n";

// A vocabulary with what a plugin brings.
inline Vocabulary plugin_vocabulary() {
  Vocabulary vocabulary = small_vocabulary();
  vocabulary.methods.emplace_back("heavy-ball");
  vocabulary.problems.emplace_back("huber");
  vocabulary.sparsifiers.emplace_back("window");
  vocabulary.classes = {
      {"my::Counter"}, {"my::Evaluator", true}, {"my::Hidden", true, "class my::Hidden is hidden"}};
  vocabulary.keys = {
      {"method", "heavy-ball", {Setting::of<double>("momentum", "kept", 0.9).from(0).up_to(1)}},
      {"problem", "huber", {Setting::of<double>("delta", "bend").above(0)}},
      {"method.sparsifier", "window", {Setting::of<std::string>("side", "", "left").one_of("left | right")}},
      {"actors.*.args",
       "my::Evaluator",
       {Setting::of<std::uint32_t>("every", ""),
        Setting::of<std::vector<double>>("weights", "", std::vector{0.5}),
        Setting::of<bool>("verbose", "", false), Setting::of<std::int8_t>("shift", "", std::int8_t{-1})}}};
  return vocabulary;
}

inline const std::string kPlain =
    "version: 1\n"
    "actors:\n"
    "  evaluator: { class: 'my::Evaluator', args: { every: 5, shift: -7 }, main: true }\n"
    "  counter: { class: 'my::Counter', replicas: 2, isolation: thread, env: { A: '1' } }\n";

// Every key of a job of plain actors that others have not.
inline const std::string kEveryPlainKey =
    "version: 1\n"
    "plugins: [ mine.so ]\n"
    "hosts: { n1: { labels: { a: b } } }\n"
    "launcher: { kind: command, template: [ docker, exec, -i, '{host}', sh ] }\n"
    "actors:\n"
    "  main: { class: 'my::Evaluator', args: { every: 5 }, main: true, host: n1 }\n"
    "  n1:\n"
    "    class: 'my::Counter'\n"
    "    main: false\n"
    "    host: n1\n"
    "    replicas: 1\n"
    "    isolation: process\n"
    "    placement: { kind: label, hosts: [ n1 ], match: { a: b }, oversubscribe: true }\n"
    "    resources: { cpus: 2, memory: 2GiB, nice: 5 }\n"
    "    env: { A: '1' }\n";

// What is wrong with a job of which only line 5 is of interest.
inline std::string errors_in_line(const std::string& line) { return errors_of(kJob + line + "\n"); }

}  // namespace wisp::config
