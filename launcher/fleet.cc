#include "launcher/fleet.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/address.h"
#include "launcher/bundle.h"
#include "launcher/child.h"
#include "launcher/connection.h"
#include "launcher/data_store.h"
#include "launcher/deflate.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using message::Down;
using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kPieceSize = 256u << 10;
constexpr std::size_t kPendingMax = 4u << 20;  // bytes of a file that wait for a pipe
constexpr auto kMoreFailures = 3s;             // after one host failed: to hear of the others that will
constexpr auto kStopPatience = 5s;             // beyond the grace
constexpr auto kKillPatience = 2s;
constexpr auto kGraceOfDestructor = 2s;

// Content that is sent in pieces.
using Pieces = std::function<Bytes(std::uint64_t offset, std::size_t size)>;

Bytes read_piece(int fd, const std::filesystem::path& path, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::size_t there = 0;
  while (there < size) {
    const ssize_t count = ::pread(fd, bytes.data() + there, size - there, static_cast<off_t>(offset + there));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
    if (count == 0) throw Error(fmt::format("{}: it became shorter while it was sent", path.string()));
    there += static_cast<std::size_t>(count);
  }
  return Bytes(std::move(bytes));
}

message::PutFile pack_piece(const std::string& sha256, std::uint64_t size, std::uint64_t offset,
                            const Bytes& content) {
  if (const auto small = deflate(content.span()))
    return {sha256, size, offset, static_cast<std::uint32_t>(content.size()), *small};
  return {sha256, size, offset, 0, content};
}

LauncherSpec with_local_host(LauncherSpec spec) {
  if (spec.kind == "local" && spec.hosts.empty()) {
    spec.hosts.emplace_back();
    spec.hosts.back().name = "local";
  }
  spec.check();
  return spec;
}

// Tells the waiting person what is being waited for, not at once and not too often.
class Patience {
 public:
  explicit Patience(const FleetOptions& options)
      : options_(options), next_(Steady::now() + options.progress_after) {}
  Steady::time_point next() const { return next_; }
  bool due() const { return Steady::now() >= next_; }
  void tell(const std::string& text) {
    next_ = Steady::now() + options_.progress_after;
    if (options_.progress) options_.progress(text);
  }

 private:
  const FleetOptions& options_;
  Steady::time_point next_;
};

}  // namespace

std::string describe(const Exited& exited) {
  if (exited.pid == 0) return exited.error;
  std::string text = describe(Ended{exited.status, exited.signal});
  if (exited.signal != 0) text = "killed by " + text;
  return exited.memory.empty() ? text
                               : fmt::format("out of memory on {}: {}; {}", exited.host, text, exited.memory);
}

LogLine log_line(const Line& line) {
  const bool is_known = parse_level(line.level) || line.level == "err";
  const std::string& actor = is_name(line.actor) ? line.actor : line.process;
  return LogLine{line.time, actor, line.attempt, line.host, line.round, is_known ? line.level : "out",
                 line.text};
}

struct Fleet::Impl {
  struct Host {
    Host(const ConnectionSettings& settings, const HostSpec& spec) : connection(settings, spec) {}
    Connection connection;
    std::mutex putting;  // one file at a time
    bool written_off = false;
  };

  Impl(LauncherSpec spec, FleetOptions options_, EventHandler handler_)
      : options(std::move(options_)), handler(std::move(handler_)) {
    settings.spec = with_local_host(std::move(spec));
    settings.local_agent = options.local_agent;
    settings.local_environment = options.local_environment;
    settings.job = options.job;
    if (settings.local_agent.empty()) settings.local_agent = {program().string(), "agent"};
    for (const HostSpec& each : settings.spec.hosts)
      machines.push_back(std::make_unique<Host>(settings, each));
    std::tie(wake_read, wake_write) = make_pipe();
    set_nonblocking(wake_read.get());
    set_nonblocking(wake_write.get());
    thread = std::thread([this] { serve(); });
  }

  ~Impl() {
    try {
      stop(kGraceOfDestructor);
    } catch (const Error&) {  // who wants to hear of it calls stop()
    }
    {
      const std::lock_guard lock(mutex);
      quitting = true;
    }
    wake();
    thread.join();
  }

  std::filesystem::path program() const {
    return options.program.empty() ? self_executable() : options.program;
  }

