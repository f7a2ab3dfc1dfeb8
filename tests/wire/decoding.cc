#include "tests/wire/decoding.h"

#include <array>
#include <functional>
#include <map>
#include <stdexcept>
#include <tuple>

#include "actors/down_link.h"
#include "base/pack.h"
#include "runtime/control_frame.h"
#include "runtime/failure.h"
#include "runtime/services.h"
#include "runtime/wire.h"
#include "sparse/encoded.h"
#include "sparse/index_codec.h"
#include "tests/fuzz/allocations.h"

namespace wisp::wire {
namespace {

// Runs when decoding has succeeded: what it allocates is not the decoder's.
using Describe = std::function<Json()>;

template <class T>
std::string hex_of(const std::vector<T>& values) {
  return hex(std::as_bytes(std::span(values)));
}

const char* name_of(sparse::Support support) {
  constexpr std::array kNames{"all", "blocks", "indices"};
  return kNames.at(static_cast<std::size_t>(support));
}

std::string name_of_numbers(const Bytes& numbers) {
  if (numbers.empty()) return "";
  return std::string(sparse::to_string(static_cast<sparse::IndexCodec>(numbers.span()[0])));
}

Describe decode_frame(const Known&, const Bytes& bytes) {
  runtime::FrameHeader header;
  if (const auto error = runtime::read_header(bytes.span(), header); error != runtime::WireError::kNone) {
    throw DecodeError(runtime::describe(error));
  }
  runtime::MessageReader reader(bytes);
  std::size_t messages = 0;
  while (reader.next()) ++messages;
  return [header, bytes] {
    constexpr std::array kFrames{"data", "probe", "acknowledgement", "fenced"};
    constexpr std::array kMessages{"tell", "call", "answer", "failure", "cancel", "durable"};
    Json frame;
    frame["kind"] = kFrames.at(static_cast<std::size_t>(header.kind));
    frame["gap"] = header.gap;
    frame["run"] = header.run;
    frame["source"] = header.source;
    frame["destination"] = header.destination;
    frame["sequence"] = header.sequence;
    frame["acknowledged"] = header.acknowledged;
    frame["credit_messages"] = header.credit_messages;
    frame["credit_bytes"] = header.credit_bytes;
    frame["messages"] = Json::array();
    runtime::MessageReader again(bytes);
    while (again.next()) {
      const runtime::Envelope& envelope = again.envelope();
      Json message;
      message["kind"] = kMessages.at(static_cast<std::size_t>(envelope.kind));
      message["sender"] = envelope.sender;
      message["receiver"] = envelope.receiver;
      message["method"] = envelope.method;
      message["call"] = envelope.call;
      message["stream"] = envelope.stream;
      message["body"] = hex(again.body());
      frame["messages"].push_back(message);
    }
    frame["dropped"] = again.error() == runtime::WireError::kNone ? "" : runtime::describe(again.error());
    return frame;
  };
}

Json json_of_address(const runtime::Address& address) {
  Json json;
  json["data"] = address.endpoint;
  json["control"] = address.control;
  json["key"] = address.public_key;
  return json;
}

Json json_of_body(const runtime::Beat& beat) {
  Json json;
  json["kind"] = "beat";
  json["sequence"] = beat.sequence;
  json["progress"] = beat.progress;
  json["queued"] = beat.queued;
  json["time"] = beat.time.count();
  json["address"] = json_of_address(beat.address);
  return json;
}
Json json_of_body(const runtime::Pulse& pulse) {
  Json json;
  json["kind"] = "pulse";
  json["sequence"] = pulse.sequence;
  json["time"] = pulse.time.count();
  return json;
}
Json json_of_body(const runtime::Fencing& fencing) {
  Json json;
  json["kind"] = "fencing";
  json["why"] = fencing.why;
  return json;
}

Describe decode_control(const Known&, const Bytes& bytes) {
  const runtime::ControlFrame frame = runtime::decode_control_frame(bytes);
  return [frame] {
    Json json;
    json["run"] = frame.run;
    json["source"] = frame.source;
    json["destination"] = frame.destination;
    json.update(std::visit([](const auto& body) { return json_of_body(body); }, frame.body));
    return json;
  };
}

Describe decode_hello(const Known&, const Bytes& bytes) {
  const auto [hello] = runtime::call_detail::unpack_arguments<std::tuple<runtime::Hello>>(bytes);
  return [hello = hello] {
    Json json;
    json["node"] = hello.node;
    json["pid"] = hello.pid;
    json["address"] = json_of_address(hello.address);
    json["fingerprint"] = hello.fingerprint;
    return json;
  };
}

Describe decode_peers(const Known&, const Bytes& bytes) {
  const auto peers = unpack<std::vector<runtime::PeerInfo>>(bytes);
  return [peers] {
    Json json = Json::array();
    for (const runtime::PeerInfo& peer : peers) {
      json.push_back({{"node", peer.node}, {"address", json_of_address(peer.address)}});
    }
    return json;
  };
}

Describe decode_failure(const Known&, const Bytes& bytes) {
  const auto failure = unpack<runtime::Failure>(bytes);
  return [failure] {
    Json json;
    json["kind"] = static_cast<unsigned>(failure.kind);
    json["actor"] = failure.actor;
    json["why"] = failure.text;
    json["fault"] = static_cast<int>(failure.fault);
    json["log"] = failure.log;
    return json;
  };
}

template <class T>
Describe decode_model(const Bytes& bytes) {
  const auto model = unpack<actors::Model<T>>(bytes);
  sparse::Vector<T> vector;
  actors::decode_model(model, model.vector.dim, vector);
  return [model, vector] { return json_of(model, vector); };
}

// As the master does: what it asks for, it knows.
template <class T>
sparse::Vector<T> vector_of(const actors::Update<T>& update, const Known& known) {
  if (update.round != known.round) throw DecodeError("an update of another round");
  sparse::Vector<T> vector;
  sparse::decode(update.vector, known.dim, {known.seed, known.worker, known.round}, vector);
  return vector;
}

template <class T>
Describe decode_update(const Known& known, const Bytes& bytes) {
  const auto update = unpack<actors::Update<T>>(bytes);
  const sparse::Vector<T> vector = vector_of(update, known);
  return [update, vector] { return json_of(update, vector); };
}

template <class T>
Describe decode_tap(const Known&, const Bytes& bytes) {
  const auto record = unpack<actors::TapRecord<T>>(bytes);
  if (record.version != 1) throw DecodeError("a record of another version");
  if (record.scalar_bytes == sizeof(float) && sizeof(T) != sizeof(float)) return decode_tap<float>({}, bytes);
  if (record.scalar_bytes != sizeof(T)) throw DecodeError("scalars of another size");
  // Nobody asked for it: what draws may not be asked for is not known to be right.
  const Bytes& numbers = record.update.vector.numbers;
  const bool drawn =
      !numbers.empty() && numbers.span()[0] >= static_cast<std::byte>(sparse::IndexCodec::kSubset);
  if (drawn && record.update.round >> 56 != 0) throw DecodeError("a round that nothing is drawn in");
  Known known;
  known.dim = record.update.vector.dim;
  known.seed = record.seed;
  known.worker = record.worker;
  known.round = record.update.round;
  const sparse::Vector<T> vector = vector_of(record.update, known);
  return [record, vector] {
    Json json;
    json["job"] = record.job;
    json["seed"] = record.seed;
    json["worker"] = record.worker;
    json["workers"] = record.workers;
    json["scalar"] = record.scalar_bytes;
    json["update"] = json_of(record.update, vector);
    return json;
  };
}

Describe decode_numbers(const Known& known, const Bytes& bytes) {
  std::vector<std::uint32_t> numbers;
  sparse::decode_indices(bytes.span(), known.count, known.below, {known.seed, known.worker, known.round},
                         numbers);
  return [numbers] { return Json(numbers); };
}

template <class T>
Describe decode_values(const Known& known, const Bytes& bytes) {
  const auto codec = static_cast<sparse::ValueCodec>(known.codec);
  if (codec > sparse::ValueCodec::kSign) throw DecodeError("unknown codec of values");
  if (bytes.size() != sparse::encoded_size(codec, known.count)) throw DecodeError("another number of bytes");
  std::vector<T> values(known.count);
  sparse::decode_values<T>(bytes.span(), codec, values);
  return [values] { return Json(hex_of(values)); };
}

Describe decode_checked(const std::string& kind, const Known& known, const Bytes& bytes) {
  using Decode = Describe (*)(const Known&, const Bytes&);
  static const std::map<std::string, Decode> kKinds{
      {"frame", decode_frame},     {"control", decode_control}, {"hello", decode_hello},
      {"peers", decode_peers},     {"failure", decode_failure}, {"indices", decode_numbers},
      {"tap", decode_tap<double>},
  };
  const bool narrow = known.scalar == sizeof(float);
  if (kind == "model") return narrow ? decode_model<float>(bytes) : decode_model<double>(bytes);
  if (kind == "update")
    return narrow ? decode_update<float>(known, bytes) : decode_update<double>(known, bytes);
  if (kind == "values")
    return narrow ? decode_values<float>(known, bytes) : decode_values<double>(known, bytes);
  return kKinds.at(kind)(known, bytes);
}

}  // namespace

Known Known::from(const Json& settings) {
  Known known;
  known.scalar = settings.value("scalar", known.scalar);
  known.dim = settings.value("dim", known.dim);
  known.seed = settings.value("seed", known.seed);
  known.worker = settings.value("worker", known.worker);
  known.round = settings.value("round", known.round);
  known.count = settings.value("count", known.count);
  known.below = settings.value("below", known.below);
  known.codec = settings.value("codec", known.codec);
  return known;
}

Outcome decode(const std::string& kind, const Known& known, const Bytes& bytes) {
  Outcome outcome;
  const fuzz::AllocationWatch watch;
  try {
    const Describe describe = decode_checked(kind, known, bytes);
    outcome.largest = watch.largest();
    outcome.decoded = describe();
  } catch (const DecodeError& error) {
    outcome.largest = watch.largest();
    outcome.reason = error.what();
  }
  return outcome;
}

namespace {

template <class T>
Json json_of_vector(const sparse::Encoded& encoded, const sparse::Vector<T>& vector) {
  Json json;
  json["dim"] = vector.dim;
  json["support"] = name_of(vector.support);
  json["blocks"] = vector.blocks;
  json["codec"] = sparse::to_string(encoded.codec);
  json["index_codec"] = name_of_numbers(encoded.numbers);
  json["numbers"] = vector.numbers;
  json["values"] = hex_of(vector.values);
  json["bytes"] = encoded.payload_bytes();
  return json;
}

}  // namespace

template <class T>
Json json_of(const actors::Model<T>& model, const sparse::Vector<T>& vector) {
  Json json;
  json["attempt"] = model.attempt;
  json["round"] = model.round;
  json["version"] = model.version;
  json["base"] = model.base;
  json["awaited"] = model.awaited;
  json["vector"] = json_of_vector(model.vector, vector);
  return json;
}

template <class T>
Json json_of(const actors::Update<T>& update, const sparse::Vector<T>& vector) {
  Json json;
  json["round"] = update.round;
  json["gradient_ns"] = update.gradient_ns;
  json["vector"] = json_of_vector(update.vector, vector);
  return json;
}

template Json json_of(const actors::Model<float>&, const sparse::Vector<float>&);
template Json json_of(const actors::Model<double>&, const sparse::Vector<double>&);
template Json json_of(const actors::Update<float>&, const sparse::Vector<float>&);
template Json json_of(const actors::Update<double>&, const sparse::Vector<double>&);

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  digits.reserve(2 * bytes.size());
  for (const std::byte each : bytes) {
    digits += kDigits[static_cast<unsigned>(each) >> 4];
    digits += kDigits[static_cast<unsigned>(each) & 15];
  }
  return digits;
}

Bytes bytes_of_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) throw std::invalid_argument("half a byte");
  const auto value = [](char digit) {
    if ('0' <= digit && digit <= '9') return digit - '0';
    if ('a' <= digit && digit <= 'f') return digit - 'a' + 10;
    throw std::invalid_argument("not a hexadecimal digit");
  };
  std::vector<std::byte> bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(value(digits[2 * i]) << 4 | value(digits[2 * i + 1]));
  }
  return Bytes(std::move(bytes));  // of just this size, so that a sanitizer sees what is read beyond
}

}  // namespace wisp::wire
