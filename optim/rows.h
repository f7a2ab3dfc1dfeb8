#pragma once
// The rows of the catalogue for the synchronous methods that are made of batches, samples or momentum.
#include <vector>

#include "optim/catalog.h"

namespace wisp::optim {

inline constexpr const char* kBlockRefusal =
    "its theory is for blocks that are drawn at random, whatever the gradient is";

std::vector<Method> more_methods();

}  // namespace wisp::optim
