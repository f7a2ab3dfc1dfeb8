#include "runtime/zap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/error.h"
#include "runtime/zmq_transport.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;

std::string raw(const std::string& z85) {
  std::string key(32, '\0');
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()), z85.c_str());
  return key;
}

class ZapGateTest : public testing::Test {
 protected:
  ZapGateTest()
      : gate_(std::make_unique<ZapGate>(context_.handle(),
                                        std::map<NodeId, std::string>{{7, known_.public_key}})) {}
  ~ZapGateTest() override {
    context_.shutdown();
    gate_.reset();
  }

  // The gate's answer to a request of these parts.
  std::vector<std::string> ask(const std::vector<std::string>& parts) {
    zmq::socket_t socket(context_, zmq::socket_type::req);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, 30'000);
    socket.connect("inproc://zeromq.zap.01");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      socket.send(zmq::buffer(parts[i]),
                  i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    std::vector<std::string> answer;
    zmq::message_t part;
    do {
      if (!socket.recv(part)) throw Error("the gate is silent");
      answer.push_back(part.to_string());
    } while (part.more());
    return answer;
  }
  std::vector<std::string> knock(const std::string& public_key,
                                 const std::string& domain = ZapGate::kDomain) {
    return ask({"1.0", "id-5", domain, "127.0.0.1", "", "CURVE", raw(public_key)});
  }

  const CurveKeys known_ = CurveKeys::make();
  const CurveKeys stranger_ = CurveKeys::make();
  zmq::context_t context_;
  std::unique_ptr<ZapGate> gate_;
};

TEST_F(ZapGateTest, lets_a_node_of_the_run_in_under_its_number) {
  EXPECT_THAT(knock(known_.public_key), ElementsAre("1.0", "id-5", "200", "", "7", ""));
}

TEST_F(ZapGateTest, turns_others_away) {
  EXPECT_THAT(knock(stranger_.public_key),
              ElementsAre("1.0", "id-5", "300", "not a node of this run", "", ""));
  EXPECT_EQ(knock(known_.public_key, "elsewhere")[2], "300");
  EXPECT_EQ(ask({"1.0", "id", ZapGate::kDomain, "127.0.0.1", "", "PLAIN", raw(known_.public_key)})[2], "300");
  EXPECT_EQ(ask({"1.0", "id", ZapGate::kDomain, "127.0.0.1", "", "NULL"})[2], "300");
  EXPECT_EQ(ask({"1.0"})[2], "300");
  EXPECT_EQ(knock(known_.public_key)[2], "200");  // still there
}

TEST_F(ZapGateTest, learns_of_nodes_that_come_later) {
  gate_->allow(8, stranger_.public_key);
  EXPECT_EQ(knock(stranger_.public_key)[4], "8");
}

TEST_F(ZapGateTest, forgets_the_key_of_a_node_that_is_gone) {
  gate_->allow(8, stranger_.public_key);
  gate_->forbid(7);
  EXPECT_EQ(knock(known_.public_key)[2], "300");
  EXPECT_EQ(knock(stranger_.public_key)[4], "8");
  gate_->forbid(7);  // said twice
  gate_->allow(9, known_.public_key);
  EXPECT_EQ(knock(known_.public_key)[4], "9");
}

TEST_F(ZapGateTest, knows_one_key_of_each_node) {
  gate_->allow(7, known_.public_key);  // again
  EXPECT_EQ(knock(known_.public_key)[4], "7");
  gate_->allow(7, stranger_.public_key);
  EXPECT_EQ(knock(stranger_.public_key)[4], "7");
  EXPECT_EQ(knock(known_.public_key)[2], "300");
}

TEST_F(ZapGateTest, refuses_what_is_no_key) {
  for (const std::string& text :
       {std::string(), std::string("short"), std::string(40, '"'), known_.public_key + "x"}) {
    EXPECT_THROW(gate_->allow(9, text), Error) << text;
  }
}

}  // namespace
}  // namespace wisp::runtime
