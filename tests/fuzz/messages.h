#pragma once
// Every message that is packed, by name: those of actors, of nodes, and of agents.
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "actors/messages.h"
#include "base/pack.h"
#include "launcher/messages.h"
#include "runtime/control_frame.h"
#include "runtime/failure.h"
#include "runtime/services.h"
#include "runtime/system.h"
#include "tests/fuzz/fuzz.h"

namespace wisp::fuzz {

// One kind of message, whatever it is called elsewhere.
struct MessageKind {
  std::string name;
  Bytes example;                        // one that was packed
  Bytes (*repack)(const Bytes& bytes);  // unpacked, and packed again; throws DecodeError
};

template <class T>
MessageKind message_kind(std::string name, const T& example = T()) {
  return {std::move(name), pack(example), [](const Bytes& bytes) { return pack(unpack<T>(bytes)); }};
}

// The arguments of a method that takes these.
template <class... P>
MessageKind arguments_kind(std::string name, const P&... example) {
  using Tuple = std::tuple<P...>;
  return {std::move(name), runtime::call_detail::packed_arguments<Tuple>(example...), [](const Bytes& bytes) {
            const auto arguments = runtime::call_detail::unpack_arguments<Tuple>(bytes);
            return std::apply(
                [](const P&... each) { return runtime::call_detail::packed_arguments<Tuple>(each...); },
                arguments);
          }};
}

// A new one goes to the end: the first byte of an input of the target is the place in the list.
inline std::vector<MessageKind> message_kinds() {
  namespace pipe = launcher::message;
  const sparse::Partition partition(6, 3);
  actors::Update<double> update;
  update.round = 7;
  update.vector = sparse::encode(
      sparse::Vector<double>::restricted(std::vector<double>{1, 2, 3, 4, 5, 6}, partition, {0, 2}));
  actors::Update<float> sparse_update;
  sparse_update.vector =
      sparse::encode(sparse::Vector<float>::at(std::vector<float>{1, 2, 3, 4, 5, 6}, {1, 3, 4}));
  actors::WorkerParameters worker;
  worker.problem.kind = "logistic";
  worker.source.path = "a.libsvm";
  worker.method.kind = "isega";
  actors::Summary summary;
  summary.status = "converged";
  summary.iterate = Bytes::copy(std::vector<std::byte>(24));
  runtime::Hello hello;
  hello.address = runtime::Address("tcp://192.0.2.1:20000", std::string(40, 'k'), "tcp://192.0.2.1:20001");
  runtime::SpawnRequest spawn;
  spawn.class_name = "worker/float64";
  spawn.name = "worker-1";
  spawn.arguments = pack(worker);
  runtime::NodeParameters node;
  node.name = "node1";
  node.network.binds = {"tcp://192.0.2.1"};
  node.network.allowed = {{0, std::string(40, 'a')}, {1, std::string(40, 'b')}};
  node.plugins = {"mine.so"};
  runtime::Beat beat;
  beat.address = hello.address;
  pipe::Place place{"/w/jobs/a", {{"conf/a.yaml", "/w/files/a", std::string(64, '0'), true}}};
  pipe::Start start{"worker-1", 1,       "/bin/wisp", {"node", "--stdin"}, {{"A", "1"}},
                    "/w",       1 << 20, 5,           pack(node)};
  pipe::Greeting greeting;
  greeting.hostname = "node1";
  greeting.addresses = {{"eth0", "192.0.2.1", 24}};
  pipe::Line line;
  line.actor = line.process = "worker-1";
  line.level = "info";
  line.round = 7;
  line.text = "round 7";
  runtime::Disturbance disturbance;
  disturbance.lasts = disturbance.delay = std::chrono::seconds(1);
  disturbance.spared = {1, 2};
  const actors::Model<double> model(7, std::vector<double>{0.5, -0.5});
  return {
      message_kind("Model<double>", model),
      message_kind("Model<float>", actors::Model<float>(7, std::vector<float>{0.5f, -0.5f})),
      message_kind("Update<double>", update),
      message_kind("Update<float>", sparse_update),
      message_kind("WorkerParameters", worker),
      message_kind("Shard", actors::Shard()),
      message_kind("Progress", actors::Progress()),
      message_kind("Summary", summary),
      message_kind("JobSpec", actors::JobSpec()),
      arguments_kind("arguments of Worker::step", model),
      arguments_kind("arguments of a method", std::string("text"), std::uint64_t{7},
                     std::vector<std::string>{"a", "b"}),
      message_kind("Failure", runtime::Failure(runtime::Failure::Kind::kThrew, "worker-1", "no such file")),
      message_kind("Hello", hello),
      message_kind("PeerInfo", std::vector<runtime::PeerInfo>{{1, hello.address}}),
      message_kind("ActorRef", runtime::ActorRef(runtime::ActorId(1, 2), "worker-1")),
      message_kind("SpawnRequest", spawn),
      message_kind("NodeParameters", node),
      message_kind("Beat", beat),
      message_kind("Pulse", runtime::Pulse()),
      message_kind("Fencing", runtime::Fencing()),
      message_kind("pipe Hello", pipe::Hello{pipe::kProtocol, "~/wisp", std::chrono::seconds(15)}),
      message_kind("pipe AskFile", pipe::AskFile{std::string(64, '0'), 7}),
      message_kind("pipe PutFile", pipe::PutFile{std::string(64, '0'), 7, 0, 0, pack(worker)}),
      message_kind("pipe Place", place),
      message_kind("pipe KeepCheckpoint", pipe::KeepCheckpoint{std::string(64, '0'), "0123abcd", 7, 3}),
      message_kind("pipe Start", start),
      message_kind("pipe Signal", pipe::Signal{"worker-1", 15}),
      message_kind("pipe Stop", pipe::Stop{std::chrono::seconds(5)}),
      message_kind("pipe Ping", pipe::Ping()),
      message_kind("pipe RemoveAtEnd", pipe::RemoveAtEnd{"/w/jobs/a"}),
      message_kind("pipe KeepLogs", pipe::KeepLogs{"a-1", "node1", "text", 1 << 20, 3}),
      message_kind("pipe SendLogs", pipe::SendLogs{"a-1", "node1", {{"worker-1", 1, 1, 700}}}),
      message_kind("pipe ForgetLogs", pipe::ForgetLogs{"a-1", "node1"}),
      message_kind("pipe Greeting", greeting),
      message_kind("pipe File", pipe::File{std::string(64, '0'), true, "/w/files/a", ""}),
      message_kind("pipe Started", pipe::Started{"worker-1", 1, 4711}),
      message_kind("pipe Exited", pipe::Exited{"worker-1", 1, 4711, 1, 0, "", ""}),
      message_kind("pipe Line", line),
      message_kind("pipe Failed", pipe::Failed{"no room"}),
      message_kind("pipe Pong", pipe::Pong()),
      message_kind("pipe LogsSent", pipe::LogsSent{7, 0}),
      message_kind("pipe Stopped", pipe::Stopped{{"worker-1"}}),
      message_kind("Evaluation", actors::Evaluation()),
      message_kind("Piece", actors::Piece(3, 7, model.vector.values)),
      message_kind("Disturbance", disturbance),
  };
}

}  // namespace wisp::fuzz
