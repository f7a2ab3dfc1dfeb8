// libzmq beside wisp on whole paths: PUSH and PULL sockets used directly, as many bytes each way, and the
// same work at the ends. An update's message is made in one piece, where libzmq takes it from; a model's,
// once for all workers.
#include <cstring>
#include <memory>
#include <optional>
#include <vector>
#include <zmq.hpp>

#include "base/process.h"
#include "bench/runtime/measure.h"
#include "bench/actors/paths.h"
#include "sparse/index_codec.h"

namespace wisp::bench {
namespace {

using sparse::IndexChoice;
using sparse::IndexCodec;

constexpr std::size_t kHead = 112;  // what wisp's frames have before the payload: who, what, how much
constexpr std::size_t kAcknowledgement = 80;  // what an answer without a value takes

void check(bool well) {
  if (!well) throw std::runtime_error("a message came otherwise than it was sent");
}

void copy(std::byte*& to, std::span<const std::byte> bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  to += bytes.size();
}

/// How much of it the indices take, and the two.
zmq::message_t message_of(const sparse::Vector<float>& vector, IndexChoice indices) {
  const auto values = std::as_bytes(std::span(vector.values));
  const auto numbers = std::as_bytes(std::span(vector.numbers));
  Bytes coded;
  std::size_t size = 0;
  if (vector.support != sparse::Support::kAll) {
    if (indices != IndexChoice::kRaw) {
      coded = indices == IndexChoice::kRice
                  ? sparse::encode_indices(vector.numbers, vector.dim, IndexCodec::kRice)
                  : sparse::encode_indices(vector.numbers, vector.dim);
    }
    size = coded.empty() ? 1 + numbers.size() : coded.size();
  }
  zmq::message_t message(kHead + size + values.size());
  auto* at = static_cast<std::byte*>(message.data());
  std::memset(at, 0, kHead);
  std::memcpy(at, &size, sizeof size);
  at += kHead;
  if (coded.empty() && size > 0) {
    *at++ = std::byte{static_cast<std::uint8_t>(IndexCodec::kRaw)};
    copy(at, numbers);
  } else if (size > 0) {
    copy(at, coded.span());
  }
  copy(at, values);
  return message;
}

/// Its blobs lie in the message.
sparse::Encoded read(const zmq::message_t& message, std::uint32_t dim, std::uint32_t pairs) {
  check(message.size() > kHead);
  const std::span<const std::byte> all(static_cast<const std::byte*>(message.data()), message.size());
  std::size_t size = 0;
  std::memcpy(&size, all.data(), sizeof size);
  check(size <= all.size() - kHead);
  sparse::Encoded encoded;
  encoded.dim = dim;
  encoded.support = size == 0 ? sparse::Support::kAll : sparse::Support::kIndices;
  encoded.count = size == 0 ? 0 : pairs;
  encoded.codec = sparse::ValueCodec::kFloat32;
  encoded.numbers = Bytes(std::shared_ptr<const void>(), all.subspan(kHead, size));
  encoded.values = Bytes(std::shared_ptr<const void>(), all.subspan(kHead + size));
  return encoded;
}

void bind_to_loopback(zmq::socket_t& pull, Line& line) {
  pull.bind("tcp://127.0.0.1:*");
  line.tell(pull.get(zmq::sockopt::last_endpoint));
}

/// A PULL of its own, and a PUSH to the parent's.
struct ChildSockets {
  explicit ChildSockets(Line& line) {
    bind_to_loopback(pull, line);
    push.connect(line.hear());
  }
  zmq::context_t context;
  zmq::socket_t pull{context, ZMQ_PULL};
  zmq::socket_t push{context, ZMQ_PUSH};
};

void receive(zmq::socket_t& pull, zmq::message_t& message) { check(pull.recv(message).has_value()); }

/// Updates to a child, each answered when it has come, or has been `applied`.
Figure round_trips(std::uint64_t count, IndexChoice indices, bool applied) {
  Child child([=](Line& line) {
    ChildSockets sockets(line);
    Sums sums(kDimension);
    zmq::message_t message;
    for (std::uint64_t i = 0; i < kWarmUpPaths + count; ++i) {
      receive(sockets.pull, message);
      if (applied) sums.apply(read(message, kDimension, kPairs));
      sockets.push.send(zmq::message_t(kAcknowledgement), zmq::send_flags::none);
    }
    line.hear();
  });
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  zmq::socket_t push(context, ZMQ_PUSH);
  push.connect(child.line().hear());
  bind_to_loopback(pull, child.line());
  const sparse::Vector<float> vector = update_of(kDimension, kPairs);
  zmq::message_t answer;
  const auto run = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      push.send(message_of(vector, indices), zmq::send_flags::none);
      receive(pull, answer);
    }
  };
  run(kWarmUpPaths);
  const Stopwatch watch;
  run(count);
  const double seconds = watch.seconds();
  child.line().tell("end");
  child.join();
  return time_each(count, seconds);
}

