#pragma once
// The golden files: bytes of the wire of every kind, and what they are decoded to.
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tests/wire/decoding.h"

namespace wisp::wire {

struct Golden {
  std::string name;  // of the file, without .bin
  std::string kind;  // of decode()
  Json settings;     // what its receiver knows: Known::from()
  Bytes bytes;
  Json decoded;  // written down from what was encoded, not from what decode() says
};

// The same in every process.
std::vector<Golden> goldens();

}  // namespace wisp::wire
