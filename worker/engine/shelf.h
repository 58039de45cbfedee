// What lies in kept/ of the root: checkpoints that outlived their run directories. When to look, what to
// tell, and which of them to delete; the engine asks it after each input. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/time.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

// The list in one request ends here: what is behind is neither told nor deleted until there is room.
inline constexpr size_t kMostKeptTold = 10'000;

class Shelf {
 public:
  // --- What has happened.
  void Scanned(std::string folder, std::vector<KeptCheckpoint> checkpoints, Time now);
  void Changed() { stale_ = true; }  // something was put there
  void Answered(const SyncAnswer& answer);
  void Deleted(const KeptName& name, bool good, Time now);

  // --- What to do.
  // True once when it is time to look.
  bool TakeScan(Time now);
  // Those to delete now, each once until it was tried.
  std::vector<KeptName> TakeDeletions(Time now);
  // Fills in what the coordinator should hear; the list only if it asked for it.
  void Tell(SyncRequest* request);
  // Changes with what it should hear at once.
  std::string Picture() const { return digest_ + (list_wanted_ ? "+" : ""); }
  bool cut() const { return cut_; }  // not all of it can be told

 private:
  std::string folder_;
  std::vector<KeptCheckpoint> told_;  // in order, at most kMostKeptTold
  std::string digest_;                // of them; empty before the first look
  bool cut_ = false;
  bool list_wanted_ = false;
  bool stale_ = true;
  bool scanning_ = false;
  Time next_scan_{};
  std::set<KeptName> doomed_;          // to delete, by the newest answer
  std::map<KeptName, Time> deleting_;  // under way (Time::max()), or failed and not to be tried before then
};

}  // namespace optfleet::worker
