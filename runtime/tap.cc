#include "runtime/tap.h"

#include "base/error.h"
#include "runtime/endpoint.h"
#include "runtime/transport.h"

namespace wisp::runtime {

std::string check_tap(const std::string& endpoint) {
  const std::string text = endpoint.find("://") == std::string::npos ? "tcp://" + endpoint : endpoint;
  const auto refuse = [&](const std::string& why) {
    throw Error("cannot copy updates to " + endpoint + ": " + why, Fault::kConfig);
  };
  Endpoint parsed;
  try {
    parsed = Endpoint::parse(text, "cannot copy updates to");
  } catch (const Error& error) {  // what is wrong with it is the job file's fault
    throw Error(error.what(), Fault::kConfig);
  }
  if (parsed.kind == Endpoint::Kind::kIpc) return text;
  if (!parsed.port) refuse("it has no port; give 127.0.0.1:9465");
  if (!is_loopback(parsed.host)) {
    refuse(
        "copies are not encrypted, so they go to a loopback address; from another host, read them through "
        "ssh -L");
  }
  return text;
}

std::unique_ptr<Tap> Transport::open_tap(const std::string& endpoint, const TapLimits& /*limits*/) {
  throw Error("cannot copy updates to " + endpoint + ": this world has no sockets", Fault::kConfig);
}

}  // namespace wisp::runtime
