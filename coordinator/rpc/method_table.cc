#include "coordinator/rpc/method_table.h"

#include <chrono>

namespace optfleet::rpc {

const MethodTable::Method* MethodTable::Find(std::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : &found->second;
}

void MethodTable::Call(std::string_view path, const Message& request, Message* response, Done done) const {
  const auto found = methods_.find(path);
  if (found == methods_.end()) {
    return done(RpcError{Code::kUnimplemented, "UNKNOWN_METHOD", "there is no method " + std::string(path)});
  }
  const auto begin = std::chrono::steady_clock::now();
  const std::string& name = found->first;
  found->second.run(request, response,
                    [this, &name, begin, done = std::move(done)](std::optional<RpcError> error) {
                      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
                      observer_(name, error ? CodeName(error->code) : "OK", elapsed.count());
                      done(std::move(error));
                    });
}

}  // namespace optfleet::rpc
