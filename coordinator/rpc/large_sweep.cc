#include "coordinator/rpc/large_sweep.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

namespace optfleet::rpc {
namespace {

using Answered = std::future<Result<engine::SweepAnswer>>;

Answered Post(Backend* backend, engine::Input input) {
  auto promise = std::make_shared<std::promise<Result<engine::SweepAnswer>>>();
  const bool taken = backend->Post(std::move(input), [promise](engine::Answer answer) {
    if (auto* error = std::get_if<Error>(&answer)) return promise->set_value(Fail(std::move(*error)));
    if (auto* sweep = std::get_if<engine::SweepAnswer>(&answer)) return promise->set_value(std::move(*sweep));
    promise->set_value(Fail(Code::kInternal, "the engine gave an answer of another kind"));
  });
  if (!taken)
    promise->set_value(
        Fail(Code::kResourceExhausted, "the engine takes no more work; repeat the call later"));
  return promise->get_future();
}

Status StatusOf(Answered answered) {
  auto answer = answered.get();
  return answer.has_value() ? Status() : Fail(std::move(answer).error());
}

// The next part is made while the engine writes the one before.
Status WriteParts(Backend* backend, const std::string& id, size_t count, const PointsFrom& points) {
  Answered before;
  for (size_t first = 0; first < count; first += kMostPointsAtOnce) {
    engine::AddPoints part{id, points(first, std::min(kMostPointsAtOnce, count - first))};
    if (before.valid()) OPTFLEET_RETURN_IF_ERROR(StatusOf(std::move(before)));
    before = Post(backend, std::move(part));
  }
  if (before.valid()) OPTFLEET_RETURN_IF_ERROR(StatusOf(std::move(before)));
  return StatusOf(Post(backend, engine::FinishSweep{id}));
}

void Abandon(Backend* backend, const std::string& id) {
  while (Post(backend, engine::AbandonSweep{id}).get().has_value()) {
  }
}

}  // namespace

Result<std::string> WriteLargeSweep(Backend* backend, engine::CreateSweep head, size_t count,
                                    const PointsFrom& points) {
  const bool validate_only = head.validate_only;
  auto begun = Post(backend, engine::BeginSweep{std::move(head)}).get();
  if (!begun.has_value()) return Fail(std::move(begun).error());
  if (begun->repeated || validate_only) return begun->sweep_id;
  if (Status written = WriteParts(backend, begun->sweep_id, count, points); !written) {
    Abandon(backend, begun->sweep_id);
    return Fail(std::move(written).error());
  }
  return begun->sweep_id;
}

}  // namespace optfleet::rpc
