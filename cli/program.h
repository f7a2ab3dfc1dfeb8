#pragma once
// The programs of `kind: command`, started and spoken to.
#include <memory>

#include "problems/command.h"

namespace wisp::cli {

// In this process's folder, with its environment, in a process group of its own. Its stderr goes on to this
// process's. When the object goes its stdin is closed, and what runs on after a second is killed. One that
// outlives its worker finds its stdin at its end.
std::unique_ptr<problems::Program> start_program(const problems::ProgramStart& start);

}  // namespace wisp::cli
