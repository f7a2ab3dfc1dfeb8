#pragma once
// ScratchPacker: packs a message where one was packed before, so that packing allocates nothing.
#include <utility>

#include "base/pack.h"

namespace wisp::runtime {

// A packed body: a head, and a large blob behind it, which is empty if there is none.
struct PackedView {
  std::span<const std::byte> head;
  Bytes tail;
  // Both, as one copy.
  Bytes whole() const;
};

// The same to keep: the head is copied, the tail shared.
class PackedBody {
 public:
  PackedBody() = default;
  explicit PackedBody(const PackedView& packed) : head_(Bytes::copy(packed.head)), tail_(packed.tail) {}
  PackedView view() const { return {head_.span(), tail_}; }

 private:
  Bytes head_;
  Bytes tail_;
};

// One at a time in a thread, for as long as it takes to hand what was packed to a link.
class ScratchPacker {
 public:
  ScratchPacker() : buffer_(of_thread()), packer_(buffer_, Packer::Blobs::kTail) {}
  ~ScratchPacker() { buffer_.truncate(0); }
  ScratchPacker(const ScratchPacker&) = delete;
  ScratchPacker& operator=(const ScratchPacker&) = delete;

  Packer& packer() { return packer_; }
  // What was packed; the head stays here.
  PackedView take() { return {std::as_const(buffer_).span(), packer_.take_tail()}; }

 private:
  static Buffer& of_thread();
  Buffer& buffer_;
  Packer packer_;
};

}  // namespace wisp::runtime
