// What most handlers do: read from the store on a reading thread, or wait for the engine and then read.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/method_table.h"

namespace optfleet::rpc {

// How long a client should wait before it repeats a call that met a full queue.
inline constexpr std::chrono::milliseconds kRetryRead{200};
inline constexpr std::chrono::milliseconds kRetryInput{500};

template <typename Response>
void ReplyError(const Reply<Response>& reply, RpcError error) {
  reply(tl::make_unexpected(std::move(error)));
}

// `read` runs on a reading thread and makes the whole response.
template <typename Response>
void ReplyFromRead(Backend* backend, const Reply<Response>& reply,
                   std::function<RpcResult<Response>(store::ReadStore&)> read) {
  const bool taken =
      backend->Read([reply, read = std::move(read)](store::ReadStore& store) { reply(read(store)); });
  if (!taken) ReplyError(reply, Overloaded("read", kRetryRead));
}

// `then` gets the engine's answer of the type that the input leads to; errors are converted by `convert` and
// replied.
template <typename Expected, typename Response>
void ReplyFromEngine(Backend* backend, engine::Input input, const Reply<Response>& reply,
                     std::function<RpcError(const Error&)> convert, std::function<void(Expected)> then) {
  const bool taken = backend->Post(
      std::move(input), [reply, convert = std::move(convert), then = std::move(then)](engine::Answer answer) {
        if (const auto* error = std::get_if<Error>(&answer)) return ReplyError(reply, convert(*error));
        auto* expected = std::get_if<Expected>(&answer);
        if (expected == nullptr) {
          return ReplyError(
              reply, RpcError{Code::kInternal, "WRONG_ANSWER", "the engine gave an answer of another kind"});
        }
        then(std::move(*expected));
      });
  if (!taken) ReplyError(reply, Overloaded("engine", kRetryInput));
}

// An error about one resource: NOT_FOUND and ALREADY_EXISTS get their ResourceInfo.
RpcError AboutResource(const Error& error, std::string_view type, const std::string& name);

// Checks of fields that several requests share; each returns the error or nothing.
std::optional<RpcError> CheckText(std::string_view field, const std::string& text, size_t limit);
std::optional<RpcError> CheckRequestId(const std::string& id);

// The parsed name of field `field`, or INVALID_ARGUMENT with the form that was expected.
RpcResult<std::string> SweepIdFrom(std::string_view field, const std::string& name);
RpcResult<JobName> JobNameFrom(std::string_view field, const std::string& name);
RpcResult<AttemptName> AttemptNameFrom(std::string_view field, const std::string& name);
RpcResult<std::string> WorkerIdFrom(std::string_view field, const std::string& name);

inline constexpr const char* kSweepType = "optfleet.v1.Sweep";
inline constexpr const char* kJobType = "optfleet.v1.Job";
inline constexpr const char* kWorkerType = "optfleet.v1.Worker";
inline constexpr const char* kAttemptType = "optfleet.v1.Attempt";

}  // namespace optfleet::rpc
