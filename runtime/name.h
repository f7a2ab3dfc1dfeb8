#pragma once
// Name: what an actor is called, shared by all that speak of it.
#include <string>

#include "base/intrusive.h"
#include "base/pack.h"

namespace wisp::runtime {

// Immutable; copies share the text. Any thread.
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) {
    if (!text.empty()) shared_ = make_ref<const Shared>(std::move(text));
  }
  const std::string& str() const {
    static const std::string empty;
    return shared_ ? shared_->text : empty;
  }

 private:
  struct Shared : RefCounted<Shared> {
    explicit Shared(std::string shared_text) : text(std::move(shared_text)) {}
    const std::string text;
  };
  Ref<const Shared> shared_;
};

}  // namespace wisp::runtime
