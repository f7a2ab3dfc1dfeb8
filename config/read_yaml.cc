#include "config/read_yaml.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace wisp::config {
namespace {

// Ends the reading at a place.
struct Stop {
  Place place;
  std::string message;
  std::string hint;
};

std::size_t count(const Node& node) {
  std::size_t sum = 1;
  for (const Node& item : node.items) sum += count(item);
  for (const Member& member : node.members) sum += count(member.value);
  return sum;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const Source> source, Mistakes& mistakes)
      : source_(std::move(source)), mistakes_(mistakes) {}

  std::optional<Node> take() { return std::move(root_); }

  // The bracket or brace that was opened last, if it is still open when reading ends early.
  std::optional<Place> open_bracket() const {
    if (stack_.empty()) return std::nullopt;
    const Place& place = stack_.back().node.place;
    const std::string_view until = source_->line(place.line).substr(0, place.column);
    return until.ends_with('[') || until.ends_with('{') ? std::optional(place) : std::nullopt;
  }

  Place place(const YAML::Mark& mark, std::size_t length = 1) const {
    if (mark.is_null()) return {source_, 0, 0, 0};
    const std::size_t line = static_cast<std::size_t>(mark.line) + 1;
    const std::size_t end = source_->line(line).size();  // a return at the end of a line is no part of it
    return {source_, line, std::min(static_cast<std::size_t>(mark.column), end) + 1, length};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!std::exchange(started_, true)) return;
    const Place here = place(mark);
    if (source_->line(here.line).starts_with("---")) {
      throw Stop{here, "a second document begins here, but a job is one document", "remove the '---'"};
    }
    throw Stop{here, "the job's value has ended before this", "a job is one map, of keys and values"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.empty = !is_null_word(rest_of_line(mark));
    node.place = node.empty && waits_for_value() ? stack_.back().key_place : place(mark, null_length(mark));
    deliver(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{place(mark), "an alias to the value that it stands in", ""};
    const Node& node = found->second;
    add_nodes(count(node), mark);
    if (depth_of(node) + stack_.size() > kDepthMax) throw too_deep(mark);
    deliver(node, YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add_nodes(1, mark);
    Node node = make_scalar(value, place(mark));
    node.quoted = tag != "?";
    node.place.length = node.quoted ? quoted_length(mark) : plain_length(mark, value);
    check_tag(tag, node.place);
    deliver(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map that isn't complete yet; for a map, the key that waits for its value.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    bool has_key = false;
    bool drop = false;  // the key was refused, so its value is left out
    std::string key;
    Place key_place;
    std::map<std::string, std::size_t> lines;  // of the keys so far
  };

  std::string_view rest_of_line(const YAML::Mark& mark) const {
    const std::string_view line = source_->line(static_cast<std::size_t>(mark.line) + 1);
    return mark.column < 0 ? "" : line.substr(std::min(line.size(), static_cast<std::size_t>(mark.column)));
  }

  static std::size_t null_word_length(std::string_view text) {
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      const bool ends = text.size() == word.size() ||
                        (text.size() > word.size() &&
                         std::string_view(" \t,]}").find(text[word.size()]) != std::string_view::npos);
      if (text.starts_with(word) && ends) return word.size();
    }
    return 0;
  }
  static bool is_null_word(std::string_view text) { return null_word_length(text) > 0; }
  std::size_t null_length(const YAML::Mark& mark) const {
    return std::max<std::size_t>(1, null_word_length(rest_of_line(mark)));
  }

  // What of a plain scalar stands on its first line; it may go on over several.
  std::size_t plain_length(const YAML::Mark& mark, std::string_view value) const {
    const std::string_view rest = rest_of_line(mark);
    std::size_t same = 0;
    while (same < rest.size() && same < value.size() && rest[same] == value[same]) ++same;
    return std::max<std::size_t>(1, same);
  }

  // With its quotes. yaml-cpp takes a quote that is never closed for one that closes at the end of the file.
  std::size_t quoted_length(const YAML::Mark& mark) const {
    const std::string_view rest = rest_of_line(mark);
    const char quote = rest.empty() ? ' ' : rest[0];
    if (quote != '"' && quote != '\'') return 1;
    const std::string_view text = std::string_view(source_->text())
                                      .substr(static_cast<std::size_t>(rest.data() - source_->text().data()));
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\') {
        ++i;
      } else if (quote == '\'' && text.substr(i, 2) == "''") {
        ++i;
      } else if (text[i] == quote) {
        return std::min(i + 1, rest.size());
      }
    }
    throw Stop{place(mark), "this quote is never closed", ""};
  }

