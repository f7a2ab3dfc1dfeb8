#include "tests/wire/goldens.h"

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

#include "base/pack.h"
#include "base/rng.h"
#include "runtime/builtin.h"
#include "runtime/control_frame.h"
#include "runtime/failure.h"
#include "runtime/services.h"
#include "runtime/wire.h"
#include "sparse/draw.h"
#include "sparse/encoded.h"
#include "sparse/index_codec.h"
#include "sparse/partition.h"
#include "sparse/value_codec.h"

namespace wisp::wire {
namespace {

using sparse::IndexCodec;
using sparse::Support;
using sparse::ValueCodec;

constexpr sparse::DrawKey kSender{.seed = 0x0123456789abcdef, .worker = 3, .round = 40};
constexpr std::array kIndexCodecs{IndexCodec::kRaw,      IndexCodec::kGaps,   IndexCodec::kRice,
                                  IndexCodec::kBitmap,   IndexCodec::kSubset, IndexCodec::kStratified,
                                  IndexCodec::kBernoulli};
constexpr std::array kValueCodecs{ValueCodec::kFloat64,  ValueCodec::kFloat32, ValueCodec::kFloat16,
                                  ValueCodec::kBfloat16, ValueCodec::kQ8,      ValueCodec::kQ4,
                                  ValueCodec::kTernary,  ValueCodec::kSign};

bool is_drawn(IndexCodec codec) { return codec >= IndexCodec::kSubset; }

// Frames

runtime::FrameHeader some_header(runtime::FrameKind kind) {
  runtime::FrameHeader header;
  header.kind = kind;
  header.run = 0xfedcba9876543210;
  header.source = 3;
  header.destination = 70'000;
  header.sequence = 18;
  header.acknowledged = 300;
  header.credit_messages = 1ULL << 33;
  header.credit_bytes = 0x0102030405060708;
  return header;
}

struct Sent {
  runtime::Envelope envelope;
  Bytes body;
};

Bytes frame_of(const runtime::FrameHeader& header, const std::vector<Sent>& messages) {
  Buffer buffer(runtime::kHeaderSize);
  runtime::write_header(buffer.span().data(), header);
  for (const Sent& message : messages) {
    std::array<std::byte, runtime::kEnvelopeSizeMax> room;
    runtime::Envelope envelope = message.envelope;
    envelope.body_size = static_cast<std::uint32_t>(message.body.size());
    const std::byte* const end = runtime::write_envelope(room.data(), envelope);
    buffer.append(std::span<const std::byte>(room.data(), end));
    buffer.append(message.body.span());
  }
  return std::move(buffer).freeze();
}

Json json_of_frame(const runtime::FrameHeader& header, const std::vector<Sent>& messages) {
  constexpr std::array kFrames{"data", "probe", "acknowledgement", "fenced"};
  constexpr std::array kMessages{"tell", "call", "answer", "failure", "cancel", "durable"};
  Json frame{{"kind", kFrames.at(static_cast<std::size_t>(header.kind))},
             {"gap", header.gap},
             {"run", header.run},
             {"source", header.source},
             {"destination", header.destination},
             {"sequence", header.sequence},
             {"acknowledged", header.acknowledged},
             {"credit_messages", header.credit_messages},
             {"credit_bytes", header.credit_bytes},
             {"messages", Json::array()},
             {"dropped", ""}};
  for (const Sent& message : messages) {
    const runtime::Envelope& envelope = message.envelope;
    frame["messages"].push_back(Json{{"kind", kMessages.at(static_cast<std::size_t>(envelope.kind))},
                                     {"sender", envelope.sender},
                                     {"receiver", envelope.receiver},
                                     {"method", envelope.method},
                                     {"call", envelope.call},
                                     {"stream", envelope.stream},
                                     {"body", hex(message.body.span())}});
  }
  return frame;
}

Golden golden_frame(const std::string& name, const runtime::FrameHeader& header,
                    const std::vector<Sent>& messages = {}) {
  return {"frame-" + name, "frame", Json::object(), frame_of(header, messages),
          json_of_frame(header, messages)};
}

runtime::Envelope envelope_of(runtime::Envelope::Kind kind) {
  runtime::Envelope envelope;
  envelope.kind = kind;
  return envelope;
}

runtime::Hello some_hello() {
  runtime::Hello hello;
  hello.node = 3;
  hello.pid = 4242;
  hello.address = runtime::Address("tcp://192.0.2.7:20000", std::string(40, 'k'), "tcp://192.0.2.7:20001");
  hello.fingerprint = "job-1 isega logistic float64";
  return hello;
}

// One message of each kind.
std::vector<Sent> some_messages() {
  using enum runtime::Envelope::Kind;
  runtime::Envelope tell = envelope_of(kTell);
  tell.sender = 5;
  tell.receiver = 200;
  tell.method = fnv1a32("monitor.report");
  tell.stream = 1ULL << 40;
  runtime::Envelope call = envelope_of(kCall);
  call.receiver = 2;
  call.method = fnv1a32("worker/float64.step");
  call.call = 70'001;
  runtime::Envelope answer = envelope_of(kAnswer);
  answer.call = 255;
  runtime::Envelope failure = envelope_of(kFailure);
  failure.call = 0x1'0000'0001;
  runtime::Envelope cancel = envelope_of(kCancel);
  cancel.receiver = 300;
  cancel.call = 256;
  runtime::Envelope durable = envelope_of(kDurable);
  durable.receiver = 127;
  durable.stream = 128;
  using Step = std::tuple<actors::Model<double>>;
  const std::vector<double> iterate{0.5, -0.25};
  Packer taken;
  taken.array(3);
  taken.text("master");
  taken.unsigned_integer(130);
  taken.unsigned_integer(128);
  const runtime::Failure why(runtime::Failure::Kind::kThrew, "worker-3", "no rows", Fault::kConfig);
  return {{tell, runtime::call_detail::packed_arguments<std::tuple<>>()},
          {call, runtime::call_detail::packed_arguments<Step>(actors::Model<double>(40, iterate))},
          {answer, Bytes()},
          {failure, pack(why)},
          {cancel, Bytes()},
          {durable, taken.finish()}};
}

void add_frames(std::vector<Golden>& all) {
  using enum runtime::FrameKind;
  runtime::FrameHeader gap = some_header(kAcknowledgement);
  gap.gap = true;
  all.push_back(golden_frame("probe", some_header(kProbe)));
  all.push_back(golden_frame("acknowledgement", some_header(kAcknowledgement)));
  all.push_back(golden_frame("gap", gap));
  all.push_back(golden_frame("fenced", some_header(kFenced)));
  all.push_back(golden_frame("empty", some_header(kData)));
  const std::vector<Sent> messages = some_messages();
  constexpr std::array kNames{"tell", "call", "answer", "failure", "cancel", "durable"};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    all.push_back(golden_frame(kNames.at(i), some_header(kData), {messages[i]}));
  }
  all.push_back(golden_frame("of-all", some_header(kData), messages));
}

void add_bodies(std::vector<Golden>& all) {
  const runtime::Hello hello = some_hello();
  const Json address{{"data", hello.address.endpoint},
                     {"control", hello.address.control},
                     {"key", hello.address.public_key}};
  all.push_back({"hello", "hello", Json::object(),
                 runtime::call_detail::packed_arguments<std::tuple<runtime::Hello>>(hello),
                 Json{{"node", 3}, {"pid", 4242}, {"address", address}, {"fingerprint", hello.fingerprint}}});
  const std::vector<runtime::PeerInfo> peers{{1, hello.address}, {1000, hello.address}};
  all.push_back(
      {"peers", "peers", Json::object(), pack(peers),
       Json::array({Json{{"node", 1}, {"address", address}}, Json{{"node", 1000}, {"address", address}}})});
  all.push_back(
      {"failure", "failure", Json::object(),
       pack(runtime::Failure(runtime::Failure::Kind::kRefused, "worker-3", "2 arguments where 1 are taken")),
       Json{{"kind", 2},
            {"actor", "worker-3"},
            {"why", "2 arguments where 1 are taken"},
            {"fault", 0},
            {"log", ""}}});

  runtime::ControlFrame frame;
  frame.run = 77;
  frame.source = 3;
  runtime::Beat beat;
  beat.sequence = 5;
  beat.progress = 1'000'000;
  beat.queued = 12;
  beat.time = std::chrono::seconds(9);
  beat.address = hello.address;
  frame.body = beat;
  Json decoded{{"run", 77}, {"source", 3}, {"destination", 0}};
  Json decoded_beat = decoded;
  decoded_beat.update(Json{{"kind", "beat"},
                           {"sequence", 5},
                           {"progress", 1'000'000},
                           {"queued", 12},
                           {"time", 9'000'000'000},
                           {"address", address}});
  all.push_back({"control-beat", "control", Json::object(), encode(frame), decoded_beat});
  runtime::Pulse pulse;
  pulse.sequence = 5;
  pulse.time = std::chrono::nanoseconds(-1);
  frame.body = pulse;
  Json decoded_pulse = decoded;
  decoded_pulse.update(Json{{"kind", "pulse"}, {"sequence", 5}, {"time", -1}});
  all.push_back({"control-pulse", "control", Json::object(), encode(frame), decoded_pulse});
  runtime::Fencing fencing;
  fencing.why = "it was silent for 10 s";
  frame.body = fencing;
  decoded.update(Json{{"kind", "fencing"}, {"why", fencing.why}});
  all.push_back({"control-fencing", "control", Json::object(), encode(frame), decoded});
}

// What tests a decoder of floating point: everything that is not an ordinary number.
template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  return {T(0),
          -T(0),
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          -Limits::quiet_NaN(),
          Limits::min(),
          -Limits::min(),
          Limits::max(),
          Limits::denorm_min(),
          -Limits::denorm_min(),
          T(1),
          T(-1.5),
          T(1) / T(3)};
}

template <class T>
std::vector<T> some_values(std::size_t size) {
  Rng rng(1, static_cast<std::uint32_t>(size), 0, Purpose::kInit);
  std::vector<T> values(size);
  for (T& each : values) each = static_cast<T>(rng.normal());
  return values;
}

template <class T>
void add_models(std::vector<Golden>& all) {
  const std::string dtype = sizeof(T) == sizeof(float) ? "float32" : "float64";
  const auto add = [&](const std::string& name, actors::Model<T> model, const sparse::Vector<T>& vector) {
    model.vector = sparse::encode(vector);
    all.push_back(
        {"model-" + dtype + name, "model", Json{{"scalar", sizeof(T)}}, pack(model), json_of(model, vector)});
  };
  actors::Model<T> whole;
  whole.round = 41;
  add("", whole, sparse::Vector<T>::all(some_values<T>(5)));
  whole.round = whole.version = 0xffff'ffff'ffff'ffff;
  add("-special", whole, sparse::Vector<T>::all(special_values<T>()));
  actors::Model<T> change;
  change.round = 300;
  change.version = 302;
  change.base = 299;
  const std::vector<T> changed = some_values<T>(1000);
  add("-change", change, sparse::Vector<T>::at(changed, {0, 127, 128, 999}));
  change.base = change.version;
  change.awaited = true;
  add("-awaited", change, sparse::Vector<T>::at(changed, {}));
}

// Numbers of an update, however they come about.
struct Chosen {
  std::vector<std::uint32_t> numbers;
  Bytes encoded;
};

Chosen chosen(IndexCodec codec, std::vector<std::uint32_t> numbers, std::uint32_t below) {
  Bytes encoded = sparse::encode_indices(numbers, below, codec);
  return {std::move(numbers), std::move(encoded)};
}

Chosen drawn(IndexCodec codec, std::uint32_t k, std::uint32_t below) {
  const auto how =
      static_cast<sparse::Draw>(static_cast<unsigned>(codec) - static_cast<unsigned>(IndexCodec::kSubset));
  return {sparse::draw(how, kSender, below, k), sparse::encode_draw({how, k})};
}

// k numbers below `below`, without order.
Chosen some_numbers(IndexCodec codec, std::uint32_t k, std::uint32_t below) {
  if (is_drawn(codec)) return drawn(codec, k, below);
  return chosen(codec, sparse::draw(sparse::Draw::kSubset, {7, 7, 7}, below, k), below);
}

struct Shape {
  std::uint32_t dim;
  Support support = Support::kAll;
  std::uint32_t blocks = 0;
};

std::size_t values_of(const Shape& shape, const std::vector<std::uint32_t>& numbers) {
  if (shape.support == Support::kAll) return shape.dim;
  if (shape.support == Support::kIndices) return numbers.size();
  const sparse::Partition partition(shape.dim, shape.blocks);
  std::size_t size = 0;
  for (const std::uint32_t number : numbers) size += partition.size(number);
  return size;
}

template <class T>
Golden golden_update(const std::string& name, const Shape& shape, const Chosen& where, ValueCodec codec,
                     std::vector<T> values) {
  sparse::Vector<T> vector;
  vector.dim = shape.dim;
  vector.support = shape.support;
  vector.blocks = shape.blocks;
  vector.numbers = where.numbers;
  std::vector<std::byte> bytes;
  sparse::round_values(std::span<T>(values), codec, 0x5eed, bytes);
  vector.values = std::move(values);
  actors::Update<T> update;
  update.round = kSender.round;
  update.gradient_ns = 1'234'567;
  update.vector.dim = shape.dim;
  update.vector.support = shape.support;
  update.vector.blocks = shape.blocks;
  update.vector.count = static_cast<std::uint32_t>(where.numbers.size());
  update.vector.codec = codec;
  update.vector.numbers = where.encoded;
  update.vector.values = Bytes(std::move(bytes));
  const Json settings{{"scalar", sizeof(T)},
                      {"dim", shape.dim},
                      {"seed", kSender.seed},
                      {"worker", kSender.worker},
                      {"round", kSender.round}};
  return {"update-" + name, "update", settings, pack(update), json_of(update, vector)};
}

// By turns of both dtypes, so that all codecs meet both in few files.
Golden golden_update(const std::string& name, const Shape& shape, const Chosen& where, ValueCodec codec,
                     bool narrow) {
  const std::size_t size = values_of(shape, where.numbers);
  return narrow && codec != ValueCodec::kFloat64
             ? golden_update(name, shape, where, codec, some_values<float>(size))
             : golden_update(name, shape, where, codec, some_values<double>(size));
}

std::string name_of(IndexCodec codec) { return std::string(sparse::to_string(codec)); }
std::string name_of(ValueCodec codec) { return std::string(sparse::to_string(codec)); }

// Each codec of numbers with indices and blocks, and by turns each codec of values.
void add_codecs(std::vector<Golden>& all) {
  std::size_t turn = 0;
  for (const IndexCodec codec : kIndexCodecs) {
    const auto add = [&](const std::string& what, const Shape& shape, std::uint32_t k) {
      const ValueCodec values = kValueCodecs.at(turn % kValueCodecs.size());
      const std::uint32_t below = shape.support == Support::kBlocks ? shape.blocks : shape.dim;
      all.push_back(golden_update(what + "-" + name_of(codec) + "-" + name_of(values), shape,
                                  some_numbers(codec, k, below), values, turn % 2 == 1));
      ++turn;
    };
    add("indices", {100, Support::kIndices}, 11);
    add("blocks", {103, Support::kBlocks, 10}, 4);
    add("none", {100, Support::kIndices}, 0);
  }
  for (const ValueCodec codec : kValueCodecs) {
    const Shape shape{21};
    all.push_back(golden_update("all-" + name_of(codec), shape, {}, codec, turn++ % 2 == 1));
  }
}

template <class T>
void add_special_values(std::vector<Golden>& all) {
  const std::string dtype = sizeof(T) == sizeof(float) ? "float32" : "float64";
  for (const ValueCodec codec : kValueCodecs) {
    if (codec == ValueCodec::kFloat64 && sizeof(T) == sizeof(float)) continue;
    const std::vector<T> values = special_values<T>();
    const Shape shape{static_cast<std::uint32_t>(values.size())};
    all.push_back(golden_update("special-" + name_of(codec) + "-of-" + dtype, shape, {}, codec, values));
  }
  // Three blocks of values: ordinary ones, zeros, and a short one with a NaN in it.
  std::vector<T> values = some_values<T>(600);
  for (std::size_t i = 256; i < 512; ++i) values[i] = i % 2 == 0 ? T(0) : -T(0);
  values[599] = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> tiny(300);
  for (std::size_t i = 0; i < tiny.size(); ++i)
    tiny[i] = std::numeric_limits<T>::denorm_min() * static_cast<T>(i);
  for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary, ValueCodec::kSign}) {
    if (codec != ValueCodec::kQ8 && sizeof(T) == sizeof(double))
      continue;  // one of them is widened as the others are
    all.push_back(golden_update("block-" + name_of(codec) + "-of-" + dtype, {600}, {}, codec, values));
  }
  all.push_back(golden_update("tiny-float16-of-" + dtype, {300}, {}, ValueCodec::kFloat16, tiny));
}

