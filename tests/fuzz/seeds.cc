#include "tests/fuzz/seeds.h"

#include "actors/checkpoint.h"
#include "base/hash.h"
#include "launcher/deflate.h"
#include "launcher/state_file.h"
#include "runtime/wire.h"
#include "sparse/encoded.h"
#include "sparse/index_codec.h"
#include "tests/fuzz/messages.h"
#include "tests/runtime/frames.h"

namespace wisp::fuzz {
namespace {

using runtime::Envelope;
using runtime::test::Message;

// The parts of an input, one after another, as fuzz::Input takes them.
class Writer {
 public:
  template <class T>
  Writer& put(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Writer& put(Data data) {
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    return *this;
  }
  Writer& piece(Data data) { return put(static_cast<std::uint16_t>(data.size())).put(data); }
  Bytes take() { return Bytes(std::move(bytes_)); }

 private:
  std::vector<std::byte> bytes_;
};

Writer writer(unsigned first) {
  Writer writer;
  writer.put(static_cast<std::uint8_t>(first));
  return writer;
}

void add_messages(std::vector<Seed>& seeds) {
  const auto kinds = message_kinds();
  for (unsigned i = 0; i < kinds.size(); ++i) {
    std::string name = kinds[i].name;
    for (char& c : name) {
      if (c == ' ' || c == '<' || c == '>' || c == ':') c = '-';
    }
    seeds.push_back({"message", name, writer(i).put(kinds[i].example.span()).take()});
  }
}

Message message(Envelope::Kind kind, std::string_view body) {
  Envelope envelope;
  envelope.kind = kind;
  envelope.sender = 200;
  envelope.method = 0xdeadbeef;
  envelope.call = 70'000;
  return Message(envelope, bytes_of(data_of(body)));
}

void add_frames(std::vector<Seed>& seeds) {
  const Bytes frame = runtime::test::write_frame(
      {}, {message(Envelope::Kind::kTell, "one"), message(Envelope::Kind::kTell, "two"),
           message(Envelope::Kind::kCall, std::string(60, 'x')), message(Envelope::Kind::kAnswer, "")});
  seeds.push_back({"frame", "whole", writer(9).put(frame.span()).take()});
  seeds.push_back({"frame", "messages", writer(10).put(frame.span().subspan(runtime::kHeaderSize)).take()});
  runtime::FrameHeader probe;
  probe.kind = runtime::FrameKind::kProbe;
  seeds.push_back({"frame", "probe", writer(9).put(runtime::test::write_frame(probe).span()).take()});
  runtime::ControlFrame control;
  runtime::Beat beat;
  beat.address = runtime::Address("tcp://192.0.2.1:20000", "", "tcp://192.0.2.1:20001");
  for (const runtime::ControlFrame::Body& body :
       {runtime::ControlFrame::Body(beat), {runtime::Pulse()}, {runtime::Fencing()}}) {
    control.body = body;
    seeds.push_back({"frame", "heartbeat-" + std::to_string(body.index()),
                     writer(0).put(runtime::encode(control).span()).take()});
  }
}

// One step of the attack on a node: messages that are some.
Writer& steps(Writer& writer, std::initializer_list<std::pair<unsigned, Bytes>> calls) {
  for (const auto& [method, arguments] : calls) {
    writer.put(std::uint8_t{2})
        .put(std::uint8_t{1})
        .put(std::uint8_t{0});  // one message, a call, to the victim
    writer.put(static_cast<std::uint8_t>(method)).put(std::uint8_t{7}).piece(arguments.span());
  }
  return writer;
}

void add_attacks(std::vector<Seed>& seeds) {
  const auto arguments = []<class... P>(const P&... each) {
    return runtime::call_detail::packed_arguments<std::tuple<P...>>(each...);
  };
  Writer calls;
  steps(calls, {{0, arguments(std::int32_t{5})},
                {1, arguments()},
                {2, arguments(std::string("text"))},
                {3, arguments(std::vector<std::string>{"a", "b"})},
                {4, arguments()},
                {5, arguments()},
                {6, pack(std::string("killed"))},
                {7, Bytes()}});
  seeds.push_back({"node", "calls", calls.take()});
  Writer mixed;
  const Bytes frame = runtime::test::write_frame({}, {message(Envelope::Kind::kTell, "one")});
  mixed.put(std::uint8_t{0}).piece(frame.span());
  mixed.put(std::uint8_t{1}).piece(frame.span().subspan(runtime::kHeaderSize));
  mixed.put(std::uint8_t{4})
      .put(std::uint8_t{0})
      .put(std::uint16_t{0})
      .put(std::uint16_t{0})
      .put(std::uint32_t{0});
  mixed.put(std::uint8_t{5 + 6 * 30});
  seeds.push_back({"node", "frames", mixed.take()});
}

void add_indices(std::vector<Seed>& seeds) {
  using sparse::IndexCodec;
  std::vector<std::uint32_t> few{3, 4, 1000};
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 0; i < 530; ++i) many.push_back(3 * i + i % 3);
  for (const auto* indices : {&few, &many}) {
    for (const IndexCodec codec :
         {IndexCodec::kRaw, IndexCodec::kGaps, IndexCodec::kRice, IndexCodec::kBitmap}) {
      if (codec == IndexCodec::kRaw && indices == &many) continue;
      const Bytes bytes = sparse::encode_indices(*indices, 2000, codec);
      const std::string name = std::string(to_string(codec)) + (indices == &many ? "-many" : "-few");
      seeds.push_back({"indices", name,
                       writer(2)
                           .put(static_cast<std::uint32_t>(indices->size()))
                           .put(std::uint32_t{2000})
                           .put(bytes.span())
                           .take()});
    }
  }
  seeds.push_back(
      {"indices", "coding", writer(7).put(data_of(std::string_view("\0\1\0\5\7\200\377\3", 8))).take()});
}

void add_vectors(std::vector<Seed>& seeds) {
  using sparse::IndexChoice;
  using sparse::Vector;
  std::vector<double> dense(40);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = 0.25 * static_cast<double>(i);
  const auto add = [&](const std::string& name, const sparse::Encoded& encoded) {
    seeds.push_back({"vector", name, writer(1).put(std::uint32_t{40}).put(pack(encoded).span()).take()});
  };
  const auto blocks = Vector<double>::restricted(dense, sparse::Partition(40, 7), {0, 2, 5});
  const auto indices = Vector<double>::at(dense, {1, 3, 4, 39});
  add("blocks", sparse::encode(blocks));
  add("raw", sparse::encode(indices, IndexChoice::kRaw));
  add("rice", sparse::encode(indices, IndexChoice::kRice));
  add("bitmap", sparse::encode(indices, IndexChoice::kBitmap));
  for (const auto codec : sparse::kValueCodecs) {
    auto all = Vector<double>::all(dense);
    all.coded.emplace().codec = codec;
    sparse::round_values(std::span<double>(all.values), codec, 1, all.coded->bytes);
    add(std::string(to_string(codec)), sparse::encode(all));
  }
  for (const auto how : {sparse::Draw::kSubset, sparse::Draw::kStratified, sparse::Draw::kBernoulli}) {
    auto drawn = Vector<double>::at(dense, sparse::draw(how, {7, 2, 31}, 40, 6));
    drawn.drawn = sparse::Drawn{how, 6};
    add("drawn-" + std::to_string(static_cast<int>(how)), sparse::encode(drawn));
  }
}

void add_values(std::vector<Seed>& seeds) {
  Packer packer;
  packer.array(5);
  packer.integer(-70'000);
  packer.real(0.5);
  packer.text("text");
  packer.blob(data_of("blob"));
  packer.array(2);
  packer.nil();
  packer.boolean(true);
  const Bytes values = packer.finish();
  seeds.push_back({"pack", "values", values});
  const Bytes script = bytes_of(data_of(std::string_view("\0\3\5\6\7\0\x8\2\1\1", 10)));
  seeds.push_back({"pack", "script", writer(10).put(script.span()).put(values.span()).take()});
  seeds.push_back({"pack", "bomb", bytes_of(data_of("\xdd\xff\xff\xff\xff"))});
}

void add_pipes(std::vector<Seed>& seeds) {
  Writer frames = writer(8);
  frames.put(std::uint32_t{0});
  for (const char* text : {"one", "", "three"}) {
    const std::string_view body(text);
    frames.put(static_cast<std::uint32_t>(body.size())).put(data_of(body));
  }
  seeds.push_back({"pipe", "frames", frames.take()});
  const std::string plain(200, 'a');
  const auto piece = launcher::deflate(data_of(plain));
  seeds.push_back({"pipe", "inflate", writer(1).put(std::uint32_t{200}).put(piece->span()).take()});
  seeds.push_back({"pipe", "deflate", writer(3).put(std::uint32_t{0}).put(data_of(plain)).take()});
}

void add_saved(std::vector<Seed>& seeds) {
  seeds.push_back({"restore", "float32", writer(0).put(pack(std::vector<float>(5, 0.5f)).span()).take()});
  seeds.push_back({"restore", "float64", writer(1).put(pack(std::vector<double>(5, 0.5)).span()).take()});
  Packer nil;
  nil.nil();
  seeds.push_back({"restore", "stateless", writer(1).put(nil.finish().span()).take()});
  Packer packer;
  packer.array(2);
  packer.array(1);
  packer.array(2);
  pack(packer, runtime::ActorId(2, 1));
  packer.unsigned_integer(3);
  packer.blob(pack(std::vector<double>{1, 2}).span());
  const Bytes payload = packer.finish();
  seeds.push_back({"restore", "payload", writer(2).put(payload.span()).take()});
  Packer file;
  file.array(3);
  file.unsigned_integer(1);
  file.blob(payload.span());
  file.text(sha256_hex(payload.span()));
  seeds.push_back({"restore", "file",
                   writer(3).piece(pack(runtime::ActorId(2, 1)).span()).put(file.finish().span()).take()});
}

void add_checkpoints(std::vector<Seed>& seeds) {
  actors::Checkpoint checkpoint;
  checkpoint.number = 2;
  checkpoint.updates = 300;
  checkpoint.traits["seed"] = "7";
  checkpoint.traits["method.kind"] = "isega";
  checkpoint.parts["master"] = pack(std::vector<double>{1, 2});
  checkpoint.parts["worker-0"] = bytes_of(data_of("state"));
  checkpoint.parts["worker-1"] = Bytes();
  const std::vector<Bytes> pieces = actors::encode(checkpoint);  // the last one is the checksum
  seeds.push_back({"checkpoint", "body", writer(0).put(pieces.front().span()).take()});
  seeds.push_back({"checkpoint", "file", writer(1).put(pieces[0].span()).put(pieces[1].span()).take()});
}

void add_state(std::vector<Seed>& seeds) {
  launcher::JobState state;
  state.job = "a";
  state.id = "0123abcd";
  state.actors.emplace_back().name = "worker-1";
  state.clock_offsets["node1"] = std::chrono::microseconds(-5);
  state.addresses["node1"] = "192.0.2.1";
  seeds.push_back({"records", "state.json", bytes_of(data_of(launcher::state_to_json(state)))});
}

}  // namespace

std::vector<Seed> seeds() {
  std::vector<Seed> seeds;
  for (const auto add : {add_messages, add_frames, add_attacks, add_indices, add_vectors, add_values,
                         add_pipes, add_saved, add_checkpoints, add_state}) {
    add(seeds);
  }
  return seeds;
}

}  // namespace wisp::fuzz
