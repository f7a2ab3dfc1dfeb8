#include "base/settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wisp {

namespace settings_detail {

std::string text_of(double value) {
  std::array<char, 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  static_cast<void>(problem);  // 32 characters hold any double
  return {buffer.data(), end};
}

bool bool_from(const std::string& text) {
  if (text != "true" && text != "false") refuse(text, "true or false");
  return text == "true";
}

void refuse(const std::string& text, const char* what) {
  throw Error("'" + escape_text(text, 60) + "' is not " + what, Fault::kConfig);
}

}  // namespace settings_detail

const std::vector<std::string>& Settings::texts_at(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw Error("'" + name + "' is not set", Fault::kConfig);
  return found->second;
}

Settings Settings::completed(const std::vector<Setting>& known, const std::string& owner) const {
  Settings all = *this;
  for (const auto& value : values_) {
    const auto same = [&](const Setting& each) { return each.name == value.first; };
    if (std::none_of(known.begin(), known.end(), same)) {
      throw Error(owner + " has no setting '" + value.first + "'", Fault::kConfig);
    }
  }
  for (const Setting& each : known) {
    if (has(each.name)) continue;
    if (!each.fallback) throw Error(owner + " needs the setting '" + each.name + "'", Fault::kConfig);
    all.set_texts(each.name, *each.fallback);
  }
  return all;
}

}  // namespace wisp
