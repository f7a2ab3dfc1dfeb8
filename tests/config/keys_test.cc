#include "config/keys.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

const Vocabulary kNone;

TEST(Keys, each_has_a_path_of_its_own_and_a_section_before_it) {
  std::set<std::string_view> seen;
  std::set<std::string> of_kind;  // two kinds of a section may have a key of one name
  for (const Key& key : keys()) {
    if (seen.insert(key.path).second) {
      EXPECT_EQ(find_key(key.path), &key);
    }
    const std::string owned = std::string(key.path) + " of " + std::string(key.owner);
    EXPECT_TRUE(of_kind.insert(owned).second) << owned;
    EXPECT_FALSE(key.doc.empty()) << key.path;
    EXPECT_FALSE(describe(key).empty()) << key.path;
    const std::size_t dot = key.path.rfind('.');
    if (dot != std::string_view::npos) {
      EXPECT_TRUE(seen.contains(key.path.substr(0, dot))) << key.path;
    }
  }
  EXPECT_EQ(find_key("nothing"), nullptr);
}

TEST(Keys, paths_have_parts) {
  EXPECT_EQ(parent_of("stop.gap"), "stop");
  EXPECT_EQ(last_of("stop.gap"), "gap");
  EXPECT_EQ(parent_of("stop"), "");
  EXPECT_EQ(last_of("stop"), "stop");
  EXPECT_TRUE(is_section(*find_key("stop")));
  EXPECT_FALSE(is_section(*find_key("stop.gap")));
  EXPECT_TRUE(is_of_optimization("stop"));
  EXPECT_TRUE(is_of_optimization("checkpoint.every"));
  EXPECT_FALSE(is_of_optimization("failure.on_host_lost"));
  EXPECT_TRUE(is_of_optimization("actors.worker.env"));
  EXPECT_FALSE(is_of_optimization("actors.workers"));
  EXPECT_FALSE(is_of_optimization("seed"));
}

TEST(Keys, each_that_holds_a_value_has_a_setter) {
  for (const Key& key : keys()) {
    const bool holds_none = key.type == KeyType::kSection || key.type == KeyType::kOneOf ||
                            key.type == KeyType::kHosts || key.type == KeyType::kEntries ||
                            key.type == KeyType::kFree;
    EXPECT_EQ(key.set == nullptr, holds_none) << key.path;
  }
}

