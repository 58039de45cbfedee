#include "coordinator/rpc/connect.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "common/json.h"
#include "google/rpc/error_details.pb.h"

namespace optfleet::rpc {
namespace {

using google::protobuf::Message;

// Connect specification, "Error codes".
int HttpStatus(Code code) {
  switch (code) {
    case Code::kCancelled:
      return 499;
    case Code::kInvalidArgument:
    case Code::kFailedPrecondition:
    case Code::kOutOfRange:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kAlreadyExists:
    case Code::kAborted:
      return 409;
    case Code::kResourceExhausted:
      return 429;
    case Code::kUnimplemented:
      return 501;
    case Code::kUnavailable:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kUnknown:
    case Code::kInternal:
    case Code::kDataLoss:
      return 500;
  }
  return 500;
}

std::string LowerCodeName(Code code) {
  std::string name(CodeName(code));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "cancelled" ? "canceled" : name;  // Connect's spelling
}

// Without padding, as Connect asks for.
std::string Base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  unsigned buffered = 0;
  for (const char c : bytes) {
    buffered = (buffered << 8u) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text.push_back(kAlphabet[(buffered >> bits) & 63u]);
    }
    buffered &= (1u << bits) - 1;
  }
  if (bits > 0) text.push_back(kAlphabet[(buffered << (6 - bits)) & 63u]);
  return text;
}

template <typename Detail>
void AddDebug(const google::protobuf::Any& any, Json* detail) {
  Detail message;
  std::string json;
  if (!any.Is<Detail>() || !any.UnpackTo(&message)) return;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return;
  (*detail)["debug"] = Json::parse(json, nullptr, false);
}

JsonAnswer ErrorAnswer(const RpcError& error) {
  const google::rpc::Status status = ToRpcStatus(error);
  Json body = {
      {"code", LowerCodeName(error.code)}, {"message", status.message()}, {"details", Json::array()}};
  for (const auto& any : status.details()) {
    const std::string& url = any.type_url();
    Json detail = {{"type", url.substr(url.rfind('/') + 1)}, {"value", Base64(any.value())}};
    AddDebug<google::rpc::ErrorInfo>(any, &detail);
    AddDebug<google::rpc::BadRequest>(any, &detail);
    AddDebug<google::rpc::ResourceInfo>(any, &detail);
    AddDebug<google::rpc::RetryInfo>(any, &detail);
    body["details"].push_back(std::move(detail));
  }
  // A message may quote bytes of a user's file that are no UTF-8; they must not end this process by an
  // exception.
  return {HttpStatus(error.code), body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

JsonAnswer SuccessAnswer(const Message& response) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields =
      true;  // a script should find state and counts also when they are zero
  std::string body;
  const auto status = google::protobuf::util::MessageToJsonString(response, &body, options);
  if (!status.ok()) return ErrorAnswer({Code::kInternal, "RESPONSE_NOT_JSON", status.ToString()});
  return {200, std::move(body)};
}

}  // namespace

bool IsJsonMethod(const MethodTable& methods, std::string_view path) {
  const MethodTable::Method* method = methods.Find(path);
  return method != nullptr && method->json;
}

void CallJson(const MethodTable& methods, std::string_view path, std::string_view body,
              std::function<void(JsonAnswer)> answer) {
  if (!IsJsonMethod(methods, path)) {
    return answer(
        ErrorAnswer({Code::kUnimplemented, "UNKNOWN_METHOD", "there is no method " + std::string(path)}));
  }
  const MethodTable::Method& method = *methods.Find(path);
  const std::unique_ptr<Message> request(method.request->New());
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(body.data(), body.size()), request.get());
  if (!parsed.ok()) {
    return answer(ErrorAnswer(BadField(
        "body", "is not the JSON form of " + request->GetTypeName() + ": " + std::string(parsed.message()))));
  }
  const std::shared_ptr<Message> response(method.response->New());
  methods.Call(path, *request, response.get(),
               [response, answer = std::move(answer)](const std::optional<RpcError>& error) {
                 answer(error ? ErrorAnswer(*error) : SuccessAnswer(*response));
               });
}

}  // namespace optfleet::rpc
