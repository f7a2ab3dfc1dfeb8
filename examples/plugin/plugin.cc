// The one function that wisp calls when a job file names this library.
#include "plugin.h"

WISP_PLUGIN(plugin) {
  mine::add_actors(plugin.registry);
  mine::add_sparsifier(plugin.sparsifiers);
  mine::add_problem(plugin.problems);
  mine::add_method(plugin.methods);
}