  void wake() {
    [[maybe_unused]] const ssize_t count = ::write(wake_write.get(), "", 1);  // full is as good as written
  }

  Host& find(const std::string& name) {
    for (const auto& each : machines) {
      if (each->connection.info().name == name) return *each;
    }
    throw Error(fmt::format("no host '{}' in this job", name), Fault::kHost);
  }

  void serve() {
    std::vector<pollfd> fds;
    std::vector<Event> happened;
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (quitting) return;
        const auto now = Steady::now();
        open_some(now);
        for (const auto& each : machines) each->connection.step(now, happened);
        happened.insert(happened.end(), queued.begin(), queued.end());
        queued.clear();
        fds.assign(1, pollfd{wake_read.get(), POLLIN, 0});
        for (const auto& each : machines) each->connection.add_descriptors(fds);
      }
      changed.notify_all();
      for (const Event& each : happened) handler(each);
      const bool busy = !std::exchange(happened, {}).empty();
      ::poll(fds.data(), fds.size(), busy ? 0 : timeout());
      std::byte drain[64];
      while (::read(wake_read.get(), drain, sizeof(drain)) > 0) {
      }
    }
  }

  void open_some(Steady::time_point now) {
    if (!started) return;
    const auto starting = [](const auto& each) { return each->connection.starting(); };
    auto slots = static_cast<std::int64_t>(settings.spec.ssh.max_parallel) -
                 std::count_if(machines.begin(), machines.end(), starting);
    for (const auto& each : machines) {
      if (slots <= 0) return;
      if (each->connection.stage() != Connection::Stage::kWaiting) continue;
      each->connection.open(now);
      --slots;
    }
  }

  int timeout() {
    const std::lock_guard lock(mutex);
    const auto now = Steady::now();
    auto until = now + 10s;
    for (const auto& each : machines) until = std::min(until, each->connection.due(now));
    const auto left = std::chrono::ceil<Milliseconds>(until - now).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

  void start_hosts(const std::filesystem::path& ssh_sockets) {
    const DeploySpec& deploy = settings.spec.deploy;
    if (settings.spec.kind != "local" && deploy.kind != "none")
      settings.bundle = make_bundle(deploy, options.program, options.libraries);
    if (settings.spec.kind != "local" && deploy.kind == "shared-fs")
      install_bundle(settings.bundle, expand_home(deploy.workdir));
    std::unique_lock lock(mutex);
    WISP_CHECK(!std::exchange(started, true), "start_hosts() is called once");
    if (!ssh_sockets.empty()) share_connections(ssh_sockets);
    wake();
    wait_for_start(lock);
    std::vector<std::string> failures;
    for (const auto& each : machines) {
      if (const auto& failure = each->connection.failure()) failures.push_back(*failure);
      infos.push_back(each->connection.info());
    }
    if (failures.empty() && stopped) failures.emplace_back("any host: stopped before it had begun");
    lock.unlock();  // the agents want to hear from us while names are looked up
    if (failures.empty()) failures = settle_addresses(infos, own_addresses());
    if (!failures.empty()) give_up(failures);
  }

  void share_connections(const std::filesystem::path& folder) {
    for (std::size_t i = 0; i < machines.size(); ++i)
      machines[i]->connection.share(folder / fmt::format("ssh{}", i));
  }

  // Until every host is ready, or has failed, or the others were given a little time after the first failure.
  void wait_for_start(std::unique_lock<std::mutex>& lock) {
    Patience patience(options);
    auto deadline = Steady::time_point::max();
    for (;;) {
      std::vector<const Connection*> open;
      bool failed = false;
      for (const auto& each : machines) {
        const Connection& connection = each->connection;
        failed = failed || connection.failure();
        if (!connection.closed() && connection.stage() != Connection::Stage::kReady)
          open.push_back(&connection);
      }
      if (failed) deadline = std::min(deadline, Steady::now() + kMoreFailures);
      if (open.empty() || Steady::now() >= deadline) return;
      if (patience.due()) tell_waiting(lock, patience, open);
      changed.wait_until(lock, std::min(deadline, patience.next()));
    }
  }

  void tell_waiting(std::unique_lock<std::mutex>& lock, Patience& patience,
                    const std::vector<const Connection*>& open) {
    std::string text = fmt::format("waiting for {}: {}", open.front()->info().name,
                                   open.front()->waiting_for(Steady::now()));
    if (open.size() > 1) text += fmt::format(", and for {} more", open.size() - 1);
    lock.unlock();
    patience.tell(text);
    lock.lock();
  }

  [[noreturn]] void give_up(const std::vector<std::string>& failures) {
    std::string text = failures.size() == 1
                           ? "cannot start on " + failures.front()
                           : fmt::format("cannot start on {} of {} hosts", failures.size(), machines.size());
    if (failures.size() > 1) {
      for (const std::string& each : failures) text += "\n  " + each;
    }
    try {
      stop(kGraceOfDestructor);
    } catch (const Error& error) {  // the failure is what counts; this goes with it
      text += std::string("\n") + error.what();
    }
    throw Error(text, Fault::kHost);
  }

  std::string put(const std::string& name, const std::string& sha256, std::uint64_t size,
                  const Pieces& pieces) {
    Host& host = find(name);
    const std::lock_guard one(host.putting);
    std::unique_lock lock(mutex);
    Connection& connection = host.connection;
    message::File file = ask(lock, connection, Down::kAskFile, message::AskFile{sha256, size});
    if (file.present) return file.path;
    std::uint64_t offset = 0;
    Patience patience(options);  // of the whole: the pieces are taken one by one
    do {
      if (patience.due()) {
        lock.unlock();
        patience.tell(fmt::format("waiting for {}: it is taking a file, {} of {} kB were sent", name,
                                  offset / 1000, size / 1000));
        lock.lock();
      }
      wait_for(lock, connection, [&] { return connection.pending() < kPendingMax || connection.file; });
      if (connection.file) break;  // it failed there
      const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceSize, size - offset));
      lock.unlock();
      const message::PutFile packed = pack_piece(sha256, size, offset, pieces(offset, piece));
      lock.lock();
      require_ready(connection);
      connection.send(Down::kPutFile, packed);
      wake();
      offset += piece;
    } while (offset < size);
    wait_for(lock, connection, [&] { return connection.file.has_value(); });
    file = *std::exchange(connection.file, std::nullopt);
    if (!file.present)
      throw Error(fmt::format("{}: cannot store a file: {}", name, file.error), Fault::kHost);
    return file.path;
  }

  template <class Body>
  message::File ask(std::unique_lock<std::mutex>& lock, Connection& connection, Down kind, const Body& body) {
    require_ready(connection);
    connection.file.reset();
    connection.send(kind, body);
    wake();
    wait_for(lock, connection, [&] { return connection.file.has_value(); });
    return *std::exchange(connection.file, std::nullopt);
  }

  // `what` could not be done, if it could not.
  template <class Body>
  void have_done(const std::string& name, Down kind, const Body& body, const char* what) {
    Host& host = find(name);
    const std::lock_guard one(host.putting);
    std::unique_lock lock(mutex);
    const message::File made = ask(lock, host.connection, kind, body);
    if (!made.present) throw Error(fmt::format("{}: cannot {}: {}", name, what, made.error), Fault::kHost);
  }

  void require_ready(const Connection& connection) const {
    if (connection.stage() == Connection::Stage::kReady) return;
    throw Error(
        connection.failure().value_or(fmt::format("{}: its agent is not running", connection.info().name)),
        Fault::kHost);
  }

  // Throws Error if the host is lost, or if nothing moves for timeouts.start.
  void wait_for(std::unique_lock<std::mutex>& lock, const Connection& connection,
                const std::function<bool()>& done) {
    Patience patience(options);
    std::size_t pending = connection.pending();
    auto deadline = Steady::now() + settings.spec.timeouts.start;
    while (!done()) {
      require_ready(connection);
      if (connection.pending() != pending) {
        pending = connection.pending();
        deadline = Steady::now() + settings.spec.timeouts.start;
      }
      if (Steady::now() >= deadline) {
        throw Error(fmt::format("{}: it took no data for {}", connection.info().name,
                                format_duration(settings.spec.timeouts.start)),
                    Fault::kHost);
      }
      if (patience.due()) {
        const std::string text = fmt::format("waiting for {}: it is taking a file", connection.info().name);
        lock.unlock();
        patience.tell(text);
        lock.lock();
      } else {
        changed.wait_until(lock, std::min(deadline, patience.next()));
      }
    }
  }

  void forward(const std::string& name, const std::vector<Forward>& forwards) {
    const Connection& connection = find(name).connection;
    {
      const std::lock_guard lock(mutex);
      require_ready(connection);
    }
    WISP_CHECK(!connection.socket().empty(), "connections that forward are shared from the start");
    forward_ports(settings.spec.ssh, connection.host(), connection.socket(), forwards,
                  settings.spec.timeouts.start);
  }

  std::string bring_back(const std::string& name) {
    const std::lock_guard lock(mutex);
    std::string failure;
    for (auto& each : machines) {
      if (each->connection.info().name != name || !each->connection.closed()) continue;
      failure = each->connection.failure().value_or("");
      const std::filesystem::path socket = each->connection.socket();
      each = std::make_unique<Host>(settings, HostSpec(each->connection.host()));
      if (!socket.empty()) each->connection.share(socket);
    }
    wake();
    return failure;
  }

  void start(const std::string& name, Process process) {
    if (!is_name(process.name)) throw Error(fmt::format("'{}' is no name", escape_text(process.name, 80)));
    const std::lock_guard lock(mutex);
    Connection& connection = find(name).connection;
    if (connection.stage() == Connection::Stage::kReady) {
      connection.send(Down::kStart, message::Start{process.name, process.attempt, process.program,
                                                   process.arguments, process.environment, process.folder,
                                                   process.memory_max, process.nice, process.input});
    } else {
      queued.push_back(
          Exited{name, process.name, process.attempt, 0, 126, 0, "the host's agent is not running", ""});
    }
    wake();
  }

  // To an agent that is ready; to others it is not sent.
  template <class Body>
  void tell(const std::string& name, Down kind, const Body& body) {
    const std::lock_guard lock(mutex);
    Connection& connection = find(name).connection;
    if (connection.stage() != Connection::Stage::kReady) return;
    connection.send(kind, body);
    wake();
  }

  void signal(const std::string& name, const std::string& process, int number) {
    const std::lock_guard lock(mutex);
    Connection& connection = find(name).connection;
    if (connection.stage() == Connection::Stage::kReady ||
        connection.stage() == Connection::Stage::kStopping) {
      connection.send(Down::kSignal, message::Signal{process, number});
      wake();
    }
  }

  void stop(Milliseconds grace) {
    std::unique_lock lock(mutex);
    stopped = true;
    for (const auto& each : machines) each->connection.stop(grace);
    wake();
    if (!wait_for_end(lock, Steady::now() + grace + kStopPatience)) {
      for (const auto& each : machines) each->connection.kill();
      wake();
      wait_for_end(lock, Steady::now() + kKillPatience);
    }
    std::vector<std::string> left;
    for (const auto& each : machines) {
      if (!each->connection.verified() && !each->written_off) left.push_back(remains(each->connection));
    }
    if (left.empty() || std::exchange(reported, true)) return;
    throw Error("could not verify that everything has ended\n  " + join(left, "\n  "), Fault::kTeardown);
  }

  static std::string remains(const Connection& connection) {
    if (!connection.survivors().empty()) {
      return fmt::format("{}: still there: {}", connection.info().name, join(connection.survivors(), ", "));
    }
    return connection.failure().value_or(connection.info().name + ": its agent did not answer");
  }

  bool wait_for_end(std::unique_lock<std::mutex>& lock, Steady::time_point deadline) {
    Patience patience(options);
    for (;;) {
      std::vector<const Connection*> open;
      for (const auto& each : machines) {
        if (!each->connection.closed()) open.push_back(&each->connection);
      }
      if (open.empty()) return true;
      if (Steady::now() >= deadline) return false;
      if (patience.due()) tell_waiting(lock, patience, open);
      changed.wait_until(lock, std::min(deadline, patience.next()));
    }
  }

  const FleetOptions options;
  const EventHandler handler;
  ConnectionSettings settings;
  std::vector<HostInfo> infos;  // written once, by start_hosts()

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::vector<std::unique_ptr<Host>> machines;
  std::vector<Event> queued;
  bool started = false;
  bool stopped = false;
  bool quitting = false;
  bool reported = false;

  Descriptor wake_read;
  Descriptor wake_write;
  std::thread thread;
};

