// Parts the points of an expansion into those that a sweep has and new ones, and gives the new ones to the
// engine: at once, or in parts if there are too many for one input. For a working thread.
#pragma once

#include <optional>
#include <vector>

#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/reuse.h"
#include "sweeps/expand.h"

namespace optfleet::rpc {

class Extension : public sweeps::JobSink {
 public:
  // `head`: what is asked, without what the expansion and the sweep say. `finished`: whose outcomes are taken
  // over; null: none are. The references must outlive it.
  Extension(Backend* backend, engine::ExtendSweep head, const sweeps::SweepInput& source,
            const store::SweepPoints& known, FinishedJobs* finished, bool validate_only);

  // More than once of a sweep with stages, each of which that has begun is an expansion of its own.
  void Begin(const sweeps::Expansion& sweep) override;
  bool Take(std::vector<sweeps::Job> jobs) override;

  bool is_large() const { return is_large_; }
  // The expansion was ended, and its mistakes were not all looked for.
  bool stopped() const { return stopped_; }
  int32_t total() const { return total_; }
  int32_t fresh() const { return fresh_; }
  const engine::ExtendSweep& head() const { return head_; }
  const std::optional<Error>& failed() const { return failed_; }

  // Of a small one: the whole input.
  engine::ExtendSweep TakeInput(int32_t merged_points);

  // Of a large one, once all is written. An error leaves nothing behind.
  Result<engine::SweepAnswer> Finish(int32_t merged_points);
  void Abandon() { large_.Abandon(); }

 private:
  void AddParameters(const store::KnownPoint& known, const std::vector<domain::Parameter>& now);
  void WriteHeld();
  bool GoesOn() const { return !failed_ && large_.wants_points(); }
  void Keep(Status status);

  engine::ExtendSweep head_;
  const sweeps::SweepInput& source_;
  const store::SweepPoints& known_;
  FinishedJobs* finished_;
  bool validate_only_;
  std::optional<PointMaker> maker_;
  engine::AddPoints part_;
  size_t held_ = 0;  // in part_
  int32_t total_ = 0;
  int32_t fresh_ = 0;
  bool is_large_ = false;
  bool stopped_ = false;
  LargeSweepWriter large_;
  std::optional<Error> failed_;
};

}  // namespace optfleet::rpc
