// Asynchronous successive halving (Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys
// 2020, arXiv 1810.05934, algorithm 2): jobs pause at rungs, and of each rung the best part goes on as soon
// as it is known to be the best part, so that no slot waits for the slowest job.
//
// A rung is a pause of the same job: what goes on goes on from its checkpoint. Nothing here knows steps but
// RungSteps and the texts; a rung is a number from 0.
//
// Pure: a plain value of one thread. What it answers depends on what it was told, never on the order (of what
// lies between two calls of Promote).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sweeps/search/ranking.h"

namespace optfleet::sweeps {

// Shares of a job's steps at which it pauses.
struct HalvingPlan {
  double first_share = 0;   // of the steps of a job; or
  int64_t first_steps = 0;  // one of the two is set
  int32_t factor = 3;       // from one rung to the next, and of the jobs of a rung one in so many goes on
  friend bool operator==(const HalvingPlan&, const HalvingPlan&) = default;
};

// Steps of the rungs of a job of that length: first, first * factor, ..., rounded up, strictly ascending, all
// from 1 and below total_steps. A factor below 2 counts as 2.
std::vector<int64_t> RungSteps(const HalvingPlan& plan, int64_t total_steps);

struct RungResult {
  int32_t job = 0;
  int32_t rung = 0;
  double value = 0;       // less is better; what is not finite is worst
  bool promoted = false;  // it went on from here
};

// How a job stands at a rung, as far as the rung is filled now.
struct RungStanding {
  double value = 0;
  int64_t place = 0;      // from 1
  int64_t reached = 0;    // jobs that reached the rung
  int64_t may_go_on = 0;  // of these, the best so many
  bool promoted = false;
};

// Of one sweep. Reach and Restore cost O(log jobs), Promote O(log jobs) for each job that it gives.
class Halving {
 public:
  explicit Halving(int32_t factor);  // below 2 counts as 2

  // What was saved, in any order; `Leave` is said again by the caller.
  void Restore(const RungResult& result);

  // A job paused there, or ended before it got there (then `Leave` follows). The first value of a job at a
  // rung counts; what is said again changes nothing.
  void Reach(int32_t job, int32_t rung, double value);

  // A job that was cancelled or whose run failed for good while paused: it is not promoted any more, its
  // values still count. `Return` takes that back.
  void Leave(int32_t job);
  void Return(int32_t job);

  // Jobs that may go on now, from the highest rung down, the best first: of each rung those among the best
  // floor(n / factor) of the n that reached it that were not promoted yet. They count as promoted from here
  // on. A value that is not finite is never promoted.
  std::vector<int32_t> Promote();

  // For the end, when nothing runs, nothing is left to start and Promote gives nothing: the best of the
  // highest rung that has one to promote, though fewer than `factor` jobs may have reached it. It counts as
  // promoted. Without it a sweep with few jobs would train none to its end. Nothing if no job is left.
  std::optional<int32_t> PromoteBest();

  std::optional<RungStanding> StandingOf(int32_t job, int32_t rung) const;  // nothing if it did not reach it
  std::optional<int32_t> HighestRungOf(int32_t job) const;                  // nothing if it reached none
  bool HasLeft(int32_t job) const { return left_.contains(job); }

  // "3rd of 9 at rung 1 (step 100); the best 3 go on": for a reason. Empty if it did not reach the rung.
  std::string RankText(int32_t job, int32_t rung, int64_t step) const;

 private:
  struct Entry {
    double value = 0;  // Comparable
    bool promoted = false;
  };
  struct Rung {
    Ranking ranking;
    std::unordered_map<int32_t, Entry> entries;
    std::set<std::pair<double, int32_t>> ready;    // among the best, not promoted, not left
    std::set<std::pair<double, int32_t>> waiting;  // not promoted, not left: those of `ready`, too
  };

  size_t MayGoOn(const Rung& rung) const { return rung.ranking.size() / static_cast<size_t>(factor_); }
  void Add(int32_t job, int32_t rung, const Entry& entry);
  void Settle(int32_t job, Rung* rung) const;  // puts a job in or out of `ready` and `waiting`
  void SettleAll(int32_t job);
  void GoOn(int32_t job, Rung* rung) const;

  int32_t factor_;
  std::vector<Rung> rungs_;
  std::unordered_set<int32_t> left_;
};

// "1st", "2nd", "11th".
std::string Ordinal(int64_t number);

}  // namespace optfleet::sweeps
