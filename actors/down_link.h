#pragma once
// The two ends of the way down: what the master sends so that workers have its model, and how they get it.
//
// The encoder gives each model a version and knows which one every worker has. A model travels whole, or as
// the coordinates that have changed since the receiver's version, with their new values, whatever is smaller:
// the receiver has the same bits in either case. A receiver that lacks the version that a message changes
// says so and is sent a whole one; it never goes on from something else.
//
// dense   whole models.
// delta   changed coordinates, exactly. What workers have is the iterate, bit for bit.
// sparse  wisp's own extension, of neither paper: error feedback at the server. Workers have w instead of the
//         iterate x; each step w takes over the k coordinates at which |x - w| is largest, and x - w is the
//         memory. The changes of w travel as a delta does.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "actors/iterate.h"
#include "actors/messages.h"
#include "optim/spec.h"
#include "sparse/encoded.h"
#include "sparse/top_k.h"

namespace wisp::actors {

// What an encoder is to do.
struct DownPlan {
  enum class Kind : std::uint8_t { kDense, kDelta, kSparse };
  // Which versions workers have when they are sent the next one: all of them the one before, in synchronous
  // rounds; or each its own, which takes a version for each coordinate.
  enum class Bases : std::uint8_t { kCommon, kEach };

  Kind kind = Kind::kDense;
  Bases bases = Bases::kCommon;
  std::uint32_t chosen = 0;   // k, of kind sparse; 1 .. dim
  std::uint32_t attempt = 0;  // of the master: every message says it
  bool shares = true;         // whole models with receivers of its own process, who let go of them before the
                              // next one is shown, or have it copied. Not where they also come by relays
  bool weighs = false;        // of kind delta with bases kEach, all receivers being of its own process: they
                              // share the iterate, and how large their messages would be is wanted, about
};

// What a job's `broadcast`, with a kind, comes to for `workers` workers in R^dim.
DownPlan down_plan(const optim::BroadcastSpec& broadcast, std::uint32_t dim, std::uint32_t workers,
                   DownPlan::Bases bases);

// The master's end. Memory: the model that workers have, which of kind dense is the iterate itself, with
// bases kEach 8 bytes a coordinate more, and the last message; whatever the number of workers. A message
// takes as long as there are coordinates in it, or one pass over all of them if that are many. T is float or
// double.
template <class T>
class ModelEncoder {
 public:
  // `dim` >= 1, workers 0 .. workers-1 have nothing yet.
  ModelEncoder(DownPlan plan, std::uint32_t dim, std::uint32_t workers);

  // `iterate` is what workers are to have from now on: the next version. Of a run that goes on, the first is
  // what shown() said last. iterate.size() == dim. One pass over it unless that is dense, and for sparse a
  // top-k.
  void show(const Iterate<T>& iterate);
  // The same where `touched`, in increasing order, has all coordinates that differ from what was shown last:
  // of kind delta that takes no longer than there are of them. An encoder that weighs needs it.
  void show(const Iterate<T>& iterate, std::span<const std::uint32_t> touched);
  // What was shown is about to be written to, and is not needed until the next show(): a share in it would
  // only have it copied.
  void let_go();
  // Of what was shown last; 0 before that.
  std::uint64_t version() const { return version_; }
  // What a worker of this version has: what was shown, or w.
  const Iterate<T>& shown() const { return shown_; }
  // Whether that is always what was shown.
  bool is_exact() const { return plan_.kind != DownPlan::Kind::kSparse; }

  // The message by which `worker` gets this version from the one it was sent last; taken for sent. For a
  // worker that has this version already nothing but its number travels.
  Model<T> to(std::uint32_t worker, std::uint64_t round);
  // The same for all workers at once, which have one and the same version.
  Model<T> to_all(std::uint64_t round);
  // `worker` has said that it lacks its base: what it is sent next is whole.
  void lost(std::uint32_t worker) { has_[worker] = 0; }

 private:
  Model<T> message(std::uint64_t round, std::uint64_t base);
  sparse::Encoded whole() const { return sparse::encode_all<T>(shown_.bytes()); }
  sparse::Encoded change_since(std::uint64_t base) const;
  std::vector<std::uint32_t> changed_since(std::uint64_t base) const;
  void count_changes(std::span<const std::uint32_t> touched);
  std::size_t weight(std::uint64_t base) const;
  bool is_known(std::uint64_t base) const { return base + 1 >= version_ || !stamps_.empty(); }
  bool begin_version(const Iterate<T>& iterate);
  void take_changes(const Iterate<T>& iterate);
  void forget_message();
  void take_largest(std::span<const T> iterate);

  const DownPlan plan_;
  const std::uint32_t dim_;
  Iterate<T> shown_;
  std::uint64_t version_ = 0;
  std::vector<std::uint32_t> changed_;  // coordinates by which this version differs from the one before
  std::vector<std::uint64_t> stamps_;   // by coordinate, with bases kEach: the version that changed it last
  std::deque<std::vector<std::uint32_t>> recent_;  // the same by version, with bases kEach: the last ones
  std::size_t recent_count_ = 0;                   // of coordinates in them
  std::vector<std::uint32_t> counts_;              // by version, the newest last: of what it changed last
  std::vector<std::uint64_t> has_;                 // by worker: the version it was sent last; 0: none
  std::optional<std::uint64_t> encoded_;           // the base of what vector_ changes; none: vector_ is old
  sparse::Encoded vector_;
  std::vector<T> difference_;  // x - w
  sparse::TopK<T> top_k_;
};

// What `message` says, whatever a receiver has: the whole of a model of R^dim, or the coordinates that
// change. Throws DecodeError if it is no model.
template <class T>
void decode_model(const Model<T>& message, std::uint32_t dim, sparse::Vector<T>& vector);

// A worker's end. T is float or double.
template <class T>
class ModelDecoder {
 public:
  explicit ModelDecoder(std::uint32_t dim) : dim_(dim) {}

  // The model is what `message` makes of it. False: it lacks the base. Throws DecodeError for a message that
  // is malformed. In both cases nothing has changed.
  bool take(const Model<T>& message);
  // Of model(); 0: none that a change could be for.
  std::uint64_t version() const { return version_; }
  // Of the last one that was taken; until let_go().
  std::span<const T> model() const {
    return shared_.size() != 0 ? std::span<const T>(shared_) : std::span<const T>(iterate_);
  }
  // Drops a model that it only shares with its sender, who shares the next one too: so workers of one process
  // do with one memory, and x is written to where it lies.
  void let_go() { shared_ = {}; }

 private:
  std::uint32_t dim_;
  Iterate<T> shared_;
  std::vector<T> iterate_;
  bool kept_ = false;  // iterate_ is the model of this version
  std::uint64_t version_ = 0;
  sparse::Vector<T> vector_;
};

extern template class ModelEncoder<float>;
extern template class ModelEncoder<double>;
extern template class ModelDecoder<float>;
extern template class ModelDecoder<double>;

}  // namespace wisp::actors
