// A worker without a machine: a hand-moved clock, run directories that the story writes itself, and a
// coordinator that says what the story says. After each input the invariants of the engine are checked; a
// story in which none was ever checked fails.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "worker/engine/engine.h"

namespace optfleet::worker {

inline AttemptKey Key(int job, int attempt = 1) {
  return {"sweeps/s/jobs/" + std::to_string(job) + "/attempts/" + std::to_string(attempt), {1, attempt}};
}

inline EngineOptions TwoSlots() {
  EngineOptions options;
  options.slots = {{0, false, 1, 100, "", "cpu"}, {1, false, 1, 100, "", "cpu"}};
  return options;
}

class WorkerStory {
 public:
  explicit WorkerStory(EngineOptions options = TwoSlots()) : options_(options), engine_(options, now_) {}
  ~WorkerStory() { EXPECT_GT(checks_, 0) << "the invariants were never checked"; }

  // --- the world

  // A run directory as it would be after the event; the next Scan shows it.
  DirectoryFacts& Folder(const AttemptKey& key) { return folders_.at(key); }
  bool HasFolder(const AttemptKey& key) const { return folders_.contains(key); }
  void PutFolder(const AttemptKey& key, int slot) {
    DirectoryFacts facts;
    facts.folder = "/root/" + key.attempt;
    facts.job.attempt = key.attempt;
    facts.job.fence = key.fence;
    facts.job.slot.index = slot;
    folders_[key] = facts;
  }
  void LoseFolder(const AttemptKey& key) { folders_.erase(key); }
  void Runs(const AttemptKey& key) {
    auto& facts = Folder(key);
    facts.shim_held = facts.trainer_held = true;
    facts.started = rundir::StartedDocument{100, 1000 + key.fence.attempt, 5, "boot"};
  }
  void Records(const AttemptKey& key, int64_t records) { Folder(key).last_record = records; }
  void Exits(const AttemptKey& key, int code, int signal) {
    auto& facts = Folder(key);
    facts.shim_held = facts.trainer_held = false;
    facts.exit = rundir::ExitDocument{code, signal, false, 0, 0, 0, 0};
  }
  void Succeeds(const AttemptKey& key, int64_t records) { EndsWith(key, Outcome::kSucceeded, records); }
  void EndsWith(const AttemptKey& key, Outcome outcome, int64_t records) {
    Records(key, records);
    Folder(key).result =
        rundir::ResultDocument{outcome, "as told", records, records, {{"val_loss", 2.0}}, Json::object()};
    Exits(key, 0, 0);
  }

  // --- inputs; each returns its effects

  Effects Scan() {
    DirectoriesScanned input;
    for (const auto& [key, facts] : folders_)
      input.directories.push_back(std::make_shared<const DirectoryFacts>(facts));
    return Handle(input);
  }
  Effects ScanAfter(Duration time) {
    now_ += time;
    return Scan();
  }
  Effects Answer(SyncAnswer answer) {
    synchronizing_ = false;
    return Handle(AnswerReceived{std::move(answer)});
  }
  // Empty answers until the worker has nothing more to say.
  void Quiet() {
    while (synchronizing_) Answer({});
  }
  Effects NoAnswer(Duration retry_after) {
    synchronizing_ = false;
    return Handle(ContactFailed{retry_after});
  }
  Effects Held(const AttemptKey& key, std::optional<int64_t> held) {
    return Handle(RecordsHeld{key, held, std::chrono::milliseconds(100)});
  }
  Effects Done(const AttemptKey& key, FolderWorkDone::Work work, const std::string& error = "") {
    return Handle(FolderWorkDone{key, work, error});
  }
  Effects StopAccepted(const AttemptKey& key, bool accepted) { return Handle(StopAnswered{key, accepted}); }
  Effects Drain() { return Handle(DrainRequested{}); }

  Effects Handle(const Input& input) {
    Effects effects = engine_.Handle(input, now_);
    for (const auto& effect : effects) std::visit([this](const auto& value) { Check(value); }, effect);
    ++checks_;
    return effects;
  }

  // The launch that the worker asked for happens: folder, shim, and a trainer that runs.
  void LaunchHappens(const AttemptKey& key, int slot) {
    PutFolder(key, slot);
    Runs(key);
    Done(key, FolderWorkDone::Work::kLaunch);
    Scan();
  }

  Time now() const { return now_; }
  void Advance(Duration time) { now_ += time; }
  const std::optional<SyncRequest>& newest_request() const { return request_; }
  std::optional<AttemptStatus> StatusOf(const AttemptKey& key) const {
    if (request_)
      for (const auto& status : request_->attempts)
        if (status.key == key) return status;
    return std::nullopt;
  }
  const Engine& engine() const { return engine_; }

 private:
  static bool Lives(const DirectoryFacts& facts) { return facts.shim_held || facts.trainer_held; }

  void CheckLaunch(const rundir::JobDocument& job) {
    const AttemptKey key{job.attempt, job.fence};
    for (const auto& [other, facts] : folders_) {
      if (other == key) {
        EXPECT_EQ(Conclude(facts).state, DirectoryState::kPrepared) << key.attempt << " launched twice";
      } else if (Lives(facts)) {
        EXPECT_NE(facts.job.slot.index, job.slot.index) << "slot given to two attempts";
      }
    }
    for (const auto& [other, slot] : launching_)
      EXPECT_TRUE(other != key && slot != job.slot.index) << "slot given to two launches";
    EXPECT_FALSE(removed_.contains(key)) << key.attempt << " launched again after its removal";
    launching_[key] = job.slot.index;
  }
  void Check(const PrepareAndLaunch& effect) {
    EXPECT_FALSE(folders_.contains({effect.job.attempt, effect.job.fence}))
        << "prepared over an existing folder";
    CheckLaunch(effect.job);
  }
  void Check(const Launch& effect) { CheckLaunch(effect.job); }
  void Check(const Remove& effect) {
    const auto folder = folders_.find(effect.key);
    EXPECT_FALSE(folder != folders_.end() && Lives(folder->second)) << "removed while it lives";
    EXPECT_TRUE(forgettable_.contains(effect.key)) << "removed without a word from the coordinator";
    removed_.insert(effect.key);
  }
  void Check(const Prune& effect) {
    const auto folder = folders_.find(effect.key);
    EXPECT_FALSE(folder != folders_.end() && Lives(folder->second)) << "pruned while it lives";
  }
  void Check(const Synchronize& effect) {
    EXPECT_FALSE(synchronizing_) << "two synchronises at a time";
    synchronizing_ = true;
    request_ = effect.request;
  }
  template <typename Other>
  void Check(const Other&) {}

 public:
  // The story's bookkeeping for the checks above.
  std::map<AttemptKey, int> launching_;
  std::set<AttemptKey> forgettable_, removed_;

 private:
  const EngineOptions options_;
  Time now_ = TimeFromUnixMicros(1'000'000'000);
  Engine engine_;
  std::map<AttemptKey, DirectoryFacts> folders_;
  std::optional<SyncRequest> request_;
  bool synchronizing_ = false;
  int checks_ = 0;
};

template <typename Effect>
std::vector<Effect> Only(const Effects& effects) {
  std::vector<Effect> found;
  for (const auto& effect : effects)
    if (const auto* value = std::get_if<Effect>(&effect)) found.push_back(*value);
  return found;
}

}  // namespace optfleet::worker
