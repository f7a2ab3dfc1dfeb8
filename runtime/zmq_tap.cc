#include "runtime/zmq_tap.h"

#include <utility>

#include <zmq.hpp>

#include "base/error.h"

namespace wisp::runtime {
namespace {

constexpr int kLingerMs = 1000;

class ZmqTap : public Tap {
 public:
  ZmqTap(std::shared_ptr<ZmqContext> context, const std::string& endpoint, const TapLimits& limits)
      : context_(std::move(context)) {
    context_->enter();
    try {
      push_ = zmq::socket_t(context_->handle(), zmq::socket_type::push);
      push_.set(zmq::sockopt::linger, kLingerMs);
      push_.set(zmq::sockopt::ipv6, true);
      push_.set(zmq::sockopt::immediate, true);  // nothing is queued for who is not there
      push_.set(zmq::sockopt::sndhwm, static_cast<int>(limits.queue_max));
      push_.set(zmq::sockopt::reconnect_ivl, 50);
      push_.connect(endpoint);
      zmq::pollitem_t item{push_.handle(), 0, ZMQ_POLLOUT, 0};
      zmq::poll(&item, 1, limits.first_wait);
    } catch (const zmq::error_t& error) {
      close();
      throw Error("cannot copy updates to " + endpoint + ": " + error.what(), Fault::kHost);
    }
  }
  ~ZmqTap() override { close(); }

  bool is_read() const override { return (push_.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0; }

  bool offer(std::span<const std::byte> record) override {
    try {
      return push_.send(zmq::buffer(record.data(), record.size()), zmq::send_flags::dontwait).has_value();
    } catch (const zmq::error_t&) {  // a signal, or the end: one that was not taken
      return false;
    }
  }

 private:
  void close() {
    push_.close();
    context_->leave();
  }

  const std::shared_ptr<ZmqContext> context_;
  zmq::socket_t push_;
};

}  // namespace

std::unique_ptr<Tap> open_zmq_tap(std::shared_ptr<ZmqContext> context, const std::string& endpoint,
                                  const TapLimits& limits) {
  return std::make_unique<ZmqTap>(std::move(context), check_tap(endpoint), limits);
}

}  // namespace wisp::runtime
