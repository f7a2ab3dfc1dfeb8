// state.json, and what ssh, Slurm and hosts say of themselves.
#include "base/text.h"
#include "launcher/probe.h"
#include "launcher/slurm.h"
#include "launcher/ssh.h"
#include "launcher/state_file.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

void read_state(const std::string& text) {
  std::optional<launcher::JobState> state;
  refused<Error>([&] { state = launcher::state_from_json(text); });
  if (!state) return;
  const std::string written = launcher::state_to_json(*state);
  WISP_CHECK(launcher::state_to_json(launcher::state_from_json(written)) == written, "a state comes back");
}

void read_words(const std::string& text) {
  if (const auto facts = launcher::parse_facts(text)) {
    WISP_CHECK(escape_text(facts->machine, 500) == facts->machine, "what a host says can be shown");
    WISP_CHECK(escape_text(facts->folder, 500) == facts->folder, "what a host says can be shown");
  }
  const AllocationWatch watch;
  launcher::parse_counts(text);
  WISP_CHECK(watch.largest() <= (1u << 20) + 64 * text.size(), "so many nodes no allocation has");
  if (const auto state = launcher::parse_batch_state(text)) {
    WISP_CHECK(!(state->pending() && state->ended()), "what waits has not ended");
  }
  const std::string last = launcher::last_words(text, " | ");
  WISP_CHECK(last.find('\n') == std::string::npos && last.find('\x1b') == std::string::npos,
             "safe for a terminal");
  launcher::HostSpec host;
  host.name = "node1";
  const launcher::Diagnosis diagnosis = launcher::diagnose_ssh(host, false, "exit status 255", text);
  WISP_CHECK(!diagnosis.what.empty() && !diagnosis.remedy.empty(), "there is something to say and to do");
}

}  // namespace

void fuzz_records(Data data) {
  const std::string text = text_of(data);
  read_state(text);
  read_words(text);
}

}  // namespace wisp::fuzz
