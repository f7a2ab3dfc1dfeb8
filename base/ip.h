#pragma once
// Addresses of the Internet protocol, version 4 and 6, and networks of them, as people write them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wisp {

// "192.0.2.1", "2001:db8::1": its 4 or 16 bytes. Nothing for anything else, such as names.
std::optional<std::vector<std::uint8_t>> parse_ip(const std::string& text);

// "192.0.2.0/24": all addresses that begin with the same bits.
class Subnet {
 public:
  // Nothing if it is none. Bits behind the prefix don't count.
  static std::optional<Subnet> parse(const std::string& text);
  bool contains(const std::string& address) const;

 private:
  std::vector<std::uint8_t> bytes_;
  unsigned prefix_ = 0;
};

}  // namespace wisp
