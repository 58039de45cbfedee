#include "tests/coordinator/simulation/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "coordinator/engine/invariants.h"
#include "coordinator/engine/state.h"

namespace optfleet::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kTick = milliseconds(250);

// Everything that a restart must not change. Leases are granted anew, and the silence of workers is counted
// anew.
std::string Essence(const engine::State& state) {
  std::string text;
  for (const auto& [id, sweep] : state.sweeps) {
    text += id + ' ' + std::string(Name(sweep.row.state)) + ' ' + std::to_string(sweep.ended.total()) + ' ' +
            std::to_string(sweep.ended_steps) + ' ' + std::to_string(sweep.ended.best_job.value_or(0)) + '\n';
  }
  for (const auto& [name, job] : state.jobs) {
    const domain::JobStatus& s = job.row.status;
    text += ToResource(name) + ' ' + std::string(Name(s.state)) + ' ' + s.reason + ' ' + s.worker + ' ' +
            s.bound_worker + ' ' + std::to_string(s.failures) + ' ' + std::to_string(s.stop.has_value()) +
            ' ' + std::to_string(state.queue.Contains(job.row)) + '\n';
    for (const auto& [number, attempt] : job.attempts) {
      domain::Attempt row = attempt.row;
      row.lease_time.reset();
      text += "  " + std::to_string(number) + ' ' + std::string(Name(row.state)) + ' ' + row.worker + ' ' +
              row.reason + ' ' + std::to_string(row.parent) + ' ' + std::to_string(row.resume_record) + ' ' +
              std::to_string(row.checkpoint_step) + ' ' + std::to_string(row.record_limit) + ' ' +
              std::to_string(attempt.held_record) + ' ' + std::to_string(row.reported.has_value()) + '\n';
    }
  }
  for (const auto& [id, worker] : state.workers) {
    text += id + ' ' + std::string(Name(worker.row.state)) + ' ' + std::to_string(worker.attempts.size()) +
            ' ' + std::to_string(worker.row.session) + '\n';
  }
  return text + std::to_string(state.requests.size());
}

}  // namespace

double ValueOf(const JobName& job, int64_t step) { return 10.0 / static_cast<double>(step + job.job); }

World::World(const WorldOptions& options)
    : options_(options), random_(options.seed), faults_(options.faults) {
  engine_options_.lease = seconds(20);
  for (int i = 0; i < options.workers; ++i) {
    const std::string id = "w" + std::to_string(i);
    workers_.emplace(id, SimulatedWorker(id, 1 + static_cast<int>(random_() % 3), random_()));
  }
  StartCoordinator();
}

void World::StartCoordinator() {
  const bool on_disk = options_.folder != ":memory:";
  if (on_disk || state_ == nullptr) {
    state_.reset();
    metrics_.reset();
    state_ = std::move(store::StateStore::Open({options_.folder, {}}).value());
    metrics_ = std::move(store::MetricsStore::Open({options_.folder, {}}).value());
  }
  engine::SavedState saved = std::move(state_->Load().value());
  ASSERT_TRUE(metrics_->Link(saved.attempts).has_value());
  saved.held = metrics_->Held(saved.attempts).value();
  auto engine = engine::Engine::Create(engine_options_, std::move(saved), now_);
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  engine_ = std::move(*engine);
}

// What the engine holds is what it would hold if it began now.
void World::CompareWithReloaded() {
  engine::SavedState saved = std::move(state_->Load().value());
  saved.held = metrics_->Held(saved.attempts).value();
  auto reloaded = engine::Engine::Create(engine_options_, std::move(saved), now_);
  ASSERT_TRUE(reloaded.has_value()) << reloaded.error().message();
  EXPECT_EQ(Essence(engine_->state()), Essence((*reloaded)->state()));
}

void World::Send(const std::string& worker, decltype(Message::content) content) {
  if (faults_ && now_ < cut_off_until_[worker]) return;
  const int copies = !faults_ ? 1 : Chance(0.1) ? 0 : Chance(0.1) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const int64_t delay = faults_ && Chance(0.2) ? static_cast<int64_t>(random_() % 8000) : 20;
    network_.push({now_ + milliseconds(delay), ++order_, worker, content});
  }
}

void World::Deliver() {
  while (!network_.empty() && network_.top().time <= now_) {
    Message message = network_.top();
    network_.pop();
    SimulatedWorker& worker = workers_.at(message.worker);
    if (const auto* answer = std::get_if<AnswerOfCall>(&message.content)) {
      worker.Hear(*answer);
    } else if (const auto* held = std::get_if<engine::RecordsHeld>(&message.content)) {
      worker.Hear(*held);
    } else if (engine_ != nullptr) {
      inbox_.push_back(std::move(message));
    }
  }
}

void World::Commit(engine::Changes changes) {
  const Status done = state_->Commit(changes);
  ASSERT_TRUE(done.has_value()) << done.error().message();
  ASSERT_TRUE(metrics_->Link(changes.attempts).has_value());
  for (const domain::Attempt& attempt : changes.attempts) attempts_[attempt.name] = attempt;
  for (const engine::NewSweep& sweep : changes.new_sweeps) {
    for (const domain::JobDefinition& job : sweep.jobs) jobs_[job.name];
  }
  for (const auto& [name, status] : changes.jobs) {
    domain::JobStatus& kept = jobs_.at(name);
    if (kept.state == domain::JobState::kEnded) {
      EXPECT_EQ(kept, status) << ToResource(name) << ": final is final";
    }
    kept = status;
  }
}

