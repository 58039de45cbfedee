// The methods of all services by their path ("/optfleet.v1.SweepService/GetSweep"), so that gRPC and JSON
// over HTTP reach the same handlers and every call is counted in one place.
//
// Filled once at start, read-only afterwards; Call may then be used from any thread. A handler must not
// block: it reads the request before it returns and gives its reply exactly once, then or later, from any
// thread.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/rpc/faults.h"
#include "coordinator/rpc/rpc_error.h"

namespace optfleet::rpc {

template <typename Response>
using Reply = std::function<void(RpcResult<Response>)>;

class MethodTable {
 public:
  using Message = google::protobuf::Message;
  using Done = std::function<void(std::optional<RpcError>)>;
  // `code` is "OK" or the name of the error's code.
  using Observer = std::function<void(std::string_view path, std::string_view code, double seconds)>;

  struct Method {
    const Message* request;  // prototypes, owned by protobuf
    const Message* response;
    bool json;  // reachable as JSON over HTTP
    std::function<void(const Message&, Message*, Done)> run;
  };

  explicit MethodTable(Observer observer) : observer_(std::move(observer)) {}

  template <typename Request, typename Response>
  void Add(std::string path, bool json, std::function<void(const Request&, Reply<Response>)> handler) {
    methods_[std::move(path)] = {
        &Request::default_instance(), &Response::default_instance(), json,
        [handler = std::move(handler)](const Message& request, Message* response, Done done) {
          handler(static_cast<const Request&>(request),
                  [response, done = std::move(done)](RpcResult<Response> result) {
                    if (!result) return done(std::move(result).error());
                    *static_cast<Response*>(response) = *std::move(result);
                    done(std::nullopt);
                  });
        }};
  }

  // Some calls go wrong from now on. Before the first Call; `faults` must outlive the table.
  void Disturb(Faults* faults) { faults_ = faults; }

  // Null if there is no such method.
  const Method* Find(std::string_view path) const;

  // `request` must live until Call returns, `response` until `done` is called. `response` is only written on
  // success. An unknown path is UNIMPLEMENTED.
  void Call(std::string_view path, const Message& request, Message* response, Done done) const;

 private:
  Observer observer_;
  Faults* faults_ = nullptr;
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace optfleet::rpc
