// What many runs went through: pairs of a state and the input that met it, and the kinds of faults. A
// simulation in which nothing goes wrong shows nothing.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace optfleet::simulation {

enum class Fault {
  kRequestLost,
  kAnswerLost,
  kMessageDoubled,
  kMessageDelayed,
  kReportedFailedButDelivered,
  kPartition,
  kPartitionPastLease,
  kCoordinatorKilled,
  kCoordinatorPowerCut,
  kCoordinatorTornWrite,
  kCrashBeforeCommit,
  kCrashInsideCommit,
  kCrashBeforeSend,
  kCrashInsideMetricsCommit,
  kCrashBetweenMetricsAndEngine,
  kCrashWhileOpening,
  kWorkerKilled,
  kWorkerPowerCut,
  kShimKilled,
  kTrainerKilled,
  kShimAndTrainerKilled,
  kTrainerFrozen,
  kCoordinatorDiskFull,
  kCoordinatorDiskError,
  kCoordinatorDiskSlow,
  kMetricsDiskError,
  kWorkerDiskFull,
  kClockForward,
  kClockBack,
  kCoordinatorAsleep,
  kWorkerAsleep,
  kWorkerDrained,
  kBackupRestored,
  kMetricsThrownAway,
  kCount,
};
std::string_view Name(Fault fault);

class Coverage {
 public:
  void Met(Fault fault) { ++faults_[static_cast<size_t>(fault)]; }
  // Both are names that live for ever.
  void Met(std::string_view state, std::string_view input) { ++pairs_[{state, input}]; }
  void Count(std::string_view what, int64_t count = 1) { counts_[what] += count; }

  int64_t Of(Fault fault) const { return faults_[static_cast<size_t>(fault)]; }
  int64_t Of(std::string_view what) const {
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }
  size_t pairs() const { return pairs_.size(); }

  // For people: counts, then faults, then a table of inputs per state.
  std::string Text() const;

 private:
  std::array<int64_t, static_cast<size_t>(Fault::kCount)> faults_{};
  std::map<std::pair<std::string_view, std::string_view>, int64_t> pairs_;
  std::map<std::string_view, int64_t> counts_;
};

}  // namespace optfleet::simulation
