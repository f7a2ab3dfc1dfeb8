#include "cli/recording.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "actors/arrivals.h"
#include "base/error.h"

namespace wisp::cli {
namespace {

Bytes whole_file(const config::Experiment& experiment, const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw experiment.error("replay", "cannot read " + path + ": " + std::strerror(errno));
  return Bytes::copy(std::as_bytes(std::span(content)));
}

}  // namespace

actors::Recording recording_of(const config::Experiment& experiment) {
  const actors::JobSpec& job = experiment.job;
  actors::Recording recording;
  if (!job.replay.empty()) {
    recording.replay = whole_file(experiment, job.replay);
    try {
      (void)actors::read_arrivals(recording.replay, job, job.replay);
    } catch (const Error& error) {  // it does not know where the file was named
      throw experiment.error("replay", error.what());
    }
  }
  if (!job.record.empty()) {
    auto file = std::make_shared<std::ofstream>(job.record, std::ios::binary | std::ios::trunc);
    if (!*file) throw experiment.error("record", "cannot write " + job.record + ": " + std::strerror(errno));
    recording.on_record = [file, path = job.record](const Bytes& piece) {
      file->write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
      if (!file->flush()) throw Error("cannot write " + path + ": " + std::strerror(errno));
    };
  }
  return recording;
}

}  // namespace wisp::cli
