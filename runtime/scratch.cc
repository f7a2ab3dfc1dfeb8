#include "runtime/scratch.h"

namespace wisp::runtime {

Buffer& ScratchPacker::of_thread() {
  static thread_local Buffer buffer = Buffer::with_capacity(4096);
  return buffer;
}

Bytes PackedView::whole() const {
  Buffer copy = Buffer::with_capacity(head.size() + tail.size());
  copy.append(head);
  copy.append(tail.span());
  return std::move(copy).freeze();
}

}  // namespace wisp::runtime
