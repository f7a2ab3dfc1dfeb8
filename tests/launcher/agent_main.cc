// A program that is an agent and nothing else, as `wisp agent` is: for tests of this room without the others.
#include <cstdio>
#include <exception>

#include "launcher/agent.h"

int main() {
  try {
    return wisp::launcher::run_agent();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
