#include "launcher/connection.h"

#include <signal.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "launcher/deflate.h"
#include "launcher/elf.h"
#include "launcher/ssh.h"
#include "launcher/way.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using message::Down;
using message::Up;

constexpr std::size_t kReadSize = 256u << 10;
constexpr std::size_t kErrorsMax = 4096;
constexpr std::size_t kFailureMax = 500;
constexpr std::size_t kBootNoiseMax = 64u << 10;
constexpr auto kPingEvery = 5s;
constexpr int kPingsUnansweredMax = 6;
constexpr int kClockReadings = 4;  // of which the one with the shortest round trip counts
// What an agent behind ssh bears to hear nothing, when not even a ping comes; locally the pipe's end is
// enough.
constexpr auto kSilenceMax = 15s;
constexpr auto kEndPatience = 5s;  // an agent that lost its driver needs 2 s for its processes
constexpr auto kEndingTick = 20ms;

// What the bootstrap reads when it has said who it is.
std::string boot_answer(const ConnectionSettings& settings) {
  const DeploySpec& deploy = settings.spec.deploy;
  if (deploy.kind == "none")
    return fmt::format("{}\n{}\nnone\n", deploy.workdir, deploy.binary == "self" ? "wisp" : deploy.binary);
  return fmt::format("{}\n{}\n{}\n", deploy.workdir, settings.bundle.sha256,
                     deploy.kind == "shared-fs" ? "shared-fs" : "send");
}

bool take_prefix(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

}  // namespace

Connection::Connection(const ConnectionSettings& settings, const HostSpec& host)
    : settings_(settings), host_(host) {
  info_.name = host.name;
  info_.address = host.address;
  info_.address_given = !host.address.empty();
  info_.local = settings.spec.kind == "local";
}

void Connection::open(Time now) {
  opened_ = now;
  Command command;
  if (!info_.local) way_ = way_to(settings_.spec, host_, bootstrap_command(), socket_);
  command.argv = info_.local ? settings_.local_agent : way_.argv;
  if (info_.local) command.environment = settings_.local_environment;
  command.group = Group::kSession;
  try {
    client_ = start_child(command);
  } catch (const Error& error) {  // the other hosts go on
    stage_ = Stage::kClosed;
    failure_ = fmt::format("{}: {}", info_.name, error.what());
    if (!info_.local) *failure_ += "\n    " + remedy_of_missing(settings_.spec);
    return;
  }
  stage_ = Stage::kConnecting;
  if (!way_.first_input.empty()) to_agent_.push_raw(Bytes::copy(std::as_bytes(std::span(way_.first_input))));
  if (info_.local) say_hello();
}

void Connection::add_descriptors(std::vector<pollfd>& fds) const {
  if (client_.in && !to_agent_.empty()) fds.push_back({client_.in.get(), POLLOUT, 0});
  if (client_.out) fds.push_back({client_.out.get(), POLLIN, 0});
  if (client_.err) fds.push_back({client_.err.get(), POLLIN, 0});
}

Connection::Time Connection::due(Time now) const {
  if (stage_ == Stage::kEnding) return now + kEndingTick;
  if (starting()) return opened_ + settings_.spec.timeouts.start;
  return stage_ == Stage::kReady ? std::min(pinged_ + kPingEvery, answer_due_) : Time::max();
}

void Connection::step(Time now, std::vector<Event>& events) {
  if (stage_ == Stage::kWaiting || stage_ == Stage::kClosed) return;
  if (client_.in && !to_agent_.flush(client_.in.get())) {
    client_.in.reset();  // why will be seen on the other pipes
    to_agent_.clear();
  }
  read_errors();
  read_output(now, events);
  if (starting() && now >= opened_ + settings_.spec.timeouts.start) {
    fail("timeout while " + waiting_for(now), "timeouts.start can be raised");
  }
  if (stage_ == Stage::kReady) keep_alive(now);
  // A client that forwards ports does not end while somebody tries to connect to one.
  const bool done = stopped_ && !socket_.empty();
  if ((failing() || done) && stage_ != Stage::kEnding) begin_ending(now);
  if (kill_at_ <= now) ::kill(client_.pid, SIGKILL);
  if (stage_ != Stage::kEnding && kill_at_ > now) return;
  if (const auto ended = reap(client_.pid)) finish(*ended, events);
}

