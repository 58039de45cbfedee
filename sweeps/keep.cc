#include "sweeps/keep.h"

#include <string>

#include "sweeps/header_value.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "keep_checkpoints";
constexpr std::string_view kDotted = "keep_checkpoints.";
constexpr int32_t kMost = 1'000'000;

class Reader {
 public:
  Reader(KeepCheckpoints* keep, Diagnostics* diagnostics) : keep_(keep), diagnostics_(diagnostics) {}

  void ReadGroup(const YamlEntry& group) {
    if (group.value.kind != YamlNode::Kind::kMap) {
      diagnostics_->Add(group.key_position, "`keep_checkpoints` must be a map of keys",
                        "as {best_jobs: 3, best: 1, last: 1}; leave it out to keep all");
      return;
    }
    for (const YamlEntry& entry : group.value.entries) Read(entry.key, entry);
  }

  // `name` without the group. A job that keeps its checkpoints keeps at least one; best_jobs: 0 is for none.
  void Read(std::string_view name, const YamlEntry& entry) {
    if (name == "best_jobs") {
      keep_->best_jobs = Whole(entry, 0);
    } else if (name == "best") {
      keep_->best = Whole(entry, 1);
    } else if (name == "last") {
      keep_->last = Whole(entry, 1);
    } else {
      AddUnknownName(kGroup, name, entry, diagnostics_);
    }
  }

 private:
  std::optional<int32_t> Whole(const YamlEntry& entry, int32_t least) {
    if (!IsOneValue(entry, diagnostics_)) return std::nullopt;
    return WholeNumber(entry, least, kMost, diagnostics_);
  }

  KeepCheckpoints* keep_;
  Diagnostics* diagnostics_;
};

}  // namespace

bool IsKeepKey(std::string_view key) { return key == kGroup || key.starts_with(kDotted); }

void ReadKeep(const YamlEntry& entry, KeepCheckpoints* keep, Diagnostics* diagnostics) {
  Reader reader(keep, diagnostics);
  if (entry.key == kGroup) return reader.ReadGroup(entry);
  reader.Read(std::string_view(entry.key).substr(kDotted.size()), entry);
}

void MergeKeep(const KeepCheckpoints& over, KeepCheckpoints* base) {
  if (over.best_jobs) base->best_jobs = over.best_jobs;
  if (over.best) base->best = over.best;
  if (over.last) base->last = over.last;
}

}  // namespace optfleet::sweeps
