#include "coordinator/rpc/large_sweep.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace optfleet::rpc {
namespace {

using Answered = std::future<Result<engine::SweepAnswer>>;

// Waits while the engine's queue is full: a sweep that has begun goes on.
Answered Post(Backend* backend, const engine::Input& input) {
  constexpr std::chrono::milliseconds kPause{5};
  constexpr std::chrono::seconds kPatience{10};
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    auto promise = std::make_shared<std::promise<Result<engine::SweepAnswer>>>();
    Answered answered = promise->get_future();
    const bool taken = backend->Post(input, [promise](engine::Answer answer) {
      if (auto* error = std::get_if<Error>(&answer)) return promise->set_value(Fail(std::move(*error)));
      if (auto* sweep = std::get_if<engine::SweepAnswer>(&answer))
        return promise->set_value(std::move(*sweep));
      promise->set_value(Fail(Code::kInternal, "the engine gave an answer of another kind"));
    });
    if (taken) return answered;
    if (std::chrono::steady_clock::now() > end) {
      promise->set_value(Fail(Code::kResourceExhausted, "the engine's queue is full; repeat the call later"));
      return answered;
    }
    std::this_thread::sleep_for(kPause);
  }
}

void Abandon(Backend* backend, const std::string& id) {
  while (Post(backend, engine::AbandonSweep{id}).get().has_value()) {
  }
}

}  // namespace

Result<LargeSweep> WriteLargeSweep(Backend* backend, engine::CreateSweep head, size_t count,
                                   const std::function<std::vector<engine::Point>(size_t, size_t)>& points) {
  const bool validate_only = head.validate_only;
  auto begun = Post(backend, engine::BeginSweep{std::move(head)}).get();
  if (!begun.has_value()) return Fail(std::move(begun).error());
  if (begun->repeated || validate_only) return LargeSweep{begun->sweep_id, true};
  const std::string id = begun->sweep_id;
  std::optional<Answered> before;
  for (size_t first = 0; first < count; first += kMostPointsAtOnce) {
    engine::AddPoints part{id, points(first, std::min(kMostPointsAtOnce, count - first))};
    if (before) {
      if (auto written = before->get(); !written.has_value()) {
        Abandon(backend, id);
        return Fail(std::move(written).error());
      }
    }
    before = Post(backend, std::move(part));
  }
  if (auto written = before->get(); !written.has_value()) {
    Abandon(backend, id);
    return Fail(std::move(written).error());
  }
  return LargeSweep{id, false};
}

}  // namespace optfleet::rpc