void Connection::read_errors() {
  std::vector<std::byte> bytes;
  if (!client_.err) return;
  if (read_some(client_.err.get(), bytes, kReadSize) == ReadResult::kEnd) client_.err.reset();
  errors_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (errors_.size() > kErrorsMax) errors_.erase(0, errors_.size() - kErrorsMax);
}

void Connection::read_output(Time now, std::vector<Event>& events) {
  if (!client_.out) return;
  std::vector<std::byte> bytes;
  const ReadResult result = read_some(client_.out.get(), bytes, kReadSize);
  try {
    if (stage_ < Stage::kGreeting) read_boot_lines(bytes);
    if (failing()) bytes.clear();
    from_agent_.feed(bytes);
    while (const std::optional<Bytes> next = from_agent_.next()) obey(*next, events);
  } catch (const Error& error) {  // this host is lost, the others are not
    fail(fmt::format("the agent speaks nonsense: {}", error.what()));
  }
  if (result == ReadResult::kEnd) {
    client_.out.reset();
    if (stage_ != Stage::kEnding) begin_ending(now);
  }
}

// Takes the bootstrap's lines from `bytes` and leaves what is the agent's.
void Connection::read_boot_lines(std::vector<std::byte>& bytes) {
  auto at = bytes.begin();
  while (at != bytes.end() && stage_ < Stage::kGreeting && !failing()) {
    const char c = static_cast<char>(*at++);
    if (c != '\n') {
      boot_text_.push_back(c);
      if (++boot_noise_ > kBootNoiseMax)
        fail("its login prints without end", "silence the shell's start-up files");
      continue;
    }
    const std::string line = std::exchange(boot_text_, {});
    obey_boot_line(line);
  }
  bytes.erase(bytes.begin(), at);
}

void Connection::obey_boot_line(const std::string& text) {
  std::string line = text;
  if (line.ends_with('\r')) line.pop_back();
  if (take_prefix(line, "wisp-fail ")) {
    fail(escape_text(line, 500));
  } else if (stage_ == Stage::kConnecting && take_prefix(line, "wisp-boot 1 ")) {
    booted_ = true;
    check_machine(line);
    push_text(boot_answer(settings_));
    stage_ = Stage::kAsking;
  } else if (stage_ == Stage::kAsking && line == "wisp-need") {
    std::optional<Bytes>& packed = settings_.packed_bundle;
    if (!packed) packed = gzip(settings_.bundle.tar.span());
    push_text(fmt::format("{}\n", packed->size()));
    to_agent_.push_raw(*packed);
    stage_ = Stage::kSending;
  } else if ((stage_ == Stage::kAsking || stage_ == Stage::kSending) && line == "wisp-ready") {
    say_hello();
  }
}

void Connection::push_text(const std::string& text) {
  to_agent_.push_raw(Bytes::copy(std::as_bytes(std::span(text))));
}

// "Linux x86_64 glibc 2.36"; a system that has another C library says none.
void Connection::check_machine(const std::string& line) {
  if (settings_.spec.deploy.kind == "none") return;  // what is there will fit
  const std::string ours = this_machine();
  const std::size_t mark = std::min(line.find(" glibc "), line.size());
  std::string machine = line.substr(0, mark);
  while (machine.ends_with(' ')) machine.pop_back();
  if (machine != ours)
    return fail(
        fmt::format("it is {}, this machine is {}", escape_text(machine, 80), ours),
        "hosts of one job are of one kind; or have a wisp of their own there and set deploy.kind: none");
  const std::string& needed = settings_.bundle.libc;
  const std::string libc = mark < line.size() ? line.substr(mark + std::string_view(" glibc ").size()) : "";
  if (libc.empty() || !older(libc, needed)) return;
  fail(fmt::format("its C library is too old: glibc {}, and this wisp needs {}", escape_text(libc, 40),
                   needed),
       "build wisp on the oldest of the hosts, and name that program in deploy.binary");
}

