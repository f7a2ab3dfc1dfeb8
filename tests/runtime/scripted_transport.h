#pragma once
// A transport whose frames a test writes and reads, in one thread; its node is stepped.
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/transport.h"
#include "tests/runtime/frames.h"

namespace wisp::runtime::test {

// What goes in and out of a ScriptedTransport.
struct Tape {
  std::deque<Received> incoming;
  std::vector<std::pair<NodeId, Bytes>> sent;
  std::vector<std::string> connections;
  std::vector<std::string> gate;  // who is let in, and no longer in
  SendResult result = SendResult::kQueued;

  // Those with messages, to whichever node.
  std::vector<Frame> data() const {
    std::vector<Frame> frames;
    for (const auto& [to, bytes] : sent) {
      Frame frame = read_frame(bytes);
      if (frame.header.kind == FrameKind::kData) frames.push_back(std::move(frame));
    }
    return frames;
  }
  std::vector<Message> messages() const {
    std::vector<Message> all;
    for (const Frame& frame : data()) all.insert(all.end(), frame.messages.begin(), frame.messages.end());
    return all;
  }
};

class ScriptedTransport : public Transport {
 public:
  explicit ScriptedTransport(Tape& tape) : tape_(tape) {}
  Address address() const override { return Address("scripted", ""); }
  void allow(NodeId peer, const std::string& public_key) override {
    tape_.gate.push_back("+" + std::to_string(peer) + " " + public_key);
  }
  void forbid(NodeId peer) override { tape_.gate.push_back("-" + std::to_string(peer)); }
  void connect(NodeId peer, const Address& address) override {
    tape_.connections.push_back("+" + std::to_string(peer) + " " + address.endpoint);
  }
  void disconnect(NodeId peer) override { tape_.connections.push_back("-" + std::to_string(peer)); }
  SendResult send(NodeId peer, const Bytes& frame) override {
    if (tape_.result == SendResult::kQueued) tape_.sent.emplace_back(peer, frame);
    return tape_.result;
  }
  std::optional<Received> receive(std::optional<std::chrono::milliseconds>) override {
    if (tape_.incoming.empty()) return std::nullopt;
    Received received = std::move(tape_.incoming.front());
    tape_.incoming.pop_front();
    return received;
  }
  void wake() override {}
  void close(std::chrono::milliseconds) override {}

 private:
  Tape& tape_;
};

}  // namespace wisp::runtime::test
