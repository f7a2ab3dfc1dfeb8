#pragma once
// What a restart does to a rule: its state, as bytes, goes into a new one.
#include "base/pack.h"

namespace wisp::test {

template <class Rule>
void transplant(const Rule& from, Rule& to) {
  Packer packer;
  from.save(packer);
  Unpacker unpacker(packer.finish());
  to.restore(unpacker);
  unpacker.expect_end();
}

}  // namespace wisp::test
