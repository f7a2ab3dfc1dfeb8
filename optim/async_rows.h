#pragma once
// The rows of the catalogue for the methods whose workers don't wait for each other.
#include <string>
#include <vector>

#include "optim/catalog.h"

namespace wisp::optim {

// async-sgd, async-isgd and async-isega. `block_refusal`: why methods of blocks refuse other sparsifiers.
std::vector<Method> asynchronous_methods(const std::string& block_refusal);

}  // namespace wisp::optim
