#pragma once
// The inputs that fuzzing begins with and that encoders write: what a target is given when nothing is wrong.
#include <string>
#include <vector>

#include "base/bytes.h"

namespace wisp::fuzz {

struct Seed {
  std::string target;
  std::string name;
  Bytes bytes;
};

std::vector<Seed> seeds();

}  // namespace wisp::fuzz
