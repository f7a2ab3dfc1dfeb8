#pragma once
// Settings: what a job file says to something that it names (a method, a problem, a class of actors), as
// data.
#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace wisp {

namespace settings_detail {

template <class T>
struct ListOf {
  using type = T;
  static constexpr bool kList = false;
};
template <class T>
struct ListOf<std::vector<T>> {
  using type = T;
  static constexpr bool kList = true;
};

std::string text_of(double value);  // the shortest that reads back as the same number
bool bool_from(const std::string& text);
[[noreturn]] void refuse(const std::string& text, const char* what);

template <class T>
std::string to_text(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::floating_point<T>) {
    return text_of(value);
  } else {
    return value;
  }
}

template <class T>
T from_text(const std::string& text) {
  if constexpr (std::same_as<T, bool>) {
    return bool_from(text);
  } else if constexpr (std::same_as<T, std::string>) {
    return text;
  } else {
    static_assert(std::is_arithmetic_v<T>, "a setting is a bool, a number, text, or a list of one of them");
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) {
      refuse(text, std::integral<T> ? "a whole number of the size that is expected" : "a number");
    }
    return value;
  }
}

}  // namespace settings_detail

// One of them: its name and what it may be. Who reads job files checks them by it.
struct Setting {
  enum class Type : std::uint8_t { kBool, kInteger, kNumber, kText };

  std::string name;  // lower_case, as a key of a job file
  std::string doc;   // one line
  Type type = Type::kText;
  bool is_list = false;
  std::optional<std::vector<std::string>> fallback;  // the default, as it would be written; without: required
  std::string words;                                 // kText: one of these, "mean | median"; empty: any
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;  // low itself is outside

  // T is bool, a number, std::string, or a vector of one of them. Without a fallback it must be given.
  template <class T>
  static Setting of(std::string name, std::string doc, std::optional<T> fallback = std::nullopt);

  Setting& from(double lowest) {
    low = lowest;
    return *this;
  }
  Setting& above(double bound) {
    above_low = true;
    return from(bound);
  }
  Setting& up_to(double highest) {
    high = highest;
    return *this;
  }
  Setting& one_of(std::string the_words) {
    words = std::move(the_words);
    return *this;
  }
};

// The values, by name. A value of its own text: reading it gives the same bits everywhere.
class Settings {
 public:
  template <class T>
  void set(const std::string& name, const T& value) {
    values_[name] = texts_of(value);
  }
  void set_texts(const std::string& name, std::vector<std::string> texts) {
    values_[name] = std::move(texts);
  }
  bool has(const std::string& name) const { return values_.contains(name); }

  // Throws Error (kConfig) if it is not set or is no T.
  template <class T>
  T get(const std::string& name) const {
    using List = settings_detail::ListOf<T>;
    const std::vector<std::string>& texts = texts_at(name);
    if constexpr (List::kList) {
      T values;
      for (const std::string& text : texts) {
        values.push_back(settings_detail::from_text<typename List::type>(text));
      }
      return values;
    } else {
      return settings_detail::from_text<T>(texts.front());
    }
  }

  // The same with the fallbacks of those that are not set. Throws Error (kConfig) for one that is not
  // `known`, and one that is required and not set; `owner` is whose they are: "method heavy-ball".
  Settings completed(const std::vector<Setting>& known, const std::string& owner) const;

  template <class T>
  static std::vector<std::string> texts_of(const T& value) {
    if constexpr (settings_detail::ListOf<T>::kList) {
      std::vector<std::string> texts;
      for (const auto& each : value) {
        texts.push_back(settings_detail::to_text<typename settings_detail::ListOf<T>::type>(each));
      }
      return texts;
    } else {
      return {settings_detail::to_text(value)};
    }
  }

  bool operator==(const Settings&) const = default;
  template <class F>
  void fields(F& f) {
    f(values_);
  }

 private:
  const std::vector<std::string>& texts_at(const std::string& name) const;
  std::map<std::string, std::vector<std::string>> values_;  // lists have any number, the others one
};

template <class T>
Setting Setting::of(std::string name, std::string doc, std::optional<T> fallback) {
  using List = settings_detail::ListOf<T>;
  using Each = typename List::type;
  Setting setting;
  setting.name = std::move(name);
  setting.doc = std::move(doc);
  setting.is_list = List::kList;
  if (fallback) setting.fallback = Settings::texts_of(*fallback);
  if constexpr (std::same_as<Each, bool>) {
    setting.type = Type::kBool;
  } else if constexpr (std::integral<Each>) {
    setting.type = Type::kInteger;
    setting.low = static_cast<double>(std::numeric_limits<Each>::min());
    setting.high = static_cast<double>(std::numeric_limits<Each>::max());
  } else if constexpr (std::floating_point<Each>) {
    setting.type = Type::kNumber;
  } else {
    static_assert(std::same_as<Each, std::string>,
                  "a setting is a bool, a number, text, or a list of one of them");
  }
  return setting;
}

}  // namespace wisp
