#include "coordinator/rpc/large_sweep.h"

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

}  // namespace

void LargeSweepWriter::Abandon() {
  if (!std::exchange(open_, false)) return;
  static_cast<void>(AwaitLast());
  while (Post(backend_, engine::AbandonSweep{id()}).get().has_value()) {
  }
}

Status LargeSweepWriter::Begin(engine::CreateSweep head) {
  const bool validate_only = head.validate_only;
  return BeginWith(engine::BeginSweep{std::move(head)}, validate_only);
}

Status LargeSweepWriter::Begin(engine::ExtendSweep head) {
  return BeginWith(engine::BeginExtension{std::move(head)}, false);
}

Status LargeSweepWriter::BeginWith(engine::Input input, bool validate_only) {
  auto begun = Post(backend_, std::move(input)).get();
  if (!begun.has_value()) return Fail(std::move(begun).error());
  answer_ = *std::move(begun);
  open_ = !answer_.repeated && !validate_only;
  return {};
}

Status LargeSweepWriter::Add(engine::AddPoints part) {
  OPTFLEET_RETURN_IF_ERROR(AwaitLast());
  part.sweep_id = id();
  last_ = Post(backend_, std::move(part));
  return {};
}

Status LargeSweepWriter::Finish(int32_t merged_points) {
  OPTFLEET_RETURN_IF_ERROR(AwaitLast());
  auto finished = Post(backend_, engine::FinishSweep{id(), merged_points}).get();
  if (!finished.has_value()) return Fail(std::move(finished).error());
  answer_ = *std::move(finished);
  open_ = false;
  return {};
}

Status LargeSweepWriter::AwaitLast() {
  if (!last_.valid()) return {};
  auto answer = last_.get();
  return answer.has_value() ? Status() : Fail(std::move(answer).error());
}

}  // namespace optfleet::rpc