Fleet::Fleet(LauncherSpec spec, FleetOptions options, EventHandler handler)
    : impl_(std::make_unique<Impl>(std::move(spec), std::move(options), std::move(handler))) {}

Fleet::~Fleet() = default;

void Fleet::start_hosts(const std::filesystem::path& ssh_sockets) { impl_->start_hosts(ssh_sockets); }

const std::vector<HostInfo>& Fleet::hosts() const { return impl_->infos; }

const HostInfo& Fleet::host(const std::string& name) const {
  for (const HostInfo& each : impl_->infos) {
    if (each.name == name) return each;
  }
  throw Error(fmt::format("no host '{}' in this job", name), Fault::kHost);
}

std::string Fleet::put_file(const std::string& host, const std::filesystem::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  if (impl_->find(host).connection.info().local) return std::filesystem::absolute(path).string();
  return impl_->put(
      host, sha256_file_hex(path), static_cast<std::uint64_t>(status.st_size),
      [&](std::uint64_t offset, std::size_t size) { return read_piece(fd.get(), path, offset, size); });
}

std::string Fleet::put_bytes(const std::string& host, const Bytes& content) {
  return impl_->put(host, sha256_hex(content.span()), content.size(),
                    [&](std::uint64_t offset, std::size_t size) { return content.slice(offset, size); });
}

