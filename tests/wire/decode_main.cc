// Decodes what comes on the standard input, for a test in another language: a line {"kind", "settings",
// "bytes": hex} each, answered by a line {"decoded"} or {"refused"}, with {"largest"}.
#include <iostream>
#include <string>

#include "tests/wire/decoding.h"

int main() {
  using wisp::wire::Json, wisp::wire::Known, wisp::wire::Outcome;
  std::string line;
  while (std::getline(std::cin, line)) {
    const Json asked = Json::parse(line);
    const Outcome outcome =
        wisp::wire::decode(asked.at("kind"), Known::from(asked.value("settings", Json::object())),
                           wisp::wire::bytes_of_hex(asked.at("bytes").get<std::string>()));
    Json answer;
    if (outcome.decoded) {
      answer["decoded"] = *outcome.decoded;
    } else {
      answer["refused"] = outcome.reason;
    }
    answer["largest"] = outcome.largest;
    std::cout << answer.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  }
}
