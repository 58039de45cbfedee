#include "coordinator/rpc/rpc_error.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "common/text.h"
#include "google/rpc/error_details.pb.h"

namespace optfleet::rpc {
namespace {

constexpr std::string_view kDomain = "optfleet";
// Together below 8 KiB on the wire, where details grow by a third (base64) and line ends of the message to
// three characters.
constexpr size_t kMaxMessageBytes = 1500;
constexpr size_t kMaxViolationBytes = 2000;
constexpr size_t kMaxMetadataValue = 256;

// A message may quote bytes of a user's file; protobuf strings must be UTF-8.
std::string ValidUtf8(std::string_view text) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    const bool malformed = point.bytes == 1 && point.value > 127;
    valid += malformed ? std::string_view("?") : text.substr(at, point.bytes);
    at += point.bytes;
  }
  return valid;
}

std::string CutAtLine(const std::string& raw, size_t limit) {
  const std::string text = ValidUtf8(raw);
  if (text.size() <= limit) return text;
  size_t end = text.rfind('\n', limit);
  if (end == std::string::npos || end == 0) {
    end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u)
      --end;  // not inside a UTF-8 character
  }
  return text.substr(0, end) + "\n...";
}

size_t AddViolations(const std::vector<FieldViolation>& violations, google::rpc::BadRequest* bad_request) {
  size_t bytes = 0;
  size_t added = 0;
  for (const FieldViolation& violation : violations) {
    bytes += violation.field.size() + violation.description.size() + 8;
    if (bytes > kMaxViolationBytes && added > 0) break;
    auto* wire = bad_request->add_field_violations();
    wire->set_field(CutAtLine(violation.field, kMaxMetadataValue));
    wire->set_description(CutAtLine(violation.description, kMaxViolationBytes / 2));
    ++added;
  }
  return violations.size() - added;
}

}  // namespace

RpcError FromError(const Error& error) {
  return {.code = error.code(), .reason = std::string(CodeName(error.code())), .message = error.message()};
}

RpcError NotFound(std::string_view type, std::string_view name) {
  RpcError error{.code = Code::kNotFound,
                 .reason = "RESOURCE_NOT_FOUND",
                 .message = std::string(name) + " does not exist"};
  error.metadata["name"] = std::string(name);
  error.resource_type = std::string(type);
  error.resource_name = std::string(name);
  return error;
}

RpcError BadField(std::string field, std::string description) {
  RpcError error{
      .code = Code::kInvalidArgument, .reason = "INVALID_FIELD", .message = field + " " + description};
  error.metadata["field"] = field;
  error.violations.push_back({std::move(field), std::move(description)});
  return error;
}

RpcError Overloaded(std::string_view queue, std::chrono::milliseconds retry_after) {
  RpcError error{.code = Code::kResourceExhausted,
                 .reason = "QUEUE_FULL",
                 .message = "the coordinator's " + std::string(queue) +
                            " queue is full; nothing was done, call again later"};
  error.metadata["queue"] = std::string(queue);
  error.retry_after = retry_after;
  return error;
}

google::rpc::Status ToRpcStatus(const RpcError& error) {
  google::rpc::BadRequest bad_request;
  const size_t left_out = AddViolations(error.violations, &bad_request);

  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain(std::string(kDomain));
  for (const auto& [key, value] : error.metadata)
    (*info.mutable_metadata())[key] = CutAtLine(value, kMaxMetadataValue);
  if (left_out > 0) (*info.mutable_metadata())["violations_left_out"] = std::to_string(left_out);

  google::rpc::Status status;
  status.set_code(static_cast<int>(error.code));
  status.set_message(CutAtLine(error.message, kMaxMessageBytes));
  status.add_details()->PackFrom(info);
  if (bad_request.field_violations_size() > 0) status.add_details()->PackFrom(bad_request);
  if (!error.resource_name.empty()) {
    google::rpc::ResourceInfo resource;
    resource.set_resource_type(error.resource_type);
    resource.set_resource_name(CutAtLine(error.resource_name, kMaxMetadataValue));
    status.add_details()->PackFrom(resource);
  }
  if (error.retry_after) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() =
        google::protobuf::util::TimeUtil::MillisecondsToDuration(error.retry_after->count());
    status.add_details()->PackFrom(retry);
  }
  return status;
}

grpc::Status ToGrpcStatus(const RpcError& error) {
  const google::rpc::Status status = ToRpcStatus(error);
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

}  // namespace optfleet::rpc
