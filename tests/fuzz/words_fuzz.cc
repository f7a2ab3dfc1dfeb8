// Addresses, durations and sizes as people write them; and what a shell and a terminal are given.
#include "base/ip.h"
#include "base/text.h"
#include "runtime/endpoint.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

using runtime::Endpoint;

// What a POSIX shell makes of a word in quotes; nothing if it is not one whole word.
std::optional<std::string> unquoted(std::string_view word) {
  std::string text;
  while (!word.empty()) {
    if (word.starts_with("\\'")) {
      text += '\'';
      word.remove_prefix(2);
      continue;
    }
    const std::size_t end = word.starts_with('\'') ? word.find('\'', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    text += word.substr(1, end - 1);
    word.remove_prefix(end + 1);
  }
  return text;
}

void show(const std::string& text, std::size_t max) {
  WISP_CHECK(unquoted(shell_quote(text)) == text, "a shell sees one word, and that one");
  const std::string shown = escape_text(text, max);
  WISP_CHECK(shown.size() <= max, "a text is as short as it has to be");
  WISP_CHECK(escape_text(shown, max) == shown, "what was made safe is safe");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto c = static_cast<unsigned char>(shown[i]);
    const bool c1 = c == 0xc2 && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) < 0xa0;
    WISP_CHECK(c >= 0x20 && c != 0x7f && !c1, "a terminal is told nothing");
  }
}

void measure(const std::string& text) {
  if (const auto duration = parse_duration(text)) {
    WISP_CHECK(duration->count() >= 0, "a duration is not negative");
    WISP_CHECK(parse_duration(format_duration(*duration)) == duration, "a duration comes back");
  }
  if (const auto size = parse_size(text))
    WISP_CHECK(parse_size(format_size(*size)) == size, "a size comes back");
  const std::vector<std::string> parts = split(text, ',');
  WISP_CHECK(join(parts, ",") == text, "parts make the whole");
  const auto meant = nearest(text.substr(0, 100), {"spread", "pack", "label"});
  WISP_CHECK(!meant || !meant->empty(), "what was meant is a word");
  const bool harmless = !text.starts_with('-') && text.find_first_of("/ $`'\"\\\n;&|") == std::string::npos;
  WISP_CHECK(!is_host_name(text) || harmless, "a host's name is nothing to a shell or to ssh");
}

void reach(const std::string& text) {
  if (const auto bytes = parse_ip(text)) {
    WISP_CHECK(bytes->size() == 4 || bytes->size() == 16, "an address has 4 or 16 bytes");
    const auto own = Subnet::parse(text + "/" + std::to_string(8 * bytes->size()));
    WISP_CHECK(own && own->contains(text), "an address is in the network of itself");
  }
  if (const auto network = Subnet::parse(text)) {
    WISP_CHECK(network->contains(text.substr(0, text.find('/'))), "a network holds its own address");
  }
  runtime::is_loopback(text);
  try {
    const Endpoint endpoint = Endpoint::parse(text, "network.endpoint");
    const bool usable = !runtime::why_not_connectable(endpoint);
    if (endpoint.kind == Endpoint::Kind::kIpc) {
      WISP_CHECK(endpoint.path.starts_with('/') && endpoint.path.size() <= Endpoint::kPathMax,
                 "a socket's path");
    } else if (usable) {
      const std::string written = runtime::tcp_text(endpoint.host, *endpoint.port);
      const Endpoint again = Endpoint::parse(written, "");
      WISP_CHECK(again.port == endpoint.port && *again.port > 0, "a port comes back");
      WISP_CHECK(again.host == endpoint.host || endpoint.host == "localhost", "a host comes back");
    }
  } catch (const Error& error) {
    WISP_CHECK(std::string_view(error.what()).starts_with("network.endpoint "), "it is said what is wrong");
  }
}

}  // namespace

void fuzz_words(Data data) {
  Input input(data);
  const std::size_t max = input.take<std::uint8_t>();
  const std::string text = text_of(input.rest());
  show(text, max);
  measure(text);
  reach(text);
}

}  // namespace wisp::fuzz