void add_numbers(std::vector<Golden>& all) {
  constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
  const std::vector<std::uint32_t> ends{0, 1, kHuge - 2, kHuge - 1};
  const auto add = [&](const std::string& name, const Shape& shape, const Chosen& where) {
    all.push_back(golden_update(name, shape, where, ValueCodec::kSign, true));
  };
  for (const IndexCodec codec : {IndexCodec::kRaw, IndexCodec::kGaps, IndexCodec::kRice}) {
    add("ends-" + name_of(codec), {kHuge, Support::kIndices}, chosen(codec, ends, kHuge));
  }
  const auto add_rice = [&](std::uint32_t k, std::uint32_t dim) {
    add("rice-" + std::to_string(k) + "-of-" + std::to_string(dim), {dim, Support::kIndices},
        some_numbers(IndexCodec::kRice, k, dim));
  };
  add_rice(511, 1000);
  add_rice(512, 100'000);
  add_rice(513, 4000);
  add_rice(1061, 5000);                  // two blocks and a tail
  add_rice(600, kHuge);                  // wide gaps
  std::vector<std::uint32_t> clustered;  // blocks of different widths; the first is without low bits
  for (std::uint32_t i = 0; i < 512; ++i) clustered.push_back(i);
  for (std::uint32_t i = 0; i < 512; ++i) clustered.push_back(1000 + 37 * i);
  for (std::uint32_t i = 0; i < 16; ++i) clustered.push_back(30'000 + i * i * i);
  add("rice-clustered", {40'000, Support::kIndices}, chosen(IndexCodec::kRice, clustered, 40'000));
  std::vector<std::uint32_t> full(500);
  for (std::uint32_t i = 0; i < full.size(); ++i) full[i] = i;
  add("bitmap-full", {500, Support::kIndices}, chosen(IndexCodec::kBitmap, full, 500));
  for (const IndexCodec codec : {IndexCodec::kSubset, IndexCodec::kStratified, IndexCodec::kBernoulli}) {
    add("draw-" + name_of(codec), {1'000'000, Support::kIndices}, drawn(codec, 500, 1'000'000));
    add("draw-all-" + name_of(codec), {300, Support::kIndices}, drawn(codec, 300, 300));
    add("draw-most-" + name_of(codec), {300, Support::kIndices}, drawn(codec, 290, 300));
  }
}

// Other bytes for what wisp writes in its own way: integers wider than they need be, fields that nobody knows
// yet behind the known ones.
void add_foreign(std::vector<Golden>& all) {
  Golden golden = golden_update<double>("of-a-later-version", {3}, {}, ValueCodec::kFloat64, {1, -2, 0.5});
  const auto known = unpack<actors::Update<double>>(golden.bytes);
  Packer packer;
  packer.array(5);
  packer.unsigned_integer(known.round);
  packer.unsigned_integer(known.gradient_ns);
  packer.array(8);
  packer.unsigned_integer(3);
  for (int i = 0; i < 4; ++i) packer.unsigned_integer(0);  // support, blocks, count, codec
  packer.blob(std::span<const std::byte>());
  packer.blob(known.vector.values.span());
  for (int i = 0; i < 6; ++i) packer.array(1);  // with those around it, nested as deep as may be
  packer.nil();
  packer.text("later");
  packer.real(0.5);
  golden.bytes = packer.finish();
  all.push_back(golden);

  golden.name = "update-wide-integers";
  std::vector<std::byte> wide{std::byte{0xdd}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{3}};
  const auto put = [&](std::initializer_list<int> bytes) {
    for (const int each : bytes) wide.push_back(static_cast<std::byte>(each));
  };
  put({0xcf, 0, 0, 0, 0, 0, 0, 0, 40});          // round, uint64
  put({0xd3, 0, 0, 0, 0, 0, 0x12, 0xd6, 0x87});  // gradient_ns, int64
  put({0xdc, 0, 7, 0xcd, 0, 3, 0xd0, 0, 0xce, 0, 0, 0, 0, 0xd1, 0, 0, 0xcc, 0});
  put({0xc6, 0, 0, 0, 0, 0xc5, 0, 24});
  for (const std::byte each : known.vector.values.span()) wide.push_back(each);
  golden.bytes = Bytes(std::move(wide));
  all.push_back(golden);
}

void add_taps(std::vector<Golden>& all) {
  const auto add = [&](const Golden& update, auto scalar) {
    using T = decltype(scalar);
    actors::TapRecord<T> record;
    record.job = "quickstart";
    record.seed = kSender.seed;
    record.worker = kSender.worker;
    record.workers = 4;
    record.update = unpack<actors::Update<T>>(update.bytes);
    all.push_back({"tap-" + update.name.substr(7), "tap", Json::object(), pack(record),
                   Json{{"job", "quickstart"},
                        {"seed", kSender.seed},
                        {"worker", kSender.worker},
                        {"workers", 4},
                        {"scalar", sizeof(T)},
                        {"update", update.decoded}}});
  };
  add(golden_update("float64", {21}, {}, ValueCodec::kFloat64, some_values<double>(21)), double());
  const Shape shape{1000, Support::kIndices};
  add(golden_update("float32-drawn", shape, drawn(IndexCodec::kSubset, 20, 1000), ValueCodec::kQ8,
                    some_values<float>(20)),
      float());
}

}  // namespace

std::vector<Golden> goldens() {
  std::vector<Golden> all;
  add_frames(all);
  add_bodies(all);
  add_models<double>(all);
  add_models<float>(all);
  add_codecs(all);
  add_special_values<double>(all);
  add_special_values<float>(all);
  add_numbers(all);
  add_foreign(all);
  add_taps(all);
  return all;
}

}  // namespace wisp::wire
