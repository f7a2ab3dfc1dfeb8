// libzmq beside wisp: PUSH/PULL sockets used directly, each case as fast as the library's plain interface
// allows.
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "bench/runtime/measure.h"

namespace wisp::bench {
namespace {

constexpr std::uint64_t kWarmUp = 1000;
constexpr std::size_t kLarge = 1 << 20;
constexpr std::uint64_t kBatch = 128;  // items of a batched message
constexpr std::uint32_t kDimension = 1'000'000;

void bind_to_loopback(zmq::socket_t& pull, Line& line) {
  pull.bind("tcp://127.0.0.1:*");
  line.tell(pull.get(zmq::sockopt::last_endpoint));
}

void check(bool well) {
  if (!well) throw std::runtime_error("a message came otherwise than it was sent");
}

/// What is left of `count` messages once the clock has been started by the arrival of the first, as in
/// libzmq's own local_thr.
template <class Receive>
double time_after_first(std::uint64_t count, const Receive& receive) {
  receive();
  const Stopwatch watch;
  for (std::uint64_t i = 1; i < count; ++i) receive();
  return watch.seconds();
}

void send_small(zmq::socket_t& push, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    zmq::message_t message(kSmall);
    std::memset(message.data(), 0, kSmall);
    push.send(message, zmq::send_flags::none);
  }
}

/// Threads of one process, each with a PUSH socket, and one PULL socket.
Figure local(std::uint64_t count, std::uint64_t senders) {
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  pull.bind("inproc://local");
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < senders; ++i) {
    threads.emplace_back([&context, each = count / senders] {
      zmq::socket_t push(context, ZMQ_PUSH);
      push.connect("inproc://local");
      send_small(push, each);
    });
  }
  const std::uint64_t whole = count / senders * senders;
  zmq::message_t message;
  const double seconds = time_after_first(whole, [&] { check(pull.recv(message).value_or(0) == kSmall); });
  for (auto& each : threads) each.join();
  return rate(whole - 1, seconds);
}

/// A child runs `send` on a PUSH socket; the time is taken where `receive` runs on the PULL socket.
template <class Send, class Receive>
double one_way(std::uint64_t count, const Send& send, const Receive& receive) {
  Child child([&](Line& line) {
    zmq::context_t context;
    zmq::socket_t push(context, ZMQ_PUSH);
    push.connect(line.hear());
    send(push);
  });
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  bind_to_loopback(pull, child.line());
  const double seconds = time_after_first(count, [&] { receive(pull); });
  child.join();
  return seconds;
}

/// remote_thr and local_thr of libzmq: a message is made and sent, one after the other, options as they are.
Figure tcp_one_way(std::uint64_t count) {
  zmq::message_t message;
  const double seconds = one_way(
      count, [&](zmq::socket_t& push) { send_small(push, count); },
      [&](zmq::socket_t& pull) { check(pull.recv(message).value_or(0) == kSmall); });
  return rate(count - 1, seconds);
}

/// A pair of PUSH and PULL each way; both processes block in the receiving.
Figure tcp_call(std::uint64_t count) {
  Child child([&](Line& line) {
    zmq::context_t context;
    zmq::socket_t pull(context, ZMQ_PULL);
    zmq::socket_t push(context, ZMQ_PUSH);
    push.connect(line.hear());
    bind_to_loopback(pull, line);
    zmq::message_t message;
    for (std::uint64_t i = 0; i < kWarmUp + count; ++i) {
      check(pull.recv(message).value_or(0) == kSmall);
      push.send(message, zmq::send_flags::none);
    }
  });
  zmq::context_t context;
  zmq::socket_t pull(context, ZMQ_PULL);
  zmq::socket_t push(context, ZMQ_PUSH);
  bind_to_loopback(pull, child.line());
  push.connect(child.line().hear());
  zmq::message_t message;
  const auto round_trips = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      send_small(push, 1);
      check(pull.recv(message).value_or(0) == kSmall);
    }
  };
  round_trips(kWarmUp);
  const Stopwatch watch;
  round_trips(count);
  const double seconds = watch.seconds();
  child.join();
  return time_each(count, seconds);
}

