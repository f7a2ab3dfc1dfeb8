#include "runtime/simulated_transport.h"

#include <algorithm>

#include "base/check.h"
#include "base/error.h"

namespace wisp::runtime {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kNever = nanoseconds::max();
constexpr char kScheme[] = "simulated://";
constexpr char kControl[] = "/control";

std::size_t index_of(NodeId node, Channel channel) {
  return 2 * std::size_t{node} + static_cast<std::size_t>(channel);
}

}  // namespace

// From one node to another; stays for as long as the network does.
struct SimulatedNetwork::Route {
  Route(Port& sender, Port& receiver) : from(sender), to(receiver) {}
  Port& from;
  Port& to;
  std::size_t under_way = 0;  // frames, up to when the receiver takes them in
  nanoseconds free_at{0};     // when the last frame has left, by the bandwidth
  nanoseconds last_arrival{0};
};

// Where a channel of a node is, was or will be.
class SimulatedNetwork::Port {
 public:
  struct Mail {
    Route* route;
    Bytes frame;
  };

  Port(NodeId its_node, Channel its_channel) : node(its_node), channel(its_channel) {}
  Route& route_to(Port& peer) {
    const auto found = std::ranges::find_if(routes, [&](const auto& each) { return &each->to == &peer; });
    if (found != routes.end()) return **found;
    return *routes.emplace_back(std::make_unique<Route>(*this, peer));
  }

  const NodeId node;
  const Channel channel;
  std::uint32_t host = 0;
  bool attached = false;
  bool gone = false;
  bool holds = false;
  std::deque<Mail> inbox;
  std::vector<Mail> held;
  std::vector<std::unique_ptr<Route>> routes;
  std::map<NodeId, Route*> peers;  // by the number that the node knows them by
};

class SimulatedTransport : public Transport {
 public:
  using Port = SimulatedNetwork::Port;
  SimulatedTransport(SimulatedNetwork& network, Port& port) : network_(network), port_(port) {}
  ~SimulatedTransport() override { SimulatedNetwork::close(port_); }

  Address address() const override { return SimulatedNetwork::address(port_.node); }

  void connect(NodeId peer, const Address& address) override {
    const std::string& endpoint = address.on(port_.channel);
    if (!endpoint.starts_with(kScheme)) throw Error("a simulated network has no endpoint '" + endpoint + "'");
    const auto where = static_cast<NodeId>(std::stoul(endpoint.substr(sizeof(kScheme) - 1)));
    port_.peers[peer] = &port_.route_to(network_.port(where, port_.channel));
  }
  void disconnect(NodeId peer) override { port_.peers.erase(peer); }

  SendResult send(NodeId peer, const Bytes& frame) override {
    const auto known = port_.peers.find(peer);
    return known == port_.peers.end() ? SendResult::kUnknown : network_.send(*known->second, frame);
  }

  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override {
    const nanoseconds end = wait ? network_.clock_.steady() + *wait : kNever;
    for (;;) {
      const bool woken = woken_.exchange(false, std::memory_order_acquire);
      if (!port_.inbox.empty()) return take();
      if (woken || network_.clock_.steady() >= end) return std::nullopt;
      pass_time(end);
    }
  }
  void wake() override {
    woken_.store(true, std::memory_order_release);
    woken_.notify_one();
  }
  void close(std::chrono::milliseconds) override { SimulatedNetwork::close(port_); }

 private:
  Received take() {
    Port::Mail mail = std::move(port_.inbox.front());
    port_.inbox.pop_front();
    --mail.route->under_way;
    return Received{std::move(mail.frame), mail.route->from.node};
  }
  void pass_time(nanoseconds end) {
    const auto next = network_.next_arrival();
    if (next && *next <= end) {
      network_.clock_.advance_to(*next);
      network_.deliver();
    } else if (end == kNever) {
      woken_.wait(false, std::memory_order_acquire);
    } else {
      network_.clock_.advance_to(end);
    }
  }

  SimulatedNetwork& network_;
  Port& port_;
  std::atomic<bool> woken_{false};
};