TEST(Keys, the_defaults_of_the_table_are_those_of_the_specs) {
  const Experiment loaded = Workbench().file("job.yaml", kJob).load();
  const actors::JobSpec job;
  EXPECT_EQ(loaded.job.seed, job.seed);
  EXPECT_EQ(loaded.job.dtype, job.dtype);
  EXPECT_EQ(loaded.job.problem.l2, job.problem.l2);
  EXPECT_EQ(loaded.job.problem.l2_inverse_rows, job.problem.l2_inverse_rows);
  EXPECT_EQ(loaded.job.problem.data.format, job.problem.data.format);
  EXPECT_EQ(loaded.job.problem.data.dim, job.problem.data.dim);
  EXPECT_EQ(loaded.job.problem.data.rows, job.problem.data.rows);
  EXPECT_EQ(loaded.job.problem.data.shard, job.problem.data.shard);
  EXPECT_EQ(loaded.job.problem.optimum, job.problem.optimum);
  EXPECT_EQ(loaded.job.problem.init, job.problem.init);
  EXPECT_EQ(loaded.job.method.step_size.kind, job.method.step_size.kind);
  EXPECT_EQ(loaded.job.method.sparsifier_given, job.method.sparsifier_given);
  EXPECT_EQ(loaded.job.method.sparsifier.density, job.method.sparsifier.density);
  EXPECT_EQ(loaded.job.method.sparsifier.blocks, job.method.sparsifier.blocks);
  EXPECT_EQ(loaded.job.worker.replicas, job.worker.replicas);
  EXPECT_EQ(loaded.job.worker.isolation, job.worker.isolation);
  EXPECT_EQ(loaded.job.master.isolation, job.master.isolation);
  EXPECT_EQ(loaded.job.worker.placement.kind, job.worker.placement.kind);
  EXPECT_EQ(loaded.job.worker.placement.oversubscribe, job.worker.placement.oversubscribe);
  EXPECT_EQ(loaded.job.stop.diverged, job.stop.diverged);
  EXPECT_EQ(loaded.job.stop.gap, job.stop.gap);
  EXPECT_EQ(loaded.job.stop.time, job.stop.time);
  EXPECT_EQ(loaded.job.evaluate.every_rounds, job.evaluate.every_rounds);
  EXPECT_EQ(loaded.job.evaluate.every_updates, job.evaluate.every_updates);
  EXPECT_EQ(loaded.job.evaluate.every, job.evaluate.every);
  for (const auto& [read, own] : {std::pair{loaded.job.master.restart, job.master.restart},
                                  {loaded.job.worker.restart, job.worker.restart}}) {
    EXPECT_EQ(read.max, own.max);
    EXPECT_EQ(read.within, own.within);
    EXPECT_EQ(read.backoff, own.backoff);
  }
  EXPECT_EQ(loaded.job.checkpoint.every_rounds, job.checkpoint.every_rounds);
  EXPECT_EQ(loaded.job.checkpoint.every_updates, job.checkpoint.every_updates);
  EXPECT_EQ(loaded.job.checkpoint.every, job.checkpoint.every);
  EXPECT_EQ(loaded.job.checkpoint.paced, job.checkpoint.paced);
  EXPECT_EQ(loaded.job.checkpoint.keep, job.checkpoint.keep);
  EXPECT_EQ(loaded.job.checkpoint.copies, job.checkpoint.copies);
  EXPECT_EQ(loaded.job.checkpoint.resume, job.checkpoint.resume);
  EXPECT_EQ(loaded.job.failure.on_host_lost, job.failure.on_host_lost);
  EXPECT_EQ(loaded.job.method.consistency.kind, job.method.consistency.kind);
  EXPECT_EQ(loaded.job.method.consistency.bound, job.method.consistency.bound);
  EXPECT_EQ(loaded.job.method.late, job.method.late);
  EXPECT_EQ(loaded.job.method.broadcast.kind, job.method.broadcast.kind);
  EXPECT_EQ(loaded.job.method.broadcast.density, job.method.broadcast.density);
  EXPECT_EQ(loaded.job.method.broadcast.way, job.method.broadcast.way);
  EXPECT_EQ(loaded.job.method.nonfinite, job.method.nonfinite);
  EXPECT_EQ(loaded.job.simulation.given, job.simulation.given);
  const launcher::LauncherSpec launcher;
  EXPECT_EQ(loaded.launcher.kind, launcher.kind);
  EXPECT_EQ(loaded.launcher.ssh.program, launcher.ssh.program);
  EXPECT_EQ(loaded.launcher.ssh.connect_timeout, launcher.ssh.connect_timeout);
  EXPECT_EQ(loaded.launcher.ssh.max_parallel, launcher.ssh.max_parallel);
  EXPECT_EQ(loaded.launcher.deploy.workdir, launcher.deploy.workdir);
  EXPECT_EQ(loaded.launcher.timeouts.start, launcher.timeouts.start);
  EXPECT_EQ(loaded.launcher.timeouts.shutdown_grace, launcher.timeouts.shutdown_grace);
  EXPECT_EQ(loaded.launcher.logs.level, launcher.logs.level);
  EXPECT_EQ(loaded.launcher.logs.format, launcher.logs.format);
  EXPECT_EQ(loaded.launcher.logs.rotate_size, launcher.logs.rotate_size);
  EXPECT_EQ(loaded.launcher.logs.rotate_files, launcher.logs.rotate_files);
  const runtime::NetworkSpec network;
  EXPECT_EQ(loaded.network.transport, network.transport);
  EXPECT_EQ(loaded.network.security, network.security);
  EXPECT_EQ(loaded.network.subnet, network.subnet);
  EXPECT_EQ(loaded.network.interface, network.interface);
  EXPECT_EQ(loaded.network.tunnel, network.tunnel);
  EXPECT_EQ(loaded.network.port_first, network.port_first);
  EXPECT_EQ(loaded.network.port_last, network.port_last);
  EXPECT_EQ(loaded.network.message_max, network.message_max);
}

