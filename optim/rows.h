#pragma once
// The rows of the catalogue, in the order in which methods are listed to people.
#include <vector>

#include "optim/catalog.h"

namespace wisp::optim {

// Why methods of blocks refuse other sparsifiers.
inline constexpr const char* kBlockRefusal =
    "its theory is for blocks that are drawn at random, whatever the gradient is";

// Those of P2 that go in rounds, and their baselines.
std::vector<Method> synchronous_methods();
// Those whose workers don't wait for each other.
std::vector<Method> asynchronous_methods();

}  // namespace wisp::optim
