#include "coordinator/app/engine_loop.h"

#include <algorithm>
#include <utility>

namespace optfleet::app {
namespace {

// So that a wall clock that is set back or forward delays a deadline by no more than this.
constexpr Duration kLongestSleep = std::chrono::seconds(1);

// Old events go in portions of a few milliseconds, so that nobody waits for them.
constexpr std::chrono::seconds kBetweenPortions{1};
constexpr std::chrono::seconds kBetweenRounds{600};

// Of these there are never more than threads that expand.
bool GoesOnWithASweep(const engine::Input& input) {
  return std::holds_alternative<engine::AddPoints>(input) ||
         std::holds_alternative<engine::FinishSweep>(input) ||
         std::holds_alternative<engine::AbandonSweep>(input);
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

EngineLoop::EngineLoop(std::unique_ptr<engine::Engine> engine, std::unique_ptr<store::StateStore> store,
                       EngineLoopHooks hooks, Duration keep_events)
    : hooks_(std::move(hooks)),
      keep_events_(keep_events),
      store_(std::move(store)),
      engine_(std::move(engine)),
      thread_([this] { Run(); }) {}

EngineLoop::~EngineLoop() { Stop(); }

bool EngineLoop::Post(engine::Input input, OnAnswer on_answer) {
  {
    const std::lock_guard lock(mutex_);
    const bool of_worker = std::holds_alternative<engine::Synchronize>(input);
    std::deque<Waiting>& queue = of_worker ? of_workers_ : of_people_;
    const bool full = queue.size() >= (of_worker ? kWorkerLimit : kPeopleLimit);
    if (stopping_ || (full && !GoesOnWithASweep(input))) return false;
    queue.push_back({std::move(input), std::move(on_answer), std::chrono::steady_clock::now()});
  }
  changed_.notify_one();
  return true;
}

void EngineLoop::TellHeld(const engine::RecordsHeld& held) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    const auto [waiting, fresh] = held_.try_emplace(held.attempt, held);
    if (!fresh) waiting->second.Join(held);
  }
  changed_.notify_one();
}

bool EngineLoop::Inspect(std::function<void(const engine::Engine&)> look) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || looks_.size() >= kLookLimit) return false;
    looks_.push_back(std::move(look));
  }
  changed_.notify_one();
  return true;
}

void EngineLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

size_t EngineLoop::worker_depth() const {
  const std::lock_guard lock(mutex_);
  return of_workers_.size();
}

size_t EngineLoop::people_depth() const {
  const std::lock_guard lock(mutex_);
  return of_people_.size();
}

size_t EngineLoop::look_depth() const {
  const std::lock_guard lock(mutex_);
  return looks_.size();
}

EngineLoop::Work EngineLoop::WaitForWork() {
  const Time tick = engine_->next_tick();
  const Duration sleep =
      std::clamp<Duration>(tick - std::min(tick, hooks_.now()), Duration(0), kLongestSleep);
  Work work;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, sleep,
                    [this] { return stopping_ || HasInputs() || !held_.empty() || !looks_.empty(); });
  const auto take = [&work](std::deque<Waiting>* queue) {
    work.inputs.push_back(std::move(queue->front()));
    queue->pop_front();
  };
  // Workers first, since leases depend on them; but people are never left out of a batch.
  if (!of_people_.empty()) take(&of_people_);
  while (!of_workers_.empty() && work.inputs.size() < kBatchLimit) take(&of_workers_);
  while (!of_people_.empty() && work.inputs.size() < kBatchLimit) take(&of_people_);
  for (auto& [attempt, held] : std::exchange(held_, {})) work.held.push_back(std::move(held));
  work.looks.assign(std::make_move_iterator(looks_.begin()), std::make_move_iterator(looks_.end()));
  looks_.clear();
  work.last = stopping_ && !HasInputs();
  return work;
}

void EngineLoop::Run() {
  for (bool go_on = true; go_on;) {
    Work work = WaitForWork();
    const bool last = work.last;
    go_on = HandleBatch(std::move(work)) && PruneEvents() && !last;
  }
}

bool EngineLoop::HandleBatch(Work work) {
  engine::Changes changes;
  std::vector<Answered> answers;
  const auto handle = [&](engine::Input input) {
    engine::Effects effects = engine_->Handle(std::move(input), hooks_.now());
    changes.Append(std::move(effects.changes));
    return std::move(effects.answer);
  };
  for (const engine::RecordsHeld& held : work.held) handle(held);
  for (Waiting& waiting : work.inputs) {
    hooks_.handled(SecondsSince(waiting.posted));
    answers.push_back({std::move(waiting.on_answer), handle(std::move(waiting.input))});
  }
  if (engine_->next_tick() <= hooks_.now()) handle(engine::Tick{});
  if (const Status stored = CommitRows(changes); !stored) {
    GiveUp(stored.error(), std::move(answers));
    return false;
  }
  hooks_.happened(changes.events);
  hooks_.committed(changes.attempts);
  hooks_.watched(engine_->watched());
  for (Answered& answered : answers) {
    AddSpecs(&answered.answer);
    answered.on_answer(std::move(answered.answer));
  }
  for (const auto& look : work.looks) look(*engine_);
  hooks_.due(engine_->due_stages());
  return true;
}

bool EngineLoop::PruneEvents() {
  if (keep_events_ == Duration(0) || std::chrono::steady_clock::now() < prune_at_) return true;
  const auto more = store_->PruneEvents(hooks_.now() - keep_events_);
  if (!more.has_value()) {
    GiveUp(more.error(), {});
    return false;
  }
  prune_at_ = std::chrono::steady_clock::now() + (*more ? kBetweenPortions : kBetweenRounds);
  return true;
}

void EngineLoop::AddSpecs(engine::Answer* answer) {
  auto* synchronized = std::get_if<engine::SynchronizeAnswer>(answer);
  if (synchronized == nullptr) return;
  for (engine::DesiredAttempt& desired : synchronized->attempts) {
    if (!desired.with_spec) continue;
    auto spec = store_->SpecOf(desired.attempt.job);
    if (!spec.has_value()) {
      *answer = std::move(spec).error();
      return;
    }
    desired.spec_json = *std::move(spec);
  }
}

Status EngineLoop::CommitRows(const engine::Changes& changes) {
  if (changes.empty()) return {};
  const auto begin = std::chrono::steady_clock::now();
  OPTFLEET_RETURN_IF_ERROR(store_->Commit(changes));
  hooks_.stored(SecondsSince(begin));
  return {};
}

void EngineLoop::GiveUp(const Error& error, std::vector<Answered> answers) {
  std::deque<Waiting> unhandled;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    unhandled.swap(of_people_);
    for (Waiting& waiting : of_workers_) unhandled.push_back(std::move(waiting));
    of_workers_.clear();
    looks_.clear();
  }
  const Error answer(Code::kUnavailable, "the coordinator stops, since it cannot write its state (" +
                                             error.message() +
                                             "); nothing of this call was recorded, repeat it later");
  for (const Answered& answered : answers) answered.on_answer(answer);
  for (const Waiting& waiting : unhandled) waiting.on_answer(answer);
  hooks_.failed(error);
}

}  // namespace optfleet::app
