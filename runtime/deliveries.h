#pragma once
// Deliveries: messages to saving actors, kept by the node that sends them until they are durable.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "runtime/call.h"
#include "runtime/future.h"
#include "runtime/wire.h"

namespace wisp::runtime {

// A saving actor is known by its name: it keeps it across restarts, while its id changes. A stream is the
// messages of one actor to one name, numbered 1, 2, ...; each is sent, and sent again to the next
// incarnation, until the actor has said that it is durable. So many at most are out unanswered, also after a
// restart. Any thread.
class Deliveries {
 public:
  // What leaves. `call` is null for a tell. Called under the lock: in the order of the numbers.
  struct Outgoing {
    ActorId target;
    std::uint32_t sender = 0;
    MethodId method = 0;
    std::uint64_t number = 0;
    const Bytes& body;
    const Ref<FutureState>& call;
  };
  using Send = std::function<void(const Outgoing& outgoing)>;

  // `window`: messages of a stream that may be out without an answer or, tells, without being taken in.
  Deliveries(std::uint32_t window, Send send) : window_(window), send_(std::move(send)) {}

  // `known` is the id that the sender knows; a later one counts more. False: so many messages of the stream
  // wait that this one was not taken (kStreamMax).
  bool send(std::uint32_t sender, const std::string& name, ActorId known, MethodId method, Bytes body,
            Ref<FutureState> call);
  // The actor has taken in all up to `applied`, and saved all up to `durable`.
  void acknowledge(std::uint32_t sender, const std::string& name, std::uint64_t applied,
                   std::uint64_t durable);
  // A call of a stream has its answer.
  void answered();
  // The node of the actor is gone: what is out waits for the next incarnation.
  void lose(NodeId node);
  // The name has a new incarnation: what is not durable is sent to it.
  void move(const std::string& name, ActorId id);
  // There will be no other incarnation: calls that wait fail with `cause`.
  void end(const std::string& name, const std::string& cause);
  void end_all(const std::string& cause);
  // The sender has ended: nobody vouches for what it sent.
  void drop_sender(std::uint32_t sender);
  std::size_t kept() const;

  static constexpr std::size_t kStreamMax = 65'536;  // messages

 private:
  struct Message {
    MethodId method = 0;
    Bytes body;
    Ref<FutureState> call;
    bool is_call = false;
  };
  struct Stream {
    std::deque<Message> kept;  // the first has number `first`
    std::uint64_t first = 1;
    std::uint64_t next_out = 1;  // the next to be sent
    std::uint64_t applied = 0;
    std::uint64_t durable = 0;
  };
  struct Target {
    ActorId id;
    bool lost = false;
    std::map<std::uint32_t, Stream> streams;  // by sender
  };
  void pump(Target& target, std::uint32_t sender, Stream& stream);
  static void settle(Stream& stream);
  static std::uint32_t out(const Stream& stream);

  const std::uint32_t window_;
  const Send send_;
  mutable std::mutex mutex_;
  std::map<std::string, Target> targets_;
};

}  // namespace wisp::runtime
