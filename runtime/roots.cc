#include "runtime/roots.h"

#include "runtime/cell.h"

namespace wisp::runtime {

void Roots::end(const Failure& why) {
  while (first_ != nullptr) {  // one that is destroyed takes itself out
    first_->reply.fail(why);
    first_->first.destroy();
  }
}

void Roots::doom(const Failure& why) {
  for (Entry* each = first_; each != nullptr;) {
    Entry* const after = each->next;
    each->reply.fail(why);
    doom(*each);
    each = after;
  }
}

void Roots::doom(Entry& entry) {
  if (entry.waiting != nullptr && entry.waiting->withdraw()) return entry.first.destroy();
  entry.is_doomed = true;
}

void Roots::failed(Reply& reply) {
  if (cell_ != nullptr) return cell_->failed(nullptr, reply);
  reply.fail(Failure::from_current_exception(""));
}

}  // namespace wisp::runtime
