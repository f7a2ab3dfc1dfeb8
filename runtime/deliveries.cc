#include "runtime/deliveries.h"

#include <algorithm>

namespace wisp::runtime {

bool Deliveries::send(std::uint32_t sender, const std::string& name, ActorId known, MethodId method,
                      Bytes body, Ref<FutureState> call) {
  std::lock_guard lock(mutex_);
  const auto [at, fresh] = targets_.try_emplace(name);
  Target& target = at->second;
  if (fresh) target.id = known;
  Stream& stream = target.streams[sender];
  if (stream.kept.size() >= kStreamMax) return false;
  const bool is_call = static_cast<bool>(call);
  stream.kept.push_back(Message{method, std::move(body), std::move(call), is_call});
  pump(target, sender, stream);
  return true;
}

// Those that were sent to the present incarnation and may still wait in its mailbox.
std::uint32_t Deliveries::out(const Stream& stream) {
  std::uint32_t out = 0;
  for (std::uint64_t number = std::max(stream.first, stream.applied + 1); number < stream.next_out;
       ++number) {
    const Message& message = stream.kept[number - stream.first];
    if (!message.is_call || (message.call && !message.call->ready())) ++out;
  }
  return out;
}

void Deliveries::pump(Target& target, std::uint32_t sender, Stream& stream) {
  if (target.lost) return;
  for (std::uint32_t is_out = out(stream); is_out < window_; ++is_out) {
    if (stream.next_out == stream.first + stream.kept.size()) return;
    const Message& message = stream.kept[stream.next_out - stream.first];
    send_(Outgoing{target.id, sender, message.method, stream.next_out, message.body, message.call});
    ++stream.next_out;
  }
}

void Deliveries::acknowledge(std::uint32_t sender, const std::string& name, std::uint64_t applied,
                             std::uint64_t durable) {
  std::lock_guard lock(mutex_);
  const auto target = targets_.find(name);
  if (target == targets_.end()) return;
  const auto found = target->second.streams.find(sender);
  if (found == target->second.streams.end()) return;
  Stream& stream = found->second;
  stream.applied = std::max(stream.applied, std::min(applied, stream.next_out - 1));
  stream.durable = std::max(stream.durable, std::min(durable, stream.next_out - 1));
  settle(stream);
  pump(target->second, sender, stream);
}

// Forgets what is durable and needs no answer any more.
void Deliveries::settle(Stream& stream) {
  while (stream.applied + 1 < stream.next_out && stream.applied + 1 >= stream.first) {
    const Message& next = stream.kept[stream.applied + 1 - stream.first];
    if (!next.is_call || !next.call->ready()) break;
    ++stream.applied;  // an answer says that it was taken in
  }
  while (!stream.kept.empty() && stream.first <= stream.durable) {
    const Message& oldest = stream.kept.front();
    if (oldest.is_call && !oldest.call->ready()) return;  // its answer is on its way
    stream.kept.pop_front();
    ++stream.first;
  }
}

void Deliveries::answered() {
  std::lock_guard lock(mutex_);
  for (auto& [name, target] : targets_) {
    for (auto& [sender, stream] : target.streams) {
      settle(stream);
      pump(target, sender, stream);
    }
  }
}

void Deliveries::lose(NodeId node) {
  std::lock_guard lock(mutex_);
  for (auto& [name, target] : targets_) {
    if (target.id.node == node) target.lost = true;
  }
}

void Deliveries::move(const std::string& name, ActorId id) {
  std::lock_guard lock(mutex_);
  Target& target = targets_[name];
  if (target.id == id && !target.lost) return;
  target.id = id;
  target.lost = false;
  for (auto& [sender, stream] : target.streams) {
    // What is durable had its effect; who still waits for its answer learns that it is lost.
    while (!stream.kept.empty() && stream.first <= stream.durable) {
      if (const Ref<FutureState>& call = stream.kept.front().call; call && !call->ready()) {
        call->fail(Failure(Failure::Kind::kApplied, name,
                           "the call took effect, and its answer was lost by a restart"));
      }
      stream.kept.pop_front();
      ++stream.first;
    }
    stream.next_out = stream.first;
    stream.applied = stream.first - 1;
    pump(target, sender, stream);
  }
}

void Deliveries::end(const std::string& name, const std::string& cause) {
  std::map<std::uint32_t, Stream> streams;
  {
    std::lock_guard lock(mutex_);
    const auto target = targets_.find(name);
    if (target == targets_.end()) return;
    streams.swap(target->second.streams);
    targets_.erase(target);
  }
  for (auto& [sender, stream] : streams) {
    for (Message& each : stream.kept) {
      if (each.call) each.call->fail(Failure(Failure::Kind::kDied, name, cause));
    }
  }
}

void Deliveries::end_all(const std::string& cause) {
  std::vector<std::string> names;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, target] : targets_) names.push_back(name);
  }
  for (const std::string& name : names) end(name, cause);
}

void Deliveries::drop_sender(std::uint32_t sender) {
  std::lock_guard lock(mutex_);
  for (auto& [name, target] : targets_) target.streams.erase(sender);
}

std::size_t Deliveries::kept() const {
  std::lock_guard lock(mutex_);
  std::size_t kept = 0;
  for (const auto& [name, target] : targets_) {
    for (const auto& [sender, stream] : target.streams) kept += stream.kept.size();
  }
  return kept;
}

}  // namespace wisp::runtime