  void check_tag(const std::string& tag, const Place& where) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with(kCore)) return;
    mistakes_.add(where, "a job file has no tags", "leave out the '!...'");
  }

  void add_nodes(std::size_t more, const YAML::Mark& mark) {
    nodes_ += more;
    if (nodes_ > kNodesMax) {
      throw Stop{place(mark), "more than " + std::to_string(kNodesMax) + " values, with aliases expanded",
                 ""};
    }
  }

  Stop too_deep(const YAML::Mark& mark) const {
    return {place(mark), "nested more than " + std::to_string(kDepthMax) + " deep", ""};
  }

  static std::size_t depth_of(const Node& node) {
    std::size_t deepest = 0;
    for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
    for (const Member& member : node.members) deepest = std::max(deepest, depth_of(member.value));
    return deepest + (node.is_list() || node.is_map() ? 1 : 0);
  }

  bool waits_for_value() const {
    return !stack_.empty() && stack_.back().node.is_map() && stack_.back().has_key;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (stack_.size() >= kDepthMax) throw too_deep(mark);
    add_nodes(1, mark);
    Open open;
    open.node.kind = kind;
    open.node.place = place(mark);
    open.anchor = anchor;
    check_tag(tag, open.node.place);
    stack_.push_back(std::move(open));
  }

  void close() {
    Open open = std::move(stack_.back());
    stack_.pop_back();
    deliver(std::move(open.node), open.anchor);
  }

  void deliver(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = stack_.back();
    if (open.node.is_list()) {
      open.node.items.push_back(std::move(node));
    } else if (!std::exchange(open.has_key, !open.has_key)) {
      take_key(open, node);
    } else if (!open.drop) {
      open.node.members.push_back({std::move(open.key), open.key_place, std::move(node)});
    }
  }

  void take_key(Open& open, Node& node) {
    open.key = std::move(node.text);
    open.key_place = node.place;
    open.drop = true;
    if (!node.is_scalar()) {
      mistakes_.add(node.place, "a key must be a word");
    } else if (open.key == "<<" && !node.quoted) {
      mistakes_.add(node.place, "merge keys (<<) are not taken", "include a file, or repeat the keys");
    } else if (const auto [first, is_new] = open.lines.emplace(open.key, node.place.line); !is_new) {
      mistakes_.add(node.place, "duplicate key '" + open.key + "'; it was first given in line " +
                                    std::to_string(first->second));
    } else {
      open.drop = false;
    }
  }

  std::shared_ptr<const Source> source_;
  Mistakes& mistakes_;
  bool started_ = false;
  std::size_t nodes_ = 0;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
};

// yaml-cpp ends a plain scalar of a flow map at the brace of a variable, and complains of what it sees then.
bool report_unquoted_variable(const Place& place, Mistakes& mistakes) {
  const std::string_view line = place.source->line(place.line);
  const std::size_t at = place.column - 1;
  if (at == 0 || at >= line.size() || line[at] != '{' || line[at - 1] != '$') return false;
  const std::size_t end = std::min(line.find('}', at), line.size() - 1);
  const std::string variable(line.substr(at - 1, end - at + 2));
  Place whole = place;
  whole.column -= 1;
  whole.length = variable.size();
  mistakes.add(whole, "a variable inside { } or [ ] needs quotes", "write \"" + variable + "\"");
  return true;
}

// At the end of a text yaml-cpp's position is one that nobody would look at.
bool report_open_bracket(const Place& place, const TreeBuilder& builder, Mistakes& mistakes) {
  const std::string& text = place.source->text();
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto bracket = builder.open_bracket();
  const bool at_end = place.line >= lines || (place.line == 1 && place.column == 1);
  if (!bracket || !at_end) return false;
  const char c = place.source->line(bracket->line)[bracket->column - 1];
  mistakes.add(*bracket, std::string("not YAML: this '") + c + "' is never closed");
  return true;
}

void report_syntax(const TreeBuilder& builder, const YAML::Exception& error, Mistakes& mistakes) {
  const Place place = builder.place(error.mark);
  if (place.line > 0 && report_unquoted_variable(place, mistakes)) return;
  if (report_open_bracket(place, builder, mistakes)) return;
  const std::string_view line = place.source->line(place.line);
  const bool tab = error.msg.find("tab") != std::string::npos ||
                   line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
  mistakes.add(place, "not YAML: " + error.msg, tab ? "indent with blanks, not with tabs" : "");
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80                   ? 0
                             : lead >= 0xC2 && lead < 0xE0 ? 1
                             : (lead & 0xF0) == 0xE0       ? 2
                             : lead >= 0xF0 && lead < 0xF5 ? 3
                                                           : 4;
    if (more == 4 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace

std::string reason_against(std::string_view text) {
  if (text.size() > kSourceBytesMax) return "larger than 1 MiB";
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) return "not UTF-8 text";
  return "";
}

std::optional<Node> read_yaml(const std::shared_ptr<const Source>& source, Mistakes& mistakes,
                              std::size_t starts_at) {
  // Blanks in front keep the columns right; before a flow value or a scalar they mean nothing.
  std::string text = std::string(starts_at, ' ') + source->text().substr(starts_at);
  std::istringstream in(text);
  TreeBuilder builder(source, mistakes);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const Stop& stop) {
    mistakes.add(stop.place, stop.message, stop.hint);
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    report_syntax(builder, error, mistakes);
    return std::nullopt;
  }
  return builder.take();
}

}  // namespace wisp::config
