#include "coordinator/engine/engine.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "coordinator/engine/guards.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/load.h"
#include "coordinator/engine/rungs.h"
#include "coordinator/engine/schedule.h"
#include "coordinator/engine/state.h"
#include "coordinator/engine/totals.h"

namespace optfleet::engine {

Result<std::unique_ptr<Engine>> Engine::Create(const Options& options, SavedState saved, Time now) {
  auto state = LoadState(options, std::move(saved), now);
  if (!state.has_value()) return Fail(std::move(state).error());
  return std::unique_ptr<Engine>(new Engine(std::move(*state)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Effects Engine::Handle(Input input, Time now) {
  State* state = state_.get();
  state->Advance(now);
  FinishWhatCan(state);
  Answer answer;
  Status synchronized;
  std::visit(
      [&](auto& typed) {
        using T = std::decay_t<decltype(typed)>;
        if constexpr (std::is_same_v<T, CreateSweep>) answer = OnCreateSweep(state, std::move(typed));
        if constexpr (std::is_same_v<T, BeginSweep>) answer = OnBeginSweep(state, typed);
        if constexpr (std::is_same_v<T, AddPoints>) answer = OnAddPoints(state, std::move(typed));
        if constexpr (std::is_same_v<T, FinishSweep>) answer = OnFinishSweep(state, typed);
        if constexpr (std::is_same_v<T, AbandonSweep>) answer = OnAbandonSweep(state, typed);
        if constexpr (std::is_same_v<T, CancelSweep>) answer = OnCancelSweep(state, typed);
        if constexpr (std::is_same_v<T, CancelJob>) answer = OnCancelJob(state, typed);
        if constexpr (std::is_same_v<T, CancelJobs>) answer = OnCancelJobs(state, typed);
        if constexpr (std::is_same_v<T, UpdateSweep>) answer = OnUpdateSweep(state, typed);
        if constexpr (std::is_same_v<T, PauseSweep>) answer = OnPauseSweep(state, typed);
        if constexpr (std::is_same_v<T, RetryJobs>) answer = OnRetryJobs(state, typed);
        if constexpr (std::is_same_v<T, ExtendSweep>) answer = OnExtendSweep(state, std::move(typed));
        if constexpr (std::is_same_v<T, BeginExtension>) answer = OnBeginExtension(state, typed);
        if constexpr (std::is_same_v<T, RefuseStage>) answer = OnRefuseStage(state, typed);
        if constexpr (std::is_same_v<T, DrainWorker>) answer = OnDrainWorker(state, typed);
        if constexpr (std::is_same_v<T, PinCheckpoint>) answer = OnPinCheckpoint(state, typed);
        if constexpr (std::is_same_v<T, ExplainJob>) answer = OnExplainJob(state, typed);
        if constexpr (std::is_same_v<T, Synchronize>) synchronized = OnSynchronize(state, typed);
        if constexpr (std::is_same_v<T, RecordsHeld>) OnRecordsHeld(state, typed);
        if constexpr (std::is_same_v<T, Tick>) OnTick(state);
      },
      input);
  SettleGuards(state);
  SettleRungs(state);
  Schedule(state);
  if (const auto* said = std::get_if<Synchronize>(&input)) {
    if (synchronized.has_value()) {
      answer = AnswerTo(*state, *said);
    } else {
      answer = synchronized.error();
    }
  }
  return {state->TakeChanges(), std::move(answer)};
}

Time Engine::next_tick() const {
  if (state_->check_finishing) return state_->clock;
  const Time earliest = state_->deadlines.earliest();
  return earliest == Time::max() ? earliest : earliest - (state_->now - state_->clock);
}

const std::set<std::string>& Engine::due_stages() const { return state_->due_stages; }

const std::map<std::string, std::string>& Engine::watched() const { return state_->watched; }

Census Engine::TakeCensus() const { return engine::TakeCensus(*state_); }

}  // namespace optfleet::engine
