// Lines of logs, in every form in which they travel and are stored.
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "launcher/lines.h"
#include "launcher/log_format.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void read_stored(const std::string& text) {
  const auto line = launcher::parse_stored(text);
  if (!line) return;
  const std::string plain = format(*line);
  if (is_name(line->actor) && is_host_name(line->host)) {
    const auto again = parse_log_line(plain);
    WISP_CHECK(again && format(*again) == plain, "a line that was read is one when it is written");
    const auto json = launcher::parse_stored(launcher::to_json(*line));
    WISP_CHECK(json && format(*json) == plain, "both forms say the same");
  }
}

void read_of_node(const std::string& text) {
  const auto line = parse_node_line(text);
  if (!line) return;
  WISP_CHECK(is_name(line->actor) && is_printable(line->text), "what a node says can be shown");
  const std::string written = format_node_line(*line);
  WISP_CHECK(written.size() <= 4096, "a pipe takes a line in one piece");
  const auto again = parse_node_line(written);
  WISP_CHECK(again && format_node_line(*again) == written, "a line that was read is one when it is written");
}

void read_time(const std::string& text) {
  const auto time = parse_utc(text);
  if (!time) return;
  const auto again = parse_utc(format_utc(*time));
  WISP_CHECK(again && format_utc(*again) == format_utc(*time),
             "a moment that was read is one when it is written");
}

// However it is cut on the way.
void split(Data script, Data data) {
  std::vector<std::string> whole;
  std::vector<std::string> pieces;
  const std::size_t size_max = 1 + (script.empty() ? 100 : static_cast<std::size_t>(script[0]));
  launcher::LineSplitter at_once(size_max);
  at_once.feed(data, [&](std::string_view line) { whole.emplace_back(line); });
  at_once.finish([&](std::string_view line) { whole.emplace_back(line); });
  launcher::LineSplitter in_pieces(size_max);
  Input input(data);
  for (std::size_t i = 0; !input.empty(); ++i) {
    const std::size_t size =
        script.empty() ? 1 : 1 + static_cast<std::size_t>(script[i % script.size()]) % 16;
    in_pieces.feed(input.first(size), [&](std::string_view line) { pieces.emplace_back(line); });
  }
  in_pieces.finish([&](std::string_view line) { pieces.emplace_back(line); });
  WISP_CHECK(whole == pieces, "lines are the same however they arrive");
  for (const std::string& line : whole) {
    WISP_CHECK(line.size() <= size_max && line.find('\n') == std::string::npos, "a line is a line");
  }
}

}  // namespace

void fuzz_lines(Data data) {
  const std::string text = text_of(data);
  read_stored(text);
  read_of_node(text);
  read_time(text);
  Input input(data);
  const Data script = input.first(input.take<std::uint8_t>() % 16);
  split(script, input.rest());
}

}  // namespace wisp::fuzz
