#include "coordinator/rpc/more_stages.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/text.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/stage_progress.h"
#include "coordinator/rpc/sweep_replies.h"

namespace optfleet::rpc {
namespace {

// Notes the hashes of what passes through.
class Noted : public sweeps::JobSink {
 public:
  explicit Noted(sweeps::JobSink* to) : to_(to) {}  // null: nothing is given on

  void Begin(const sweeps::Expansion& sweep) override {
    if (to_ != nullptr) to_->Begin(sweep);
  }
  bool Take(std::vector<sweeps::Job> jobs) override {
    for (const sweeps::Job& job : jobs) hashes_.insert(job.hash);
    return to_ == nullptr || to_->Take(std::move(jobs));
  }
  const std::set<std::string>& hashes() const { return hashes_; }

 private:
  sweeps::JobSink* to_;
  std::set<std::string> hashes_;
};

// With nothing behind the first `parts` of them.
sweeps::Progress Upto(size_t parts, const sweeps::Progress& whole) {
  sweeps::Progress progress{.bases = whole.bases, .axes = whole.axes, .rounds = whole.rounds};
  progress.bases.resize(parts);
  progress.rounds.resize(parts);
  return progress;
}

size_t CountMissing(const std::set<std::string>& here, const std::set<std::string>& there) {
  return static_cast<size_t>(std::count_if(here.begin(), here.end(),
                                           [&](const std::string& hash) { return !there.contains(hash); }));
}

RpcError HasBegun(const domain::Stage& stage, size_t added, size_t gone) {
  const auto counted = [](size_t count) {
    return FormatCount(static_cast<int64_t>(count)) + (count == 1 ? " point" : " points");
  };
  std::string what = added > 0 ? "adds " + counted(added) : "";
  if (gone > 0) what += (added > 0 ? " and takes away " : "takes away ") + counted(gone);
  return FromError(Error(Code::kFailedPrecondition,
                         "stage " + stage.Title() + " has begun, and the file " + what +
                             "; only stages that are still to begin may change. Submit the file as a sweep "
                             "of its own, with --reuse for what is trained already"));
}

}  // namespace

std::optional<RpcError> GiveBegunStages(const KnownSweep& known, const sweeps::SweepInput& source,
                                        int file_count, Extension* extension) {
  const domain::Stages& stages = known.points.sweep.stages;
  const sweeps::Progress whole = ProgressOf(known.points);
  sweeps::SweepInput before = InputOf(known.source);
  sweeps::SweepInput now = source;
  std::vector<std::string> axes = whole.axes;
  for (int32_t stage = 0; stage < stages.begun; ++stage) {
    const auto part = static_cast<size_t>(stage);
    now.progress = Upto(part, whole);
    now.progress.axes = axes;
    Noted given(extension);
    const sweeps::ExpandResult result = sweeps::ExpandSweepInto(now, kMostPointsAtOnce, &given);
    if (extension->failed()) return FromError(*extension->failed());
    if (!result.expansion) return FromDiagnostics(result.diagnostics, file_count);
    axes = result.expansion->axes;
    before.progress = Upto(part, whole);
    Noted had(nullptr);
    static_cast<void>(sweeps::ExpandSweepInto(before, kMostPointsAtOnce, &had));
    const size_t added = CountMissing(given.hashes(), had.hashes());
    const size_t gone = CountMissing(had.hashes(), given.hashes());
    if (added + gone > 0) return HasBegun(stages.all[part], added, gone);
  }
  return std::nullopt;
}

}  // namespace optfleet::rpc
