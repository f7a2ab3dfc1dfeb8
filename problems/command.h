#pragma once
// kind: command: f_i is what a program of any language says it is, on pipes. docs/problems.md is for its
// authors.
//
// On its stdin a program gets requests, and answers each on its stdout; both in little-endian. A request:
//   char[4]  what      "INIT" | "LOSS" | "GRAD"
//   uint32   version   1
//   uint32   worker    0 .. workers-1
//   uint32   workers
//   uint64   seed      INIT: the job's; GRAD: of the batch
//   uint32   batch     GRAD: how many samples the batch has; 0: all of them
//   uint32   dim
//   float64  x[dim]    not with INIT
// The answer to it:
//   uint64   count     of the numbers that follow: dim, 1, or 1 + dim
//   float64            INIT: x; LOSS: f_i(x); GRAD: the loss, of the batch or of all, and its gradient
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "problems/catalog.h"

namespace wisp::problems {

// A running program, as the one thread sees it that uses it.
class Program {
 public:
  virtual ~Program() = default;
  // Sends all of `request` and takes the next reply.size() bytes that it writes, in any order of the two.
  // Throws Error if it has ended, or is slower than its limit, with the last lines of its stderr.
  virtual void exchange(std::span<const std::byte> request, std::span<std::byte> reply) = 0;
  // Throws Error with `text` and the last lines of its stderr.
  [[noreturn]] virtual void fail(const std::string& text) = 0;
};

struct ProgramStart {
  std::vector<std::string> words;  // the program and its arguments
  double seconds_max = 0;          // for one answer
};
// Throws Error when it can't be started.
using StartProgram = std::function<std::unique_ptr<Program>(const ProgramStart& start)>;

// The row of the catalogue, for who knows how to start programs. One is started for each worker, when it is
// first asked something, and lives as long as the objective. Its l2 is added here, its samples are drawn here
// and known to it by the seed alone; L is unknown.
Problem command_problem(StartProgram start);

}  // namespace wisp::problems