void Connection::say_hello() {
  send(Down::kHello, message::Hello{message::kProtocol, settings_.spec.deploy.workdir,
                                    info_.local ? 0ms : std::chrono::milliseconds(kSilenceMax)});
  if (!settings_.job.empty() && !info_.local) {
    const LogSpec& logs = settings_.spec.logs;
    send(Down::kKeepLogs,
         message::KeepLogs{settings_.job, info_.name, logs.format, logs.rotate_size, logs.rotate_files});
  }
  stage_ = Stage::kGreeting;
}

void Connection::obey(const Bytes& bytes, std::vector<Event>& events) {
  using std::chrono::system_clock;
  Unpacker unpacker(bytes);
  Up kind{};
  unpack(unpacker, kind);
  switch (kind) {
    case Up::kGreeting:
      return greet(unpack_body<message::Greeting>(unpacker));
    case Up::kPong:
      return settle_clock(unpack_body<message::Pong>(unpacker));
    case Up::kFile:
      file = unpack_body<message::File>(unpacker);
      return;
    case Up::kStarted: {
      const auto body = unpack_body<message::Started>(unpacker);
      events.push_back(Started{info_.name, body.process, body.attempt, body.pid});
      return;
    }
    case Up::kExited: {
      const auto body = unpack_body<message::Exited>(unpacker);
      events.push_back(Exited{info_.name, body.process, body.attempt, body.pid, body.status, body.signal,
                              body.error, body.memory});
      return;
    }
    case Up::kLine: {
      const auto body = unpack_body<message::Line>(unpacker);
      events.push_back(Line{info_.name, body.process, body.attempt, body.actor, body.level, body.round,
                            body.text, system_clock::time_point(body.time)});
      return;
    }
    case Up::kFailed:
      return fail(escape_text(unpack_body<message::Failed>(unpacker).text, kFailureMax));
    case Up::kStopped:
      survivors_ = unpack_body<message::Stopped>(unpacker).survivors;
      stopped_ = true;
      if (stage_ == Stage::kReady) {
        fail("the agent was asked to end, and not by this job", "does the host go down?");
      }
      // It leaves with the next step: by then all events up to here have been handled.
      if (!settings_.job.empty() && !info_.local)
        send(Down::kForgetLogs, message::ForgetLogs{settings_.job, info_.name});
      return;
    case Up::kLogsSent: {
      const auto body = unpack_body<message::LogsSent>(unpacker);
      events.push_back(LogsSent{info_.name, body.lines, body.writer});
      return;
    }
  }
  throw DecodeError(fmt::format("unknown report {}", static_cast<std::uint32_t>(kind)));
}

void Connection::greet(const message::Greeting& greeting) {
  if (greeting.protocol != message::kProtocol) return fail("its agent is of another version");
  info_.hostname = greeting.hostname;
  info_.agent_pid = greeting.pid;
  info_.cores = greeting.cores;
  info_.workdir = greeting.workdir;
  info_.addresses = greeting.addresses;
  info_.has_rsync = greeting.has_rsync;
  const std::vector<std::string> ends = split(greeting.ssh_connection, ' ');
  if (settings_.spec.kind == "ssh" && ends.size() == 4) {  // others may have inherited it from a login
    info_.driver_address = ends[0];
    info_.ssh_address = ends[2];
    if (!info_.address_given) info_.address = info_.ssh_address;
  }
  send(Down::kPing, message::Ping{wire_time()});
}

