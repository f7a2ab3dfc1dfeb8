#pragma once
// Reply: where the answer to one call goes.
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "runtime/calls.h"
#include "runtime/future.h"
#include "runtime/scratch.h"
#include "runtime/transport.h"

namespace wisp::runtime {

// Belongs to one call: moved, never copied. Only the first answer counts; one that goes unanswered fails with
// kDied.
class Reply {
 public:
  Reply() = default;  // nobody waits
  // The caller is in this process.
  explicit Reply(Ref<FutureState> state) : state_(std::move(state)) {}
  // So it is, but takes the answer as packed bytes, whatever its type is here.
  static Reply packed(Ref<FutureState> state) {
    Reply reply(std::move(state));
    reply.packed_ = true;
    return reply;
  }
  // The caller is at `caller`, and knows the call by its number.
  Reply(Node& node, NodeId caller, std::uint64_t call) : node_(&node), caller_(caller), call_(call) {}
  Reply(Reply&& other) noexcept
      : state_(std::move(other.state_)),
        packed_(other.packed_),
        node_(std::exchange(other.node_, nullptr)),
        caller_(other.caller_),
        call_(other.call_) {}
  Reply& operator=(Reply&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(packed_, other.packed_);
    std::swap(node_, other.node_);
    std::swap(caller_, other.caller_);
    std::swap(call_, other.call_);
    return *this;
  }
  ~Reply() {
    if (wanted()) abandon();
  }

  bool wanted() const { return state_ || node_ != nullptr; }
  // The caller has its answer already: it has cancelled, or its deadline has passed.
  bool settled() const { return state_ && state_->ready(); }
  bool cancelled() const { return state_ && state_->cancelled(); }
  bool is(NodeId caller, std::uint64_t call) const {
    return node_ != nullptr && caller_ == caller && call_ == call;
  }
  // The caller is elsewhere and known to have cancelled.
  bool is_among(const CancelledCalls& cancelled) const {
    return node_ != nullptr && cancelled.contains(caller_, call_);
  }

  template <class T>
  void value(T&& result) {
    using Result = std::remove_cvref_t<T>;
    if (state_ && !packed_) {
      static_cast<TypedState<Result>&>(*std::exchange(state_, nullptr)).set(std::forward<T>(result));
    } else if (wanted()) {
      if constexpr (Packable<Result>) {
        ScratchPacker scratch;
        pack(scratch.packer(), result);
        send(scratch.take());
      } else {
        check_failed("Packable", __FILE__, __LINE__, "a type that can't travel was called from another node");
      }
    }
  }
  void value() {
    if (state_ && !packed_) {
      static_cast<TypedState<void>&>(*std::exchange(state_, nullptr)).set();
    } else if (wanted()) {
      send(PackedView());
    }
  }
  void fail(const Failure& failure);

  // Stands for the node itself where a caller is named.
  static constexpr NodeId kHere = ~NodeId{0};

 private:
  void send(PackedView&& packed);
  void abandon();

  Ref<FutureState> state_;
  bool packed_ = false;
  Node* node_ = nullptr;
  NodeId caller_ = 0;
  std::uint64_t call_ = 0;
};

}  // namespace wisp::runtime