SimulatedNetwork::SimulatedNetwork(std::uint64_t seed, SimulatedClock& clock, const NetworkModel& model)
    : clock_(clock), model_(model), rng_(seed, 0, 0, Purpose::kNetwork) {
  (void)host_number("");
}

SimulatedNetwork::~SimulatedNetwork() = default;

Address SimulatedNetwork::address(NodeId node) {
  const std::string endpoint = kScheme + std::to_string(node);
  return Address(endpoint, "", endpoint + kControl);
}

SimulatedNetwork::Port& SimulatedNetwork::port(NodeId node, Channel channel) {
  WISP_CHECK(node < kNodesMax, "a simulated network has numbers for 65,536 nodes");
  const std::size_t index = index_of(node, channel);
  if (index >= ports_.size()) ports_.resize(index + 1);
  if (ports_[index] == nullptr) ports_[index] = std::make_unique<Port>(node, channel);
  return *ports_[index];
}

std::uint32_t SimulatedNetwork::host_number(const std::string& host) {
  return hosts_.try_emplace(host, static_cast<std::uint32_t>(hosts_.size())).first->second;
}

std::unique_ptr<Transport> SimulatedNetwork::attach(NodeId self, Channel channel, const std::string& host) {
  Port& own = port(self, channel);
  WISP_CHECK(!own.attached, "a node's number is never given again");
  own.attached = true;
  own.host = host_number(host);
  return std::make_unique<SimulatedTransport>(*this, own);
}

void SimulatedNetwork::cut(NodeId a, NodeId b, nanoseconds from, nanoseconds until) {
  add_cut(Cut{false, a, b, from, until});
}

void SimulatedNetwork::cut(const std::string& host_a, const std::string& host_b, nanoseconds from,
                           nanoseconds until) {
  add_cut(Cut{true, host_number(host_a), host_number(host_b), from, until});
}

void SimulatedNetwork::add_cut(const Cut& cut) {
  std::erase_if(cuts_, [now = clock_.steady()](const Cut& each) { return each.until <= now; });
  cuts_.push_back(cut);
}

bool SimulatedNetwork::is_cut(const Route& route) const {
  const nanoseconds now = clock_.steady();
  return std::ranges::any_of(cuts_, [&](const Cut& cut) {
    if (now < cut.from || now >= cut.until) return false;
    const std::uint32_t from = cut.of_hosts ? route.from.host : route.from.node;
    const std::uint32_t to = cut.of_hosts ? route.to.host : route.to.node;
    return (from == cut.a && to == cut.b) || (from == cut.b && to == cut.a);
  });
}

void SimulatedNetwork::disturb(NodeId node, const Disturbance& disturbance) {
  disturbances_.try_emplace(node, clock_).first->second.add(disturbance);
}

Disturbances::Effect SimulatedNetwork::disturbed(const Route& route) {
  Disturbances::Effect both;
  for (const auto& [node, peer] :
       {std::pair(route.from.node, route.to.node), {route.to.node, route.from.node}}) {
    const auto found = disturbances_.find(node);
    if (found == disturbances_.end()) continue;
    const Disturbances::Effect each = found->second.on(peer);
    both.drop = 1 - (1 - both.drop) * (1 - each.drop);
    both.delay += each.delay;
    both.cut = both.cut || each.cut;
  }
  return both;
}

std::optional<nanoseconds> SimulatedNetwork::next_arrival() const {
  if (arrivals_.empty()) return std::nullopt;
  return arrivals_.front().at;
}

std::size_t SimulatedNetwork::deliver() {
  const nanoseconds now = clock_.steady();
  std::size_t count = 0;
  for (; !arrivals_.empty() && arrivals_.front().at <= now; ++count) {
    std::pop_heap(arrivals_.begin(), arrivals_.end(), later);
    Arrival arrival = std::move(arrivals_.back());
    arrivals_.pop_back();
    if (arrival.departs) {
      depart(*arrival.route, arrival.frame);
    } else {
      arrive(*arrival.route, std::move(arrival.frame));
    }
  }
  return count;
}

