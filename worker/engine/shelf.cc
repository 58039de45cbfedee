#include "worker/engine/shelf.h"

#include <algorithm>
#include <utility>

#include "common/sha256.h"

namespace optfleet::worker {
namespace {

// For what people put there or take away.
constexpr Duration kScanPeriod = std::chrono::minutes(1);
constexpr Duration kRetryDeletion = std::chrono::seconds(10);

std::string DigestOf(const std::string& folder, const std::vector<KeptCheckpoint>& checkpoints) {
  std::string text = folder;
  for (const KeptCheckpoint& one : checkpoints) {
    text += "\n" + one.name.key.attempt + " " + std::to_string(one.name.key.fence.incarnation) + " " +
            std::to_string(one.name.step) + " " + std::to_string(one.bytes);
    if (one.val_loss) text += " " + std::to_string(*one.val_loss);
  }
  return Sha256Hex(text);
}

}  // namespace

void Shelf::Scanned(std::string folder, std::vector<KeptCheckpoint> checkpoints, Time now) {
  scanning_ = false;
  next_scan_ = now + kScanPeriod;
  folder_ = std::move(folder);
  std::sort(checkpoints.begin(), checkpoints.end(),
            [](const KeptCheckpoint& a, const KeptCheckpoint& b) { return a.name < b.name; });
  cut_ = checkpoints.size() > kMostKeptTold;
  if (cut_) checkpoints.resize(kMostKeptTold);
  told_ = std::move(checkpoints);
  digest_ = DigestOf(folder_, told_);
}

void Shelf::Answered(const SyncAnswer& answer) {
  list_wanted_ = answer.list_kept;
  doomed_.clear();
  for (const KeptName& name : answer.delete_kept) {
    const auto there =
        std::lower_bound(told_.begin(), told_.end(), name,
                         [](const KeptCheckpoint& a, const KeptName& b) { return a.name < b; });
    if (there != told_.end() && there->name == name) doomed_.insert(name);
  }
}

void Shelf::Deleted(const KeptName& name, bool good, Time now) {
  if (!good) {
    deleting_[name] = now + kRetryDeletion;
    return;
  }
  deleting_.erase(name);
  doomed_.erase(name);
  std::erase_if(told_, [&](const KeptCheckpoint& one) { return one.name == name; });
  digest_ = DigestOf(folder_, told_);
  stale_ = stale_ || cut_;  // there is room for more
}

bool Shelf::TakeScan(Time now) {
  if (scanning_ || (!stale_ && now < next_scan_)) return false;
  stale_ = false;
  scanning_ = true;
  return true;
}

std::vector<KeptName> Shelf::TakeDeletions(Time now) {
  std::vector<KeptName> due;
  for (const KeptName& name : doomed_) {
    const auto [entry, is_new] = deleting_.try_emplace(name, now);
    if (entry->second > now) continue;
    entry->second = Time::max();
    due.push_back(name);
  }
  return due;
}

void Shelf::Tell(SyncRequest* request) {
  request->kept_digest = digest_;
  if (list_wanted_ && !digest_.empty()) request->kept = KeptList{folder_, told_};
  list_wanted_ = false;
}

}  // namespace optfleet::worker
