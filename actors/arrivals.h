#pragma once
// Arrivals: in which order the updates of an asynchronous run came, and at which models they were computed.
//
// A file of them (docs/arrivals.md) is a sequence of msgpack arrays:
//   [ "wisp-arrivals", 1, job ]            version 1; which job this is, in words
//   [ workers BIN, reads BIN ]             any number of these, in order: 4 bytes each, and 8 bytes each,
//                                          little-endian: worker, and how many updates had been applied to
//                                          the model that it had read
//   [ arrivals, applied, iterate_hash ]    the end: how many there were, how many were applied, what came out
#include <cstdint>
#include <string>
#include <vector>

#include "actors/spec.h"
#include "base/bytes.h"

namespace wisp::actors {

struct Arrival {
  std::uint32_t worker = 0;  // 0 .. workers-1
  std::uint64_t read = 0;    // updates applied before its model was sent
  bool operator==(const Arrival&) const = default;
};

// What is the same for all runs that can share an order, in words: method, workers, seed, dtype, and a hash
// of problem and method. Not: hosts, where the data lie, when the run stops.
std::string arrivals_job(const JobSpec& job);

// Makes the pieces of the file, to be written one behind the other. Not thread-safe.
class ArrivalWriter {
 public:
  static constexpr std::size_t kPiece = 4096;  // arrivals of a piece

  // The first piece.
  static Bytes begin(const JobSpec& job);
  void add(Arrival arrival);
  // There is a piece to be written.
  bool is_due() const { return workers_.size() >= kPiece; }
  Bytes piece();
  // The last one, with what was added since.
  Bytes end(std::uint64_t applied, const std::string& iterate_hash);

 private:
  std::vector<std::uint32_t> workers_;
  std::vector<std::uint64_t> reads_;
  std::uint64_t count_ = 0;
};

// A whole file.
struct Arrivals {
  std::vector<Arrival> all;
  std::uint64_t applied = 0;
  std::string iterate_hash;
};

// Throws Error (kConfig), which begins with `name`, for a file that is none, or of a later version, of
// another job, cut short or changed.
Arrivals read_arrivals(const Bytes& file, const JobSpec& job, const std::string& name);

}  // namespace wisp::actors