/// Buffers that travel without a copy: each is taken by the sender, and given back by libzmq once it has been
/// sent.
class Recycled {
 public:
  Recycled() {
    for (auto& each : buffers_) {
      each = std::make_unique<std::vector<char>>(kLarge, 'x');
      free_.push_back(each.get());
    }
  }

  /// Waits for a buffer that is free. The message gives it back.
  zmq::message_t take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !free_.empty(); });
    std::vector<char>* const buffer = free_.back();
    free_.pop_back();
    return zmq::message_t(buffer->data(), kLarge, give_back, new Loan{this, buffer});
  }

  /// All are back: libzmq refers to none of them any more.
  void await_all() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_.size() == kBuffers; });
  }

 private:
  static constexpr std::size_t kBuffers = 16;
  struct Loan {
    Recycled* from;
    std::vector<char>* buffer;
  };

  static void give_back(void*, void* hint) {
    const std::unique_ptr<Loan> loan(static_cast<Loan*>(hint));
    std::lock_guard lock(loan->from->mutex_);
    loan->from->free_.push_back(loan->buffer);
    loan->from->freed_.notify_one();
  }

  std::unique_ptr<std::vector<char>> buffers_[kBuffers];
  std::vector<std::vector<char>*> free_;
  std::mutex mutex_;
  std::condition_variable freed_;
};

Figure tcp_large(std::uint64_t count) {
  const auto send = [&](zmq::socket_t& push) {
    Recycled buffers;
    for (std::uint64_t i = 0; i < count; ++i) {
      zmq::message_t message = buffers.take();
      push.send(message, zmq::send_flags::none);
    }
    buffers.await_all();
  };
  zmq::message_t message;
  const double seconds =
      one_way(count, send, [&](zmq::socket_t& pull) { check(pull.recv(message).value_or(0) == kLarge); });
  return throughput((count - 1) * kLarge, seconds);
}

/// One entry of a sparse vector, and nothing else.
struct BareUpdate {
  std::uint32_t index;
  float value;
};

/// The same in the size of a small message: the room that an actor's message takes for who, to whom, and
/// what.
struct Update : BareUpdate {
  char rest[kSmall - sizeof(BareUpdate)];
};
static_assert(sizeof(BareUpdate) == 8 && sizeof(Update) == kSmall);

/// Updates of one entry, `kBatch` of them a message; the receiver adds each to its vector.
template <class Item>
Figure tcp_batched_updates(std::uint64_t count) {
  const std::uint64_t messages = count / kBatch + 1;
  const auto send = [&](zmq::socket_t& push) {
    std::uint32_t index = 0;
    for (std::uint64_t i = 0; i < messages; ++i) {
      zmq::message_t message(kBatch * sizeof(Item));
      Item* const items = static_cast<Item*>(message.data());
      for (std::uint64_t k = 0; k < kBatch; ++k) {
        items[k] = {};
        items[k].index = index;
        items[k].value = 1.0F;
        index = (index + 7919) % kDimension;  // a prime: it comes to all of them
      }
      push.send(message, zmq::send_flags::none);
    }
  };
  std::vector<float> sum(kDimension);
  zmq::message_t message;
  const auto receive = [&](zmq::socket_t& pull) {
    check(pull.recv(message).value_or(0) == kBatch * sizeof(Item));
    const Item* const items = static_cast<const Item*>(message.data());
    for (std::uint64_t k = 0; k < kBatch; ++k) {
      check(items[k].index < kDimension);
      sum[items[k].index] += items[k].value;
    }
  };
  const double seconds = one_way(messages, send, receive);
  return rate((messages - 1) * kBatch, seconds);
}

const Cases kCases = {{"local-1-1", [](std::uint64_t count) { return local(count, 1); }},
                      {"local-4-1", [](std::uint64_t count) { return local(count, 4); }},
                      {"tcp-one-way", tcp_one_way},
                      {"tcp-call", tcp_call},
                      {"tcp-large", tcp_large},
                      {"tcp-updates", tcp_batched_updates<Update>},
                      {"tcp-updates-bare", tcp_batched_updates<BareUpdate>}};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) { return wisp::bench::run_case(argc, argv, wisp::bench::kCases); }
