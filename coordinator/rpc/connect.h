// Unary calls as JSON over plain HTTP, by the rules of the Connect protocol: POST
// /optfleet.v1.SweepService/GetSweep with content type application/json and the request as protobuf JSON;
// answers 200 and the response, or an HTTP status that fits the code and
// {"code": "not_found", "message": "...", "details": [{"type": "google.rpc.ErrorInfo", "value": base64,
// "debug": {...}}]}. Streaming is not offered.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "coordinator/rpc/method_table.h"

namespace optfleet::rpc {

struct JsonAnswer {
  int http_status = 200;
  std::string body;
};

// Whether `path` names a method that is offered as JSON.
bool IsJsonMethod(const MethodTable& methods, std::string_view path);

// Answers exactly once, possibly on another thread. `methods` must outlive the answer.
void CallJson(const MethodTable& methods, std::string_view path, std::string_view body,
              std::function<void(JsonAnswer)> answer);

}  // namespace optfleet::rpc