void Connection::settle_clock(const message::Pong& pong) {
  pings_unanswered_ = 0;
  answer_due_ = Time::max();
  if (stage_ != Stage::kGreeting) return;
  const std::chrono::microseconds now = wire_time();
  if (!info_.local && now - pong.echo < clock_error_) {
    clock_error_ = now - pong.echo;
    info_.clock_offset = pong.time - (pong.echo + now) / 2;
  }
  if (!info_.local && ++clock_readings_ < kClockReadings)
    return send(Down::kPing, message::Ping{wire_time()});
  was_ready_ = true;
  stage_ = Stage::kReady;
}

void Connection::doubt(Time now, std::chrono::milliseconds patience) {
  if (stage_ != Stage::kReady || info_.local || doubted()) return;
  answer_due_ = now + patience;
  send(Down::kPing, message::Ping{wire_time()});
}

void Connection::keep_alive(Time now) {
  if (now >= answer_due_) return fail("it does not answer any more", "is it switched off, or cut off?");
  if (now < pinged_ + kPingEvery) return;
  pinged_ = now;
  if (++pings_unanswered_ > kPingsUnansweredMax) {
    return fail(fmt::format("the agent has not answered for {} s", kPingsUnansweredMax * kPingEvery / 1s));
  }
  send(Down::kPing, message::Ping{wire_time()});
}

void Connection::stop(std::chrono::milliseconds grace) {
  if (stage_ == Stage::kWaiting) {
    stage_ = Stage::kClosed;
  } else if (starting()) {
    fail("not wanted any more");
  } else if (stage_ == Stage::kReady || stage_ == Stage::kStopping) {
    send(Down::kStop, message::Stop{grace});
    stage_ = Stage::kStopping;
  }
}

void Connection::fail(const std::string& what, const std::string& remedy) {
  if (failing()) return;
  what_ = what;
  remedy_ = remedy;
}

// The end of stdin ends an agent; a client that is still connecting needs to be told by a signal.
void Connection::begin_ending(Time now) {
  if (failing() || (stopped_ && !socket_.empty())) ::kill(client_.pid, SIGTERM);
  stage_ = Stage::kEnding;
  client_.in.reset();
  to_agent_.clear();
  kill_at_ = std::min(kill_at_, now + kEndPatience);
}

void Connection::finish(const Ended& ended, std::vector<Event>& events) {
  read_errors();
  const bool wanted = stopped_ && !failing();
  if (!failing() && !wanted) {
    Diagnosis diagnosis;
    diagnosis.what = fmt::format("the agent ended ({})", describe(ended));
    if (!info_.local) diagnosis = diagnose(settings_.spec, host_, booted_, describe(ended), errors_);
    fail(diagnosis.what, diagnosis.remedy);
  }
  if (failing()) {
    failure_ = fmt::format("{}: {}", info_.name, what_);
    if (const std::string said = last_words(errors_, "\n    "); !said.empty()) *failure_ += "\n    " + said;
    if (!remedy_.empty()) *failure_ += "\n    " + remedy_;
  }
  if (was_ready_ && !wanted) events.push_back(HostLost{info_.name, *failure_});
  client_ = Child{};
  stage_ = Stage::kClosed;
}

std::string Connection::waiting_for(Time now) const {
  const auto text = [this]() -> std::string {
    switch (stage_) {
      case Stage::kWaiting:
        return "waiting for its turn";
      case Stage::kConnecting:
        return way_.program + " connecting";
      case Stage::kAsking:
        return way_.program + " connected, asking for the program";
      case Stage::kSending:
        return fmt::format("sending the program, {} of {} kB left", to_agent_.size() / 1000,
                           settings_.packed_bundle ? settings_.packed_bundle->size() / 1000 : 0);
      case Stage::kGreeting:
        return info_.local ? "agent started, no answer yet"
                           : way_.program + " connected, agent started, no answer yet";
      case Stage::kReady:
        return "ready";
      case Stage::kStopping:
        return "its processes to end";
      case Stage::kEnding:
      case Stage::kClosed:
        break;
    }
    return "its agent to end";
  }();
  if (!starting()) return text;
  return fmt::format("{} ({} s of {} s)", text, (now - opened_) / 1s, settings_.spec.timeouts.start / 1s);
}

}  // namespace wisp::launcher
