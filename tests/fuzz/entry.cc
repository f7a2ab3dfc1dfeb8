// What libFuzzer calls. Compiled once for each target, which WISP_FUZZ_TARGET names.
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wisp::fuzz::WISP_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