// One round of the coordinator's loop: a batch of inputs, one commit, then the answers. It may crash before
// the commit, or between the commit and the answers.
void World::RunCoordinator() {
  std::vector<Message> batch = std::exchange(inbox_, {});
  std::vector<store::RecordBatch> records;
  for (Message& message : batch) {
    if (auto* one = std::get_if<store::RecordBatch>(&message.content)) records.push_back(*one);
  }
  const auto held = metrics_->Append(records);
  ASSERT_TRUE(held.has_value()) << held.error().message();
  if (faults_ && Chance(0.003)) return engine_.reset();

  engine::Changes changes;
  std::vector<std::pair<std::string, decltype(Message::content)>> answers;
  const auto handle = [&](const engine::Input& input) {
    engine::Effects effects = engine_->Handle(input, now_);
    CheckInvariants();
    changes.Append(std::move(effects.changes));
    return std::move(effects.answer);
  };
  for (const engine::RecordsHeld& one : *held) handle(one);
  for (Message& message : batch) {
    if (auto* said = std::get_if<engine::Synchronize>(&message.content)) {
      engine::Answer answer = handle(*said);
      if (auto* good = std::get_if<engine::SynchronizeAnswer>(&answer)) {
        answers.emplace_back(message.worker, AnswerOfCall{said->session, said->sequence, *good});
      }
    } else if (auto* one = std::get_if<store::RecordBatch>(&message.content)) {
      for (const engine::RecordsHeld& h : *held) {
        if (h.attempt == one->attempt) answers.emplace_back(message.worker, h);
      }
    }
  }
  if (engine_->next_tick() <= now_) handle(engine::Tick{});
  if (faults_ && Chance(0.003)) return engine_.reset();
  Commit(std::move(changes));
  if (faults_ && Chance(0.003)) return engine_.reset();
  for (auto& [worker, content] : answers) Send(worker, std::move(content));
}

void World::CheckInvariants() {
  const auto violations = engine::Violations(engine_->state());
  ASSERT_TRUE(violations.empty()) << violations.front();
}

void World::Submit() {
  engine::CreateSweep sweep;
  sweep.sweep_id = "s" + std::to_string(++submitted_);
  sweep.request_id = "request-" + std::to_string(submitted_);
  sweep.display_name = sweep.sweep_id;
  for (int i = 1; i <= options_.jobs / 2; ++i) {
    engine::Point point;
    point.spec_json = "{}";
    point.spec_hash = std::to_string(i);
    point.total_steps = kSteps;
    sweep.points.push_back(point);
  }
  for (int copy = 0; copy < 2; ++copy) Commit(engine_->Handle(sweep, now_).changes);
}

void World::Disturb() {
  for (auto& [id, worker] : workers_) {
    if (Chance(0.004)) worker.RestartProcess();
    if (Chance(0.002)) worker.CrashMachine();
    // For longer than a lease more often than not.
    if (Chance(0.003)) cut_off_until_[id] = now_ + seconds(random_() % 60);
  }
  if (engine_ != nullptr && Chance(0.002) && !jobs_.empty()) {
    engine::CancelJob cancel;
    cancel.job = std::next(jobs_.begin(), static_cast<int64_t>(random_() % jobs_.size()))->first;
    Commit(engine_->Handle(cancel, now_).changes);
  }
}

void World::Step() {
  now_ += kTick;
  if (faults_) Disturb();
  for (auto& [id, worker] : workers_) {
    worker.Train(faults_);
    EXPECT_EQ(worker.DoubleBooked(), 0) << id;
    if (now_.time_since_epoch() % seconds(1) != seconds(0)) continue;
    Send(id, worker.Say());
    for (store::RecordBatch& batch : worker.Records(now_)) Send(id, std::move(batch));
  }
  if (engine_ == nullptr && now_ >= down_until_) StartCoordinator();
  Deliver();
  if (engine_ == nullptr) return;
  RunCoordinator();
  if (engine_ == nullptr) {
    inbox_.clear();
    // Sometimes for longer than a lease.
    down_until_ = now_ + seconds(random_() % (Chance(0.2) ? 60 : 5));
  }
}

bool World::AllEnded() const {
  return std::all_of(jobs_.begin(), jobs_.end(),
                     [](const auto& job) { return job.second.state == domain::JobState::kEnded; });
}

bool World::Run(int chaos, int patience) {
  Submit();
  const Time quiet = now_ + seconds(chaos);
  const Time end = quiet + seconds(patience);
  while (now_ < end && !testing::Test::HasFatalFailure()) {
    if (now_ >= quiet) faults_ = false;
    if (submitted_ < 2 && engine_ != nullptr && now_ > Time(seconds(chaos / 3))) Submit();
    Step();
    if (engine_ != nullptr && Chance(0.01)) CompareWithReloaded();
    if (now_ >= quiet && submitted_ == 2 && AllEnded()) break;
  }
  if (engine_ == nullptr) StartCoordinator();
  CompareWithReloaded();
  if (!AllEnded()) ADD_FAILURE() << "still open:\n" << Essence(engine_->state());
  return AllEnded();
}

}  // namespace optfleet::simulation
