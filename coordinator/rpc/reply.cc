#include "coordinator/rpc/reply.h"

#include "coordinator/rpc/limits.h"

namespace optfleet::rpc {

RpcError AboutResource(const Error& error, std::string_view type, const std::string& name) {
  RpcError result = FromError(error);
  if (error.code() == Code::kNotFound) {
    result = NotFound(type, name);
    if (!error.message().empty()) result.message = error.message();
  } else if (error.code() == Code::kAlreadyExists) {
    result.reason = "RESOURCE_ALREADY_EXISTS";
    result.metadata["name"] = name;
    result.resource_type = std::string(type);
    result.resource_name = name;
  }
  return result;
}

std::optional<RpcError> CheckText(std::string_view field, const std::string& text, size_t limit) {
  if (text.size() <= limit) return std::nullopt;
  return BadField(std::string(field), "must have at most " + std::to_string(limit) + " bytes, found " +
                                          std::to_string(text.size()));
}

std::optional<RpcError> CheckRequestId(const std::string& id) {
  return CheckText("request_id", id, kMaxRequestIdBytes);
}

namespace {

RpcError BadName(std::string_view field, const std::string& name, std::string_view form) {
  return BadField(std::string(field),
                  "must be " + std::string(form) + ", found \"" + name.substr(0, 200) + "\"");
}

}  // namespace

RpcResult<std::string> SweepIdFrom(std::string_view field, const std::string& name) {
  if (auto id = ParseSweepResource(name)) return *std::move(id);
  return tl::make_unexpected(BadName(field, name, "sweeps/ID"));
}

RpcResult<JobName> JobNameFrom(std::string_view field, const std::string& name) {
  if (auto parsed = ParseJobResource(name)) return *std::move(parsed);
  return tl::make_unexpected(BadName(field, name, "sweeps/ID/jobs/NUMBER"));
}

RpcResult<std::string> WorkerIdFrom(std::string_view field, const std::string& name) {
  if (auto id = ParseWorkerResource(name)) return *std::move(id);
  return tl::make_unexpected(BadName(field, name, "workers/ID"));
}

RpcResult<AttemptName> AttemptNameFrom(std::string_view field, const std::string& name) {
  if (auto parsed = ParseAttemptResource(name)) return *std::move(parsed);
  return tl::make_unexpected(BadName(field, name, "sweeps/ID/jobs/NUMBER/attempts/NUMBER"));
}

}  // namespace optfleet::rpc
