#pragma once
// What the parts of this plugin add to wisp, a source each.
#include "actors/plugin.h"

namespace mine {

void add_actors(wisp::runtime::Registry& registry);
void add_sparsifier(wisp::sparse::Catalog& sparsifiers);
void add_problem(wisp::problems::Catalog& problems);
void add_method(wisp::optim::Catalog& methods);

}  // namespace mine
