#include "base/ip.h"

#include <arpa/inet.h>

#include <charconv>

namespace wisp {

std::optional<std::vector<std::uint8_t>> parse_ip(const std::string& text) {
  for (const auto& [family, size] : {std::pair<int, std::size_t>{AF_INET, 4}, {AF_INET6, 16}}) {
    std::vector<std::uint8_t> bytes(size);
    if (::inet_pton(family, text.c_str(), bytes.data()) == 1 && text.find('\0') == std::string::npos)
      return bytes;
  }
  return std::nullopt;
}

std::optional<Subnet> Subnet::parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto bytes = parse_ip(text.substr(0, slash));
  Subnet subnet;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, subnet.prefix_);
  if (!bytes || read.ec != std::errc() || read.ptr != end || subnet.prefix_ > 8 * bytes->size())
    return std::nullopt;
  subnet.bytes_ = *bytes;
  return subnet;
}

bool Subnet::contains(const std::string& address) const {
  const auto bytes = parse_ip(address);
  if (!bytes || bytes->size() != bytes_.size()) return false;
  for (unsigned bit = 0; bit < prefix_; bit += 8) {
    const unsigned rest = prefix_ - bit;
    const unsigned mask = rest >= 8 ? 0xff : 0xff & (0xff << (8 - rest));
    if ((((*bytes)[bit / 8] ^ bytes_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace wisp