TEST(Keys, every_one_is_read_by_the_tests) {
  const Experiment loaded = Workbench().file("job.yaml", kEveryKey).load();
  Workbench bench;
  bench.request.load_plugin = [](const std::string&) { return plugin_vocabulary(); };
  const Experiment plain = bench.file("job.yaml", kEveryPlainKey).load();
  const Experiment stale =
      Workbench().file("job.yaml", kJob + "simulation: { staleness: { kind: uniform, mean: 7 } }\n").load();
  std::vector<Experiment> more;  // keys that exclude each other
  for (const std::vector<const char*>& sets :
       std::vector<std::vector<const char*>>{{"kind=elastic-net", "weight=1", "l2=1"},
                                             {"kind=box", "low=0", "high=1"},
                                             {"kind=ball", "radius=1"}}) {
    Workbench other;
    other.file("job.yaml", kJob);
    for (const char* each : sets) other.set(std::string("problem.regulariser.") + each);
    more.push_back(other.load());
  }
  Workbench images;
  images.file("job.yaml", kJob).set("problem.data.format=idx").set("problem.data.labels=l");
  more.push_back(images.set("problem.test.path=t").set("problem.test.labels=m").load());
  for (const char* each : {kEveryRecoveryKey, kNeverRecovered})
    more.push_back(Workbench().file("job.yaml", kJob + each).load());
  for (const char* each :
       {"at: 1s, kill: master", "every: 1s, until: 2s, stop: master, for: 1s",
        "at: 1s, slow: master, for: 1s, factor: 2", "at: 1s, delay: master, for: 1s, by: 1s",
        "at: 1s, drop: master, for: 1s, rate: 0.5", "at: 1s, partition: master, for: 1s"})
    more.push_back(Workbench().file("job.yaml", kJob + "chaos: [ { " + each + " } ]\n").load());
  Workbench never;
  never.request.load_plugin = bench.request.load_plugin;
  more.push_back(never.file("job.yaml", kEveryPlainKey).load());
  const Experiment slow =
      Workbench()
          .file("job.yaml", kJob +
                                "simulation: { compute: { kind: constant, mean: 7ms }, latency: { kind: "
                                "lognormal, median: 7ms } }\n")
          .load();
  for (const Key& key : keys()) {
    if (key.set == nullptr) continue;
    std::string path(key.path);
    const char* name = path.starts_with("chaos.") ? "0" : "n1";
    if (const std::size_t star = path.find('*'); star != std::string::npos) path.replace(star, 1, name);
    const bool given =
        std::any_of(more.begin(), more.end(), [&](const auto& each) { return each.given(path); });
    EXPECT_TRUE(given || loaded.given(path) || plain.given(path) || stale.given(path) || slow.given(path))
        << path;
  }
}

TEST(KeyTable, holds_the_keys_of_the_vocabulary_within_their_section) {
  const Vocabulary vocabulary = plugin_vocabulary();
  const KeyTable table(vocabulary);
  EXPECT_EQ(table.find("method.momentum"), nullptr);
  EXPECT_EQ(table.find("method.momentum", "gd"), nullptr);
  const Key* momentum = table.find("method.momentum", "heavy-ball");
  ASSERT_NE(momentum, nullptr);
  EXPECT_EQ(describe(*momentum), "a number from 0 to 1");
  EXPECT_EQ(momentum->fallback, "0.9");
  EXPECT_EQ(momentum[1].path, "actors");
  EXPECT_TRUE(table.find("problem.delta", "huber")->required);
  EXPECT_EQ(table.owners("method.momentum"), std::vector<std::string>{"heavy-ball"});
  EXPECT_EQ(table.suggest("method", "momentun", "heavy-ball"), "momentum");
  EXPECT_EQ(table.suggest("method", "momentun", "gd"), std::nullopt);
  EXPECT_EQ(describe(*table.find("actors.*.args.weights", "my::Evaluator")), "a list, each item a number");
}

TEST(Keys, words_of_the_vocabulary_are_its_own) {
  const Vocabulary vocabulary = small_vocabulary();
  EXPECT_EQ(words_of(*find_key("method.kind"), vocabulary), vocabulary.methods);
  EXPECT_EQ(words_of(*find_key("problem.kind"), vocabulary), vocabulary.problems);
  EXPECT_EQ(words_of(*find_key("method.sparsifier.kind"), vocabulary), vocabulary.sparsifiers);
  EXPECT_EQ(words_of(*find_key("dtype"), vocabulary), (std::vector<std::string>{"float64", "float32"}));
  EXPECT_TRUE(words_of(*find_key("seed"), vocabulary).empty());
}

