// What a service answers instead of a response: a canonical code, one clear sentence, and details that a
// program can act on (AIP-193). Every error carries an ErrorInfo {reason, domain "optfleet", metadata}; the
// other details appear when their fields are set. Plain values; the functions are pure.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "google/rpc/status.pb.h"

namespace optfleet::rpc {

struct FieldViolation {
  std::string field;  // path in the request, "sweep.files[0]:7:3"
  std::string description;
};

struct RpcError {
  Code code = Code::kInternal;
  std::string reason;  // UPPER_SNAKE, at most 63 characters; part of the API: clients compare it
  std::string message;
  std::map<std::string, std::string> metadata = {};  // the varying parts of the message, by name
  std::vector<FieldViolation> violations = {};       // BadRequest
  std::string resource_type = {};                    // ResourceInfo, "optfleet.v1.Sweep"
  std::string resource_name = {};
  std::optional<std::chrono::milliseconds> retry_after = {};  // RetryInfo
};

template <typename T>
using RpcResult = tl::expected<T, RpcError>;

// An error of the code below the services: its reason is the name of its code.
RpcError FromError(const Error& error);

// NOT_FOUND with ResourceInfo. `type` is a message of the wire, "optfleet.v1.Sweep".
RpcError NotFound(std::string_view type, std::string_view name);
// INVALID_ARGUMENT about one field of the request.
RpcError BadField(std::string field, std::string description);
// RESOURCE_EXHAUSTED: the bounded queue `queue` is full, nothing was done, the same call can be repeated.
RpcError Overloaded(std::string_view queue, std::chrono::milliseconds retry_after);

// The message and the details, cut so that both fit into a client's default limit of 8 KiB of trailing
// metadata: the message is cut at a line, violations that do not fit are left out and counted in metadata
// "violations_left_out".
google::rpc::Status ToRpcStatus(const RpcError& error);
grpc::Status ToGrpcStatus(const RpcError& error);

}  // namespace optfleet::rpc
