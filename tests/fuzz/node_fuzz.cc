// A node that a member of the job sends whatever it likes: it goes on, and serves the others.
#include <memory>

#include "base/simulated_clock.h"
#include "runtime/builtin.h"
#include "runtime/handle.h"
#include "runtime/node.h"
#include "tests/fuzz/targets.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::fuzz {
namespace {

using runtime::Envelope, runtime::FrameHeader, runtime::FrameKind, runtime::NodeId, runtime::test::Message;

constexpr std::uint64_t kRun = 77;
constexpr NodeId kSelf = 1;
constexpr NodeId kHostile = 2;
constexpr NodeId kLegal = 3;
constexpr std::size_t kFramesMax = 64;

class Victim : public runtime::Actor {
 public:
  using Constructor = void();
  void note(std::int32_t value) { sum_ += value; }
  std::int64_t sum() const { return sum_; }
  std::string echo(std::string text) { return text; }
  void keep(std::vector<std::string> words) { words_ = std::move(words); }
  void refuse() { throw Error("not so"); }
  runtime::Task<std::int64_t> wait() {
    const auto duration = std::chrono::milliseconds(10);
    co_await context().sleep(duration);
    co_return sum_;
  }

 private:
  std::int64_t sum_ = 0;
  std::vector<std::string> words_;
};

const runtime::Registry& registry() {
  static const auto made = [] {
    auto registry = std::make_unique<runtime::Registry>();
    registry->actor<Victim>("victim")
        .method<&Victim::note>("note")
        .method<&Victim::sum>("sum")
        .method<&Victim::echo>("echo")
        .method<&Victim::keep>("keep")
        .method<&Victim::refuse>("refuse")
        .method<&Victim::wait>("wait");
    return registry;
  }();
  return *made;
}

runtime::MethodId method(unsigned number) {
  const runtime::MethodId methods[] = {registry().id_of<&Victim::note>(),
                                       registry().id_of<&Victim::sum>(),
                                       registry().id_of<&Victim::echo>(),
                                       registry().id_of<&Victim::keep>(),
                                       registry().id_of<&Victim::refuse>(),
                                       registry().id_of<&Victim::wait>(),
                                       runtime::kKillMethod,
                                       runtime::kReadyMethod,
                                       number};
  return methods[number % std::size(methods)];
}

// What the hostile node sends, and what a legal one is answered after that.
class Attack {
 public:
  Attack() {
    runtime::NodeOptions options;
    options.id = kSelf;
    options.run = kRun;
    options.clock = &clock_;
    options.make_log = [](const std::string&) { return std::make_unique<SilentLog>(); };
    options.on_fenced = [](const std::string&) {};
    node_ = std::make_unique<runtime::Node>(std::move(options), registry(),
                                            std::make_unique<runtime::test::ScriptedTransport>(tape_));
    node_->adopt("victim", std::make_unique<Victim>());
    for (const NodeId peer : {kHostile, kLegal}) node_->add_peer(peer, runtime::Address("there", ""));
  }

  void frame(Input& input) {
    const unsigned how = input.take<std::uint8_t>();
    switch (how % 6) {
      case 0:  // anything
        return arrive(bytes_of(input.piece()), kHostile);
      case 1: {  // messages of any bytes
        std::vector<std::byte> bytes(runtime::kHeaderSize);
        runtime::write_header(bytes.data(), next(how));
        const Data messages = input.piece();
        bytes.insert(bytes.end(), messages.begin(), messages.end());
        return arrive(Bytes(std::move(bytes)), kHostile);
      }
      case 2:
      case 3: {  // messages that are some
        std::vector<Message> messages;
        for (unsigned count = 1 + how / 8 % 8; count > 0; --count) messages.push_back(message(input));
        return arrive(runtime::test::write_frame(next(how), messages), kHostile);
      }
      case 4: {  // no messages
        FrameHeader header = next(0);
        header.kind = static_cast<FrameKind>(1 + how / 8 % 3);
        header.gap = header.kind == FrameKind::kAcknowledgement && how >= 128;
        header.sequence = input.take<std::uint8_t>();
        header.acknowledged = input.take<std::uint16_t>();
        header.credit_messages = input.take<std::uint16_t>();
        header.credit_bytes = input.take<std::uint32_t>();
        return arrive(runtime::test::write_frame(header), kHostile);
      }
      default:
        clock_.advance(std::chrono::milliseconds(how));
    }
  }

  void step() {
    for (int turns = 0; node_->step(); ++turns)
      WISP_CHECK(turns < 10'000, "frames that came are an end of work");
  }

  // To an actor of its own: what came before may have ended the other.
  void expect_served() {
    const runtime::ActorId id = node_->adopt("another", std::make_unique<Victim>());
    FrameHeader header;
    header.run = kRun;
    header.source = kLegal;
    header.destination = kSelf;
    header.sequence = 1;
    Envelope envelope;
    envelope.kind = Envelope::Kind::kCall;
    envelope.receiver = id.index;
    envelope.method = registry().id_of<&Victim::echo>();
    envelope.call = 5;
    const std::string word = "still here";
    tape_.sent.clear();
    arrive(runtime::test::write_frame(
               header,
               {Message(envelope, runtime::call_detail::packed_arguments<std::tuple<std::string>>(word))}),
           kLegal);
    step();
    WISP_CHECK(answered(word), "others are served whatever one node sends");
  }

 private:
  FrameHeader next(unsigned how) {
    FrameHeader header;
    header.run = kRun;
    header.source = kHostile;
    header.destination = kSelf;
    header.sequence = how >= 240 ? sequence_ : ++sequence_;  // some of them again
    return header;
  }
  Message message(Input& input) {
    Envelope envelope;
    const unsigned how = input.take<std::uint8_t>();
    envelope.kind = static_cast<Envelope::Kind>(how % 8);
    envelope.sender = how / 64;
    envelope.receiver = input.take<std::uint8_t>() % 4;
    envelope.method = method(input.take<std::uint8_t>());
    envelope.call = input.take<std::uint8_t>();
    envelope.stream = how / 8 % 8;
    return Message(envelope, bytes_of(input.piece()));
  }
  void arrive(Bytes frame, NodeId signed_by) {
    tape_.incoming.push_back(runtime::Received{std::move(frame), signed_by});
  }
  bool answered(const std::string& word) const {
    for (const auto& [to, bytes] : tape_.sent) {
      if (to != kLegal) continue;
      for (const Message& each : runtime::test::read_frame(bytes).messages) {
        if (each.envelope.kind == Envelope::Kind::kAnswer && unpack<std::string>(each.body) == word)
          return true;
      }
    }
    return false;
  }

  SimulatedClock clock_;
  runtime::test::Tape tape_;
  std::unique_ptr<runtime::Node> node_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

void fuzz_node(Data data) {
  Attack attack;
  Input input(data);
  for (std::size_t frames = 0; !input.empty() && frames < kFramesMax; ++frames) {
    attack.frame(input);
    attack.step();
  }
  attack.expect_served();
}

}  // namespace wisp::fuzz