void SimulatedNetwork::arrive(Route& route, Bytes frame) {
  if (route.to.gone) {
    --route.under_way;
    return tell(FrameFate::kMissed, route, frame);
  }
  tell(FrameFate::kArrived, route, frame);
  route.to.inbox.push_back(Port::Mail{&route, std::move(frame)});
}

bool SimulatedNetwork::has_mail(NodeId node, Channel channel) const {
  const std::size_t index = index_of(node, channel);
  return index < ports_.size() && ports_[index] != nullptr && !ports_[index]->inbox.empty();
}

void SimulatedNetwork::remove(NodeId node) {
  close(port(node, Channel::kData));
  close(port(node, Channel::kControl));
}

void SimulatedNetwork::close(Port& port) {
  port.gone = true;
  for (const Port::Mail& each : port.inbox) --each.route->under_way;
  port.inbox.clear();
  port.held.clear();
  port.peers.clear();
}

void SimulatedNetwork::hold(NodeId node) { port(node, Channel::kData).holds = true; }

void SimulatedNetwork::release(NodeId node, nanoseconds departure) {
  Port& own = port(node, Channel::kData);
  own.holds = false;
  for (Port::Mail& each : std::exchange(own.held, {})) {
    if (departure > clock_.steady()) {
      push(Arrival{departure, number_++, each.route, true, std::move(each.frame)});
    } else {
      depart(*each.route, each.frame);
    }
  }
}

SendResult SimulatedNetwork::send(Route& route, const Bytes& frame) {
  if (route.under_way >= model_.queue_max || chance(faults_.full)) return SendResult::kFull;
  if (route.from.holds) {
    route.from.held.push_back(Port::Mail{&route, frame});
  } else {
    depart(route, frame);
  }
  return SendResult::kQueued;
}

void SimulatedNetwork::depart(Route& route, const Bytes& frame) {
  if (route.from.gone) return;
  tell(FrameFate::kSent, route, frame);
  if (!cuts_.empty() && is_cut(route)) return tell(FrameFate::kCut, route, frame);
  const Disturbances::Effect effect = disturbances_.empty() ? Disturbances::Effect() : disturbed(route);
  if (effect.cut) return tell(FrameFate::kCut, route, frame);
  if (chance(effect.drop)) return tell(FrameFate::kDropped, route, frame);
  const bool twice = chance(faults_.duplicate);
  if (chance(faults_.drop)) {
    tell(FrameFate::kDropped, route, frame);
  } else {
    travel(route, frame, effect.delay);
  }
  if (!twice) return;
  tell(FrameFate::kDuplicated, route, frame);
  travel(route, frame, effect.delay);
}

void SimulatedNetwork::travel(Route& route, const Bytes& frame, nanoseconds delay) {
  ++route.under_way;
  push(Arrival{arrival(route, frame.size(), delay), number_++, &route, false, frame});
}

void SimulatedNetwork::push(Arrival arrival) {
  arrivals_.push_back(std::move(arrival));
  std::push_heap(arrivals_.begin(), arrivals_.end(), later);
}

nanoseconds SimulatedNetwork::arrival(Route& route, std::size_t size, nanoseconds delay) {
  nanoseconds at = clock_.steady();
  if (model_.bytes_per_second > 0) {
    const double seconds = static_cast<double>(size) / model_.bytes_per_second;
    at = std::max(at, route.free_at) + nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    route.free_at = at;
  }
  at += model_.latency.draw(rng_) + delay;
  if (chance(faults_.delay)) at += Delay::uniform(nanoseconds(0), faults_.delay_most).draw(rng_);
  if (!faults_.reorder) at = std::max(at, route.last_arrival);
  route.last_arrival = std::max(at, route.last_arrival);
  return at;
}

void SimulatedNetwork::tell(FrameFate fate, const Route& route, const Bytes& frame) {
  if (observer_ != nullptr)
    observer_->on_frame(fate, route.from.channel, route.from.node, route.to.node, frame);
}

}  // namespace wisp::runtime
