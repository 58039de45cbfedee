#include "coordinator/rpc/method_table.h"

#include <chrono>

namespace optfleet::rpc {
namespace {

RpcError Injected(Code code, const std::string& what) {
  return {code, "INJECTED_FAULT", "a fault was asked for (--fault): the request was " + what};
}

}  // namespace

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
  // Counts what the caller hears, faults included.
  Done answer = [this, &name, begin, done = std::move(done)](std::optional<RpcError> error) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    observer_(name, error ? CodeName(error->code) : "OK", elapsed.count());
    done(std::move(error));
  };
  if (const auto fault = faults_ == nullptr ? std::nullopt : faults_->Draw(path)) {
    if (*fault == FaultKind::kRequestLost) return answer(Injected(Code::kUnavailable, "lost"));
    const Code code = *fault == FaultKind::kAnswerLost ? Code::kDeadlineExceeded : Code::kUnavailable;
    answer = [code, answer = std::move(answer)](const std::optional<RpcError>&) {
      answer(Injected(code, "carried out"));
    };
  }
  found->second.run(request, response, std::move(answer));
}

}  // namespace optfleet::rpc