void Fleet::place(const std::string& host, const message::Place& wanted) {
  impl_->have_done(host, Down::kPlace, wanted, "make the working folder");
}

void Fleet::keep_checkpoint(const std::string& host, const std::filesystem::path& file, std::uint64_t number,
                            std::uint32_t keep) {
  WISP_CHECK(!impl_->find(host).connection.info().local, "a copy is for another machine");
  const std::string there = put_file(host, file);
  const std::string sha256 = std::filesystem::path(there).filename().string();
  impl_->have_done(host, Down::kKeepCheckpoint,
                   message::KeepCheckpoint{sha256, impl_->options.job, number, keep}, "keep a checkpoint");
}

void Fleet::forget_checkpoints(const std::string& host) {
  impl_->have_done(host, Down::kKeepCheckpoint, message::KeepCheckpoint{"", impl_->options.job, 0, 0},
                   "remove its checkpoints");
}

void Fleet::remove_at_end(const std::string& host, const std::filesystem::path& folder) {
  impl_->tell(host, Down::kRemoveAtEnd, message::RemoveAtEnd{std::filesystem::absolute(folder).string()});
}

void Fleet::send_logs(const std::string& host, const std::string& job, std::vector<LogPosition> have) {
  impl_->tell(host, Down::kSendLogs, message::SendLogs{job, host, std::move(have)});
}

