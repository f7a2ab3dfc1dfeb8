#pragma once
// ControlSocket: where a running driver takes requests of its user, and how one is asked.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/process.h"

namespace wisp::cli {

// A socket in the job's private folder; only processes of the driver's own user are heard. A connection is
// one request, a line of JSON, and one answer. A thread of its own serves them, one after another.
class ControlSocket {
 public:
  // Gives the answer, without a newline, within a second or so; called by the thread of this object.
  using Handler = std::function<std::string(const std::string& request)>;

  // Throws Error if it can't be made.
  ControlSocket(const std::filesystem::path& path, Handler handler);
  ~ControlSocket();  // removes it
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  static std::filesystem::path path_in(const std::filesystem::path& runtime_folder) {
    return runtime_folder / "control";
  }

 private:
  void serve();
  void answer(int connection) const;

  const std::filesystem::path path_;
  const Handler handler_;
  Descriptor listener_;
  Descriptor wake_read_;
  Descriptor wake_write_;
  std::thread thread_;
};

// The answer of the driver that listens at `path`. Throws Error (kUnreachable) if nobody listens there, if it
// is another user's, or if no answer comes within `limit`.
std::string ask_driver(const std::filesystem::path& path, const std::string& request,
                       std::chrono::milliseconds limit);

}  // namespace wisp::cli
