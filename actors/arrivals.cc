#include "actors/arrivals.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pack.h"

namespace wisp::actors {

namespace {

constexpr const char* kMagic = "wisp-arrivals";
constexpr std::uint64_t kVersion = 1;

struct Head {
  std::string magic = kMagic;
  std::uint64_t version = kVersion;
  std::string job;
  template <class F>
  void fields(F& f) {
    f(magic, version, job);
  }
};

struct Piece {
  std::vector<std::uint32_t> workers;
  std::vector<std::uint64_t> reads;
  template <class F>
  void fields(F& f) {
    f(workers, reads);
  }
};

struct End {
  std::uint64_t arrivals = 0;
  std::uint64_t applied = 0;
  std::string iterate_hash;
  template <class F>
  void fields(F& f) {
    f(arrivals, applied, iterate_hash);
  }
};

class Reader {
 public:
  Reader(const Bytes& file, const JobSpec& job, const std::string& name)
      : unpacker_(file.span()), size_(file.size()), job_(job), name_(name) {}

  Arrivals run() {
    read_head();
    for (;;) {
      if (unpacker_.offset() == size_) {
        refuse(
            fmt::format("is cut short: it has {} arrivals and no end. The run that wrote it did not end by "
                        "itself, or the file was not copied whole",
                        arrivals_.all.size()));
      }
      if (read_piece()) return std::move(arrivals_);
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw Error(name_ + " " + why, Fault::kConfig); }

  void read_head() {
    Head head;
    try {
      unpack(unpacker_, head);
    } catch (const DecodeError&) {  // of any other file
      head.magic.clear();
    }
    if (head.magic != kMagic) refuse("is no record of arrivals");
    if (head.version != kVersion) {
      refuse(fmt::format("has version {} of the format; this wisp knows {}", head.version, kVersion));
    }
    if (const std::string own = arrivals_job(job_); head.job != own) {
      refuse(fmt::format("was recorded by another job: by {}, where this is {}", head.job, own));
    }
  }

  // True: it was the end. A piece begins with a BIN, the end with a number.
  bool read_piece() {
    const std::size_t at = unpacker_.offset();
    try {
      const std::size_t size = unpacker_.enter_array();
      if (size == 3) {
        const std::uint64_t count = unpacker_.unsigned_integer();
        arrivals_.applied = unpacker_.unsigned_integer();
        arrivals_.iterate_hash = unpacker_.text();
        unpacker_.leave_array();
        if (count != arrivals_.all.size() || unpacker_.offset() != size_) {
          refuse(fmt::format("has {} arrivals where its end says {}", arrivals_.all.size(), count));
        }
        return true;
      }
      Piece piece;
      unpack(unpacker_, piece.workers);
      unpack(unpacker_, piece.reads);
      unpacker_.leave_array();
      append(piece, at);
      return false;
    } catch (const DecodeError& error) {  // it does not know which file
      refuse(fmt::format("is cut short or changed at byte {}, after {} arrivals: {}", at,
                         arrivals_.all.size(), error.what()));
    }
  }

  void append(const Piece& piece, std::size_t at) {
    if (piece.workers.size() != piece.reads.size()) {
      refuse(fmt::format("is changed at byte {}: {} workers, {} reads", at, piece.workers.size(),
                         piece.reads.size()));
    }
    for (std::size_t i = 0; i < piece.workers.size(); ++i) {
      const Arrival arrival{piece.workers[i], piece.reads[i]};
      const std::uint64_t before = arrivals_.all.size();
      if (arrival.worker >= job_.worker.replicas || arrival.read > before) {
        refuse(fmt::format("is changed: arrival {} is of worker {} at a model of {} updates", before,
                           arrival.worker, arrival.read));
      }
      arrivals_.all.push_back(arrival);
    }
  }

  Unpacker unpacker_;
  const std::size_t size_;
  const JobSpec& job_;
  const std::string& name_;
  Arrivals arrivals_;
};

}  // namespace

std::string arrivals_job(const JobSpec& job) {
  problems::ProblemSpec problem = job.problem;
  problem.data.path.clear();
  problem.optimum = problems::ProblemSpec::Optimum::kUnknown;
  problem.optimum_value = 0;
  Packer packer;
  pack(packer, problem);
  pack(packer, job.method);
  return fmt::format("{} on {}, {} workers, seed {}, {}, settings {}", job.method.kind, job.problem.kind,
                     job.worker.replicas, job.seed, to_string(job.dtype),
                     sha256_hex(packer.finish().span()).substr(0, 12));
}

Bytes ArrivalWriter::begin(const JobSpec& job) {
  Head head;
  head.job = arrivals_job(job);
  return pack(head);
}

void ArrivalWriter::add(Arrival arrival) {
  workers_.push_back(arrival.worker);
  reads_.push_back(arrival.read);
  ++count_;
}

Bytes ArrivalWriter::piece() {
  Piece piece;
  piece.workers.swap(workers_);
  piece.reads.swap(reads_);
  return pack(piece);
}

Bytes ArrivalWriter::end(std::uint64_t applied, const std::string& iterate_hash) {
  Packer packer;
  if (!workers_.empty()) packer.raw(piece().span());
  End end;
  end.arrivals = count_;
  end.applied = applied;
  end.iterate_hash = iterate_hash;
  pack(packer, end);
  return packer.finish();
}

Arrivals read_arrivals(const Bytes& file, const JobSpec& job, const std::string& name) {
  return Reader(file, job, name).run();
}

}  // namespace wisp::actors