TEST(Keys, describe_what_they_take) {
  EXPECT_EQ(describe(*find_key("version")), "1");
  EXPECT_EQ(describe(*find_key("seed")), "a whole number of at least 0");
  EXPECT_EQ(describe(*find_key("actors.worker.replicas")), "a whole number from 1 to 65535");
  EXPECT_EQ(describe(*find_key("method.step_size")),
            "theory, paper, a number above 0, or { schedule: inv-sqrt, initial: a number }");
  EXPECT_EQ(describe(*find_key("method.batch_size")), "full or a whole number from 1 to 4294967295");
  EXPECT_EQ(describe(*find_key("problem.optimum")), "solve or a number");
  EXPECT_EQ(describe(*find_key("checkpoint")), "never, or a map of keys");
  EXPECT_EQ(describe(*find_key("checkpoint.resume")), "never, auto or a path");
  EXPECT_EQ(describe(*find_key("network.transport")), "one of auto | ipc | tcp");
}

TEST(Keys, unknown_ones_are_guessed_at) {
  EXPECT_EQ(KeyTable(kNone).suggest("", "sed"), "seed");
  EXPECT_EQ(KeyTable(kNone).suggest("", "Method"), "method");
  EXPECT_EQ(KeyTable(kNone).suggest("method", "step-size"), "step_size");
  EXPECT_EQ(KeyTable(kNone).suggest("method", "lr"), "step_size");
  EXPECT_EQ(KeyTable(kNone).suggest("", "learning_rate"), "method.step_size");
  EXPECT_EQ(KeyTable(kNone).suggest("actors.worker", "num_workers"), "replicas");
  EXPECT_EQ(KeyTable(kNone).suggest("actors.worker", "nproc"), "replicas");
  EXPECT_EQ(KeyTable(kNone).suggest("", "world_size"), "actors.worker.replicas");
  EXPECT_EQ(KeyTable(kNone).suggest("problem", "weight_decay"), "l2");
  EXPECT_EQ(KeyTable(kNone).suggest("method", "compression"), "sparsifier");
  EXPECT_EQ(KeyTable(kNone).suggest("method", "topk"), "sparsifier");
  EXPECT_EQ(KeyTable(kNone).suggest("actors", "workers"), "worker");
  EXPECT_EQ(KeyTable(kNone).suggest("", "replicas"), "actors.worker.replicas");
  EXPECT_EQ(KeyTable(kNone).suggest("hosts.*", "slot"), "slots");
  for (const char* word : {"save_every", "checkpoint_interval", "save_steps"}) {
    EXPECT_EQ(KeyTable(kNone).suggest("", word), "checkpoint.every") << word;
    EXPECT_EQ(KeyTable(kNone).suggest("checkpoint", word), "every") << word;
  }
  EXPECT_EQ(KeyTable(kNone).suggest("checkpoint", "save_total_limit"), "keep");
  EXPECT_EQ(KeyTable(kNone).suggest("", "max_to_keep"), "checkpoint.keep");
  EXPECT_EQ(KeyTable(kNone).suggest("", "resume_from"), "checkpoint.resume");
  EXPECT_EQ(KeyTable(kNone).suggest("", "resume"), "checkpoint.resume");
  EXPECT_EQ(KeyTable(kNone).suggest("", "restart"), "actors.worker.restart");
  for (const char* word : {"max_restarts", "retries"}) {
    EXPECT_EQ(KeyTable(kNone).suggest("", word), "actors.worker.restart") << word;
    for (const char* actor : {"actors.master", "actors.worker"}) {
      EXPECT_EQ(KeyTable(kNone).suggest(actor, word), "restart") << word;
      EXPECT_EQ(KeyTable(kNone).suggest(std::string(actor) + ".restart", word), "max") << word;
    }
  }
  EXPECT_EQ(KeyTable(kNone).suggest("actors.master", "restart_policy"), "restart");
  EXPECT_EQ(KeyTable(kNone).suggest("actors.master", "num_workers"), "actors.worker.replicas");
  EXPECT_EQ(KeyTable(kNone).suggest("", "zzzzzz"), std::nullopt);
  EXPECT_EQ(KeyTable(kNone).suggest("stop", "kind"), std::nullopt);
}

TEST(Keys, every_guess_exists) {
  for (const char* word : {"lr", "learning_rate", "eta", "optimizer", "topk", "compressor", "loss", "dataset",
                           "weight_decay", "num_workers", "tol", "max_iter", "precision", "nodes",
                           "save_steps", "max_to_keep", "resume_from", "retries"}) {
    const auto guess = KeyTable(kNone).suggest("x", word);
    ASSERT_TRUE(guess.has_value()) << word;
    EXPECT_NE(find_key(*guess), nullptr) << *guess;
  }
}

}  // namespace
}  // namespace wisp::config
