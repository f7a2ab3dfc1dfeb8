#include "launcher/probe.h"

#include <signal.h>

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "launcher/way.h"
#include "launcher/wire.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTextMax = 64u << 10;  // of what a login prints
constexpr auto kEndingTick = 20ms;
constexpr std::string_view kMark = "wisp-";

std::string after(const std::string& line, std::string_view word) {
  return line.size() > word.size() ? line.substr(word.size() + 1) : "";
}

std::string lower(std::string word) {
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return word;
}

// "glibc 2.36" as getconf says it.
std::string libc_of(const std::string& text) { return text.starts_with("glibc ") ? text.substr(6) : ""; }

// A line of `df -Pk`: the file system and where it is mounted may hold blanks, what is between does not.
std::optional<std::uint64_t> free_bytes_of(const std::string& line) {
  std::vector<std::string> words;
  for (const std::string& each : split(line, ' ')) {
    if (!each.empty()) words.push_back(each);
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].ends_with('%')) continue;
    std::uint64_t kilobytes = 0;
    const std::string& word = words[i - 1];
    const auto read = std::from_chars(word.data(), word.data() + word.size(), kilobytes);
    if (read.ec == std::errc() && *word.data() != '\0') return kilobytes * 1024;
  }
  return std::nullopt;
}

}  // namespace

std::optional<HostFacts> parse_facts(std::string_view output) {
  HostFacts facts;
  bool complete = false;
  for (std::string line : split(output, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.starts_with(kMark)) continue;
    line = escape_text(line.substr(kMark.size()), 500);
    const std::string word = line.substr(0, line.find(' '));
    const std::string rest = after(line, word);
    if (word == "probe") facts.machine = rest;
    if (word == "libc") facts.libc = libc_of(rest);
    if (word == "has") facts.tools.insert(rest);
    if (word == "bundle") facts.bundles.insert(rest);
    if (word == "sshd") {
      const std::string about = rest.substr(0, rest.find(' '));
      facts.sshd.emplace(lower(about), after(rest, about));  // sshd takes the first, too
    }
    if (word == "folder") facts.folder = rest;
    if (word == "writable") facts.writable = true;
    if (word == "space") facts.free_bytes = free_bytes_of(rest);
    if (word == "reached") {
      const std::vector<std::string> ends = split(rest, ' ');
      if (ends.size() == 4) facts.address = ends[2];
    }
    complete = complete || word == "done";
  }
  if (!complete) return std::nullopt;
  return facts;
}

void Probe::open(Time now) {
  opened_ = now;
  Command command;
  const Way way = way_to(spec_, host_, probe_command());
  command.argv = way.argv;
  command.group = Group::kSession;
  try {
    client_ = start_child(command);
    [[maybe_unused]] const bool read = write_all(client_.in.get(), way.first_input);
  } catch (const StartError& error) {  // the other hosts go on
    fail({SshStep::kClient, error.what(), remedy_of_missing(spec_)});
  }
}

void Probe::add_descriptors(std::vector<pollfd>& fds) const {
  if (client_.out) fds.push_back({client_.out.get(), POLLIN, 0});
  if (client_.err) fds.push_back({client_.err.get(), POLLIN, 0});
}

Probe::Time Probe::due(Time now) const {
  const bool silent = !client_.out && !client_.err;
  return silent || late_ ? now + kEndingTick : opened_ + spec_.timeouts.start;
}

void Probe::read(Descriptor& from, std::string& into) {
  if (!from) return;
  std::vector<std::byte> bytes;
  if (read_some(from.get(), bytes, kTextMax) == ReadResult::kEnd) from.reset();
  into.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (into.size() > kTextMax) into.erase(0, into.size() - kTextMax);
}

void Probe::step(Time now) {
  if (closed_ || client_.pid < 0) return;
  read(client_.out, output_);
  read(client_.err, errors_);
  answer();
  if (!late_ && now >= opened_ + spec_.timeouts.start) {
    late_ = true;
    ::kill(client_.pid, SIGKILL);
  }
  if (!late_ && (client_.out || client_.err)) return;
  if (const auto ended = reap(client_.pid)) finish(*ended);
}

// Not before the probe asks: a shell that takes it from stdin may take what follows, too.
void Probe::answer() {
  if (!client_.in || output_.find("\nwisp-probe ") == std::string::npos) return;
  [[maybe_unused]] const bool read = write_all(client_.in.get(), spec_.deploy.workdir + "\n");
  client_.in.reset();
}

void Probe::finish(const Ended& ended) {
  facts_ = parse_facts(output_);
  if (facts_ && !late_) {
    closed_ = true;
  } else if (late_) {
    facts_.reset();
    fail({SshStep::kConnection, fmt::format("no answer within {}", format_duration(spec_.timeouts.start)),
          "timeouts.start can be raised"});
  } else {
    fail(diagnose(spec_, host_, false, describe(ended), errors_));
  }
}

void Probe::fail(const Diagnosis& diagnosis) {
  failure_ = ProbeFailure{diagnosis, last_words(errors_, " | ")};
  closed_ = true;
}

std::string Probe::waiting_for(Time now) const {
  return fmt::format("{} connecting ({} s of {} s)", way_to(spec_, host_, "").program, (now - opened_) / 1s,
                     spec_.timeouts.start / 1s);
}

}  // namespace wisp::launcher
