#include "worker/rpc/endpoint.h"

#include "common/json.h"
#include "common/rundir/documents.h"

namespace optfleet::worker {

Result<std::string> Endpoint::Resolve() const {
  if (!address.empty()) return address;
  const auto text = rundir::ReadWholeFile(file);
  if (!text)
    return Fail(Code::kUnavailable,
                "no coordinator has written its address yet (" + text.error().message() + ")");
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("grpc") || !json["grpc"].is_string())
    return Fail(Code::kUnavailable, file + " does not name an address under `grpc`");
  return json["grpc"].get<std::string>();
}

}  // namespace optfleet::worker
