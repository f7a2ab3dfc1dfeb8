#include "runtime/zmq_curve.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/error.h"
#include "runtime/zap.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(CurveKeys, are_nobody_elses) {
  const CurveKeys one = CurveKeys::make();
  const CurveKeys other = CurveKeys::make();
  EXPECT_EQ(one.public_key.size(), 40u);
  EXPECT_EQ(one.secret_key.size(), 40u);
  EXPECT_NE(one.secret_key, other.secret_key);
  EXPECT_NE(one.public_key, one.secret_key);
}

// What stands where the gatekeeper should: answers each request with `status`, or takes it and says nothing.
class Impostor {
 public:
  Impostor(zmq::context_t& context, std::string status) : socket_(context, zmq::socket_type::rep) {
    socket_.bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this, answer = std::move(status)] {
      try {
        while (receive_and(answer)) {
        }
      } catch (const zmq::error_t&) {  // the context ends
      }
      socket_.close();
    });
  }
  ~Impostor() { thread_.join(); }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

 private:
  bool receive_and(const std::string& answer) {
    std::vector<std::string> request;
    zmq::message_t part;
    do {
      if (!socket_.recv(part)) return false;
      request.push_back(part.to_string());
    } while (part.more());
    if (answer.empty()) return true;
    const std::vector<std::string> parts = {"1.0", request[1], answer, "", answer == "200" ? "1" : "", ""};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      socket_.send(zmq::buffer(parts[i]),
                   i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    return true;
  }

  zmq::socket_t socket_;
  std::thread thread_;
};

class SelfTest : public testing::Test {
 protected:
  ~SelfTest() override {
    context_.shutdown();  // ends who waits for requests
    keeper_.reset();
  }
  // What it throws, or nothing.
  std::string complaint(milliseconds deadline = milliseconds(30'000)) {
    try {
      require_strangers_to_be_refused(context_, keys_, deadline);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kHost);
      return error.what();
    }
    return "";
  }

  const CurveKeys keys_ = CurveKeys::make();
  zmq::context_t context_;
  std::shared_ptr<void> keeper_;  // of the gate
};

TEST_F(SelfTest, is_passed_by_the_gatekeeper_again_and_again) {
  keeper_ = std::make_shared<ZapGate>(context_.handle(), std::map<NodeId, std::string>{});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(complaint(), "");
}

TEST_F(SelfTest, finds_a_gatekeeper_that_lets_everybody_in) {
  keeper_ = std::make_shared<Impostor>(context_, "200");
  EXPECT_THAT(complaint(), StartsWith("refusing to listen: a key that nobody knows was let in when"));
}

TEST_F(SelfTest, finds_a_gatekeeper_that_sleeps) {
  keeper_ = std::make_shared<Impostor>(context_, "");
  EXPECT_THAT(complaint(milliseconds(200)), HasSubstr("a key that nobody knows got no answer when"));
}

TEST_F(SelfTest, finds_that_there_is_no_gatekeeper) {
  EXPECT_THAT(complaint(milliseconds(200)), StartsWith("refusing to listen: a key that nobody knows"));
}

}  // namespace
}  // namespace wisp::runtime
