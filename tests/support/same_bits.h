#pragma once
// Equality of floating-point vectors bit for bit, which tells -0 from 0.
#include <cstddef>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace wisp::test {

// NaN is equal to NaN here: what bits it has is nobody's promise.
template <class T>
void expect_same_bits(const std::vector<T>& got, const std::vector<T>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (want[i] != want[i] && got[i] != got[i]) continue;
    ASSERT_EQ(std::memcmp(&got[i], &want[i], sizeof(T)), 0) << i << ": " << got[i] << " is not " << want[i];
  }
}

}  // namespace wisp::test
