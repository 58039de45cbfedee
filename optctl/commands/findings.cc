#include "optctl/commands/findings.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "common/text.h"
#include "optctl/commands/moments.h"

namespace optfleet::commands {
namespace {

constexpr double kFewFree = 0.10;  // share of the disk
constexpr double kVeryFewFree = 0.02;
constexpr int64_t kLargeWal = int64_t{256} << 20;  // four times what a checkpoint cuts it back to
constexpr Duration kClockWarning = std::chrono::seconds(2);
constexpr Duration kClockProblem = std::chrono::seconds(60);
constexpr size_t kMostNames = 5;

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size() && i < kMostNames; ++i) text += (i == 0 ? "" : ", ") + parts[i];
  if (parts.size() > kMostNames) text += " and " + std::to_string(parts.size() - kMostNames) + " more";
  return text;
}

std::string Percent(double share) { return std::to_string(static_cast<int>(share * 100)) + "%"; }

Finding Versions(const DoctorFacts& facts) {
  std::set<std::string> others;
  for (const v1::Worker& worker : facts.workers)
    if (worker.state() != v1::Worker::STATE_GONE && worker.version() != facts.info.version())
      others.insert(worker.version());
  if (others.empty() && facts.own_version == facts.info.version())
    return {Verdict::kOk, "versions", "all " + facts.info.version()};
  std::string text = "coordinator " + facts.info.version() + ", optctl " + facts.own_version;
  if (!others.empty()) text += ", workers also " + Join({others.begin(), others.end()});
  return {Verdict::kWarning, "versions",
          text + "; neighbouring releases work together, mixed ones are for upgrades"};
}

// The coordinator noted its time somewhere between the call and its answer.
Finding Clock(const DoctorFacts& facts) {
  const Time theirs = TimeOf(facts.diagnosis.time());
  Duration ahead{};  // of this machine
  if (theirs < facts.asked) ahead = facts.asked - theirs;
  if (theirs > facts.answered) ahead = facts.answered - theirs;
  const Duration apart = ahead < Duration(0) ? -ahead : ahead;
  const double seconds = std::chrono::duration<double>(apart).count();
  if (apart <= kClockWarning) return {Verdict::kOk, "clock", "this machine and the coordinator agree"};
  return {apart > kClockProblem ? Verdict::kProblem : Verdict::kWarning, "clock",
          "this machine is " + FormatAbout(seconds) + (ahead > Duration(0) ? " ahead of" : " behind") +
              " the coordinator; set both by NTP"};
}

// Of workers, as the coordinator heard of them.
Finding WorkerClocks(const v1::Diagnosis& facts) {
  std::vector<std::string> apart;
  Duration furthest{};
  for (const v1::WorkerClock& clock : facts.clocks()) {
    const std::chrono::milliseconds ahead(clock.ahead_ms());
    const Duration distance = ahead < Duration(0) ? -ahead : ahead;
    if (distance <= kClockWarning) continue;
    furthest = std::max(furthest, distance);
    apart.push_back(clock.worker().substr(clock.worker().find('/') + 1) + " is " +
                    FormatAbout(std::chrono::duration<double>(distance).count()) +
                    (ahead > Duration(0) ? " ahead" : " behind"));
  }
  if (apart.empty()) return {Verdict::kOk, "clocks", "the workers agree with the coordinator"};
  return {furthest > kClockProblem ? Verdict::kProblem : Verdict::kWarning, "clocks",
          Join(apart) + "; times of their records are wrong by that: set them by NTP"};
}

Finding Disk(const v1::Diagnosis& facts) {
  const double free = facts.total_bytes() == 0 ? 1
                                               : static_cast<double>(facts.free_bytes()) /
                                                     static_cast<double>(facts.total_bytes());
  std::string text =
      facts.file_system() + ", " + FormatBytes(facts.free_bytes()) + " free (" + Percent(free) + ")";
  if (facts.file_system() == "tmpfs")
    return {Verdict::kProblem, "disk",
            text + "; what lies in memory is gone after a restart: use a local disk"};
  if (free >= kFewFree) return {Verdict::kOk, "disk", text};
  return {free < kVeryFewFree ? Verdict::kProblem : Verdict::kWarning, "disk",
          text + "; free some space in " + facts.folder()};
}

Finding Database(const v1::DatabaseFacts& facts) {
  std::string text = FormatBytes(facts.bytes());
  if (!facts.problem().empty() && facts.checked()) return {Verdict::kProblem, facts.name(), facts.problem()};
  if (!facts.problem().empty()) return {Verdict::kWarning, facts.name(), text + ", " + facts.problem()};
  if (facts.checked()) text += ", sound";
  if (facts.wal_bytes() < kLargeWal) return {Verdict::kOk, facts.name(), text};
  return {Verdict::kWarning, facts.name(),
          text + ", write-ahead log " + FormatBytes(facts.wal_bytes()) +
              "; a program that reads it for a long time holds it back"};
}

Finding Queues(const v1::Diagnosis& facts) {
  std::vector<std::string> full;
  for (const v1::QueueFacts& queue : facts.queues()) {
    if (2 * queue.depth() > queue.limit())
      full.push_back(queue.name() + " " + std::to_string(queue.depth()) + " of " +
                     std::to_string(queue.limit()));
  }
  if (full.empty()) return {Verdict::kOk, "queues", "none is half full"};
  return {Verdict::kWarning, "queues", Join(full) + "; calls are refused when one is full, and repeated"};
}

Finding Workers(const DoctorFacts& facts) {
  std::vector<std::string> silent;
  int ready = 0;
  for (const v1::Worker& worker : facts.workers) {
    if (worker.state() == v1::Worker::STATE_READY) ++ready;
    if (worker.state() == v1::Worker::STATE_UNREACHABLE) silent.push_back(worker.name().substr(8));
  }
  if (silent.empty()) {
    return {ready == 0 ? Verdict::kWarning : Verdict::kOk, "workers",
            ready == 0 ? "none is ready; start opt-worker on a machine with slots"
                       : std::to_string(ready) + " ready"};
  }
  return {Verdict::kProblem, "workers",
          "not heard of: " + Join(silent) + "; look at opt-worker and the network there"};
}

void AddAttempts(const v1::Diagnosis& facts, std::vector<Finding>* findings) {
  if (facts.stuck().empty()) {
    findings->push_back(
        {Verdict::kOk, "attempts", std::to_string(facts.open_attempts()) + " open, none is stuck"});
    return;
  }
  for (const v1::StuckAttempt& stuck : facts.stuck())
    findings->push_back({Verdict::kProblem, "attempts", stuck.attempt() + ": " + stuck.reason()});
}

}  // namespace

std::vector<Finding> FindingsOf(const DoctorFacts& facts) {
  std::vector<Finding> findings = {Versions(facts), Clock(facts), WorkerClocks(facts.diagnosis),
                                   Disk(facts.diagnosis)};
  for (const v1::DatabaseFacts& database : facts.diagnosis.databases())
    findings.push_back(Database(database));
  findings.push_back(Queues(facts.diagnosis));
  findings.push_back(Workers(facts));
  AddAttempts(facts.diagnosis, &findings);
  return findings;
}

}  // namespace optfleet::commands
