#pragma once
// What no single key can tell: the rules between keys.
#include "config/build.h"

namespace wisp::config {

// Reports what is missing or can't go together, each at the key concerned; silent about keys with a mistake
// already.
void check_rules(const Draft& draft, const Vocabulary& vocabulary, Mistakes& mistakes);

}  // namespace wisp::config
