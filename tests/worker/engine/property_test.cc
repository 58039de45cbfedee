// Random histories: a coordinator that wants, stops and forgets at random, a world in which launches fail,
// trainers crash and folders vanish. WorkerStory checks the invariants after every input; at the end
// everything wanted must come to an end.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/worker/engine/worker_story.h"

namespace optfleet::worker {
namespace {

using Work = FolderWorkDone::Work;

class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed) : random_(seed) {}

  void Run(int inputs) {
    Follow(story_.Scan());
    for (int i = 0; i < inputs && !::testing::Test::HasFailure(); ++i) {
      MoveTheWorld();
      Follow(OneInput());
    }
  }

  // From now on nothing new is wanted and nothing fails: every attempt ends, is held and removed.
  void Finish() {
    for (int i = 0; i < 400 && !AllGone(); ++i) {
      for (const auto& key : all_) {
        if (!story_.HasFolder(key)) continue;
        if (Lives(key)) story_.Succeeds(key, story_.Folder(key).last_record + 1);
      }
      Follow(story_.ScanAfter(std::chrono::seconds(3)));
      FinishWork(/*may_fail=*/false);
      SyncAnswer answer;
      for (const auto& key : all_) {
        story_.forgettable_.insert(key);
        answer.forget.push_back({key, true, false, "over"});
      }
      if (synchronizing_) Follow(Answer(answer));
      for (const auto& key : all_) Follow(story_.Held(key, Records(key)));
    }
    EXPECT_TRUE(AllGone());
    EXPECT_EQ(story_.engine().Summarize().slots_used, 0);
  }

  int launches() const { return launches_; }

 private:
  struct Pending {
    AttemptKey key;
    Work work;
    int slot = 0;
  };

  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Lives(const AttemptKey& key) {
    const auto state = Conclude(story_.Folder(key)).state;
    return state == DirectoryState::kRunning || state == DirectoryState::kStarting;
  }
  int64_t Records(const AttemptKey& key) {
    return story_.HasFolder(key) ? story_.Folder(key).last_record : 0;
  }
  bool AllGone() const {
    return story_.newest_request() && story_.newest_request()->attempts.empty() && pending_.empty() &&
           FoldersGone();
  }
  bool FoldersGone() const {
    for (const auto& key : all_)
      if (story_.HasFolder(key)) return false;
    return true;
  }

  void Follow(const Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* prepare = std::get_if<PrepareAndLaunch>(&effect)) {
        ++launches_;
        pending_.push_back(
            {{prepare->job.attempt, prepare->job.fence}, Work::kLaunch, prepare->job.slot.index});
      } else if (const auto* launch = std::get_if<Launch>(&effect)) {
        ++launches_;
        pending_.push_back({{launch->job.attempt, launch->job.fence}, Work::kLaunch, launch->job.slot.index});
      } else if (const auto* prune = std::get_if<Prune>(&effect)) {
        pending_.push_back({prune->key, Work::kPrune});
      } else if (const auto* remove = std::get_if<Remove>(&effect)) {
        pending_.push_back({remove->key, Work::kRemove});
      } else if (const auto* kill = std::get_if<SignalTrainer>(&effect)) {
        if (Pick(2) && story_.HasFolder(kill->key) && Lives(kill->key))
          story_.Exits(kill->key, 0, kill->signal);
      } else if (std::holds_alternative<Synchronize>(effect)) {
        synchronizing_ = true;
      }
    }
  }

  void FinishWork(bool may_fail) {
    const auto pending = std::move(pending_);
    pending_.clear();
    for (const auto& work : pending) {
      story_.launching_.erase(work.key);
      const bool fails = may_fail && Pick(5) == 0;
      if (!fails && work.work == Work::kLaunch) {
        if (!story_.HasFolder(work.key)) story_.PutFolder(work.key, work.slot);
        if (!may_fail || Pick(6)) story_.Runs(work.key);  // else: the shim died before it began
      }
      if (!fails && work.work == Work::kRemove) story_.LoseFolder(work.key);
      Follow(story_.Done(work.key, work.work, fails ? "No space left on device" : ""));
    }
  }

  void MoveTheWorld() {
    for (const auto& key : all_) {
      if (!story_.HasFolder(key) || !Lives(key)) continue;
      auto& facts = story_.Folder(key);
      if (facts.trainer_held) facts.last_record += Pick(3);
      switch (Pick(20)) {
        case 0:
          story_.Succeeds(key, facts.last_record);
          break;
        case 1:
          story_.Exits(key, 0, 9);
          break;
        case 2:
          facts.shim_held = false;
          break;  // the shim alone is killed
        case 3:
          if (!facts.shim_held) facts.trainer_held = false;
          break;
        case 4:
          if (Pick(10) == 0) story_.LoseFolder(key);
          break;
        default:
          break;
      }
    }
  }

  Effects OneInput() {
    switch (Pick(7)) {
      case 0:
        if (!pending_.empty()) FinishWork(/*may_fail=*/true);
        return {};
      case 1:
        return synchronizing_ ? RandomAnswer() : Effects{};
      case 2:
        if (!synchronizing_) return {};
        synchronizing_ = false;
        return story_.NoAnswer(std::chrono::milliseconds(Pick(3000)));
      case 3: {
        if (all_.empty()) return {};
        const auto& key = all_[static_cast<size_t>(Pick(static_cast<int>(all_.size())))];
        return Pick(4) ? story_.Held(key, Records(key)) : story_.Held(key, std::nullopt);
      }
      case 4:
        return all_.empty() ? Effects{} : story_.StopAccepted(all_.back(), Pick(2) == 0);
      default:
        return story_.ScanAfter(std::chrono::milliseconds(Pick(4000)));
    }
  }

  Effects Answer(SyncAnswer answer) {
    synchronizing_ = false;
    return story_.Answer(std::move(answer));
  }

  Effects RandomAnswer() {
    if (all_.size() < 30 && Pick(2)) all_.push_back(Key(static_cast<int>(all_.size()) + 1));
    SyncAnswer answer;
    for (const auto& key : all_) {
      if (Pick(6) == 0) {
        story_.forgettable_.insert(key);
        answer.forget.push_back({key, Pick(2) == 0, Pick(3) == 0, "given up"});
      } else if (Pick(3)) {
        DesiredAttempt desired;
        desired.key = key;
        desired.slots = {Pick(2)};
        desired.spec_json = "{}";
        desired.stop = Pick(6) == 0;
        if (Pick(3) == 0) desired.resume_parent = all_.front();
        answer.attempts.push_back(desired);
      }
      answer.held.push_back({key.attempt, Pick(4) ? Records(key) : 0});
    }
    return Answer(std::move(answer));
  }

  std::mt19937_64 random_;
  WorkerStory story_;
  std::vector<AttemptKey> all_;
  std::vector<Pending> pending_;
  bool synchronizing_ = false;
  int launches_ = 0;
};

TEST(WorkerEngineProperty, InvariantsHoldInRandomHistoriesAndTheyComeToAnEnd) {
  const char* given = std::getenv("OPTFLEET_SEED");
  const uint64_t first = given ? std::stoull(given) : 1;
  int launches = 0;
  for (uint64_t seed = first; seed < first + (given ? 1 : 300); ++seed) {
    SCOPED_TRACE("replay with OPTFLEET_SEED=" + std::to_string(seed));
    RandomHistory history(seed);
    history.Run(400);
    history.Finish();
    launches += history.launches();
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(launches, given ? 0 : 1000);
}

}  // namespace
}  // namespace optfleet::worker