/// Updates from a child, one after the other; the queues hold as many bytes as a window of wisp's.
Figure one_way(std::uint64_t count, IndexChoice indices, std::uint32_t pairs, bool applied) {
  const int queue = static_cast<int>((8 << 20) / (4 * pairs));  // at either end
  Child child([=](Line& line) {
    const sparse::Vector<float> vector = update_of(kDimension, pairs);
    zmq::context_t context;
    zmq::socket_t push(context, ZMQ_PUSH);
    push.set(zmq::sockopt::sndhwm, queue);
    push.connect(line.hear());
    for (std::uint64_t i = 0; i < count; ++i) push.send(message_of(vector, indices), zmq::send_flags::none);
    line.hear();
  });
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  pull.set(zmq::sockopt::rcvhwm, queue);
  bind_to_loopback(pull, child.line());
  Sums sums(kDimension);
  zmq::message_t message;
  std::optional<Stopwatch> watch;
  for (std::uint64_t i = 0; i < count; ++i) {
    receive(pull, message);
    if (applied) sums.apply(read(message, kDimension, pairs));
    if (!watch) watch.emplace();
  }
  const double seconds = watch->seconds();
  child.line().tell("end");
  child.join();
  return rate(count - 1, seconds);
}

/// A model to each worker, an update from each, added in the order of the workers.
Figure rounds(std::uint64_t count, std::size_t workers) {
  const Children children(workers, [count](Line& line, std::size_t) {
    ChildSockets sockets(line);
    const sparse::Vector<float> vector = update_of(kModelDimension, kPairs);
    zmq::message_t message;
    std::vector<float> model(kModelDimension);
    for (std::uint64_t i = 0; i < kWarmUpPaths + count; ++i) {
      receive(sockets.pull, message);
      const std::size_t bytes = model.size() * sizeof(float);
      check(message.size() == kHead + bytes);
      std::memcpy(model.data(), static_cast<const std::byte*>(message.data()) + kHead, bytes);
      sockets.push.send(message_of(vector, IndexChoice::kAuto), zmq::send_flags::none);
    }
    line.hear();
  });
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  pull.bind("tcp://127.0.0.1:*");
  std::vector<zmq::socket_t> pushes;
  for (std::size_t i = 0; i < workers; ++i) {
    pushes.emplace_back(context, ZMQ_PUSH).connect(children.line(i).hear());
    children.line(i).tell(pull.get(zmq::sockopt::last_endpoint));
  }
  Sums sums(kModelDimension);
  std::vector<zmq::message_t> updates(workers);
  const auto run = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto bytes = std::as_bytes(std::span(sums.model()));
      zmq::message_t model(kHead + bytes.size());
      std::memset(model.data(), 0, kHead);
      std::memcpy(static_cast<std::byte*>(model.data()) + kHead, bytes.data(), bytes.size());
      for (zmq::socket_t& push : pushes) {
        zmq::message_t share;
        share.copy(model);
        push.send(share, zmq::send_flags::none);
      }
      for (zmq::message_t& update : updates) receive(pull, update);
      for (const zmq::message_t& update : updates) sums.apply(read(update, kModelDimension, kPairs));
    }
  };
  run(kWarmUpPaths);
  const Stopwatch watch;
  run(count);
  const double seconds = watch.seconds();
  children.end();
  return time_each(count, seconds);
}

const Cases kCases = {
    {"push-raw", [](std::uint64_t n) { return round_trips(n, IndexChoice::kRaw, true); }},
    {"push-rice", [](std::uint64_t n) { return round_trips(n, IndexChoice::kRice, true); }},
    {"push-bare", [](std::uint64_t n) { return round_trips(n, IndexChoice::kRaw, false); }},
    {"rounds-1", [](std::uint64_t n) { return rounds(n, 1); }},
    {"rounds-4", [](std::uint64_t n) { return rounds(n, 4); }},
    {"dense", [](std::uint64_t n) { return one_way(n, IndexChoice::kAuto, kDimension, true); }},
    {"dense-bare", [](std::uint64_t n) { return one_way(n, IndexChoice::kAuto, kDimension, false); }},
    {"sparse-raw", [](std::uint64_t n) { return one_way(n, IndexChoice::kRaw, kPairs, true); }},
    {"sparse-rice", [](std::uint64_t n) { return one_way(n, IndexChoice::kRice, kPairs, true); }},
    {"sparse-bare", [](std::uint64_t n) { return one_way(n, IndexChoice::kRaw, kPairs, false); }},
};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::keep_freed_memory();  // so that this is no advantage of wisp's
  return wisp::bench::run_case(argc, argv, wisp::bench::kCases);
}