void Fleet::forget_logs(const std::string& host, const std::string& job) {
  impl_->tell(host, Down::kForgetLogs, message::ForgetLogs{job, host});
}

void Fleet::forward(const std::string& host, const std::vector<Forward>& forwards) {
  impl_->forward(host, forwards);
}

void Fleet::doubt(const std::string& host, std::chrono::milliseconds patience) {
  const std::lock_guard lock(impl_->mutex);
  impl_->find(host).connection.doubt(Steady::now(), patience);
  impl_->wake();
}

std::string Fleet::bring_back(const std::string& host) { return impl_->bring_back(host); }

bool Fleet::is_ready(const std::string& host) {
  const std::lock_guard lock(impl_->mutex);
  const Connection& connection = impl_->find(host).connection;
  return connection.stage() == Connection::Stage::kReady && !connection.doubted();
}

void Fleet::write_off(const std::string& host) {
  const std::lock_guard lock(impl_->mutex);
  impl_->find(host).written_off = true;
}

void Fleet::start(const std::string& host, Process process) { impl_->start(host, std::move(process)); }

void Fleet::signal(const std::string& host, const std::string& process, int signal) {
  WISP_CHECK(!process.empty(), "a signal for all is signal_all()");
  impl_->signal(host, process, signal);
}

void Fleet::signal_all(int signal) {
  for (const auto& each : impl_->machines) impl_->signal(each->connection.info().name, "", signal);
}

void Fleet::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

}  // namespace wisp::launcher
