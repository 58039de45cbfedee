// How long the jobs of a plan take on a type of slot, each and together. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/json.h"
#include "optctl/commands/sections.h"
#include "optctl/commands/slot_types.h"
#include "spec/quantity.h"
#include "spec/run_time.h"
#include "sweeps/expand.h"
#include "sweeps/planned_memory.h"

namespace optfleet::commands {

inline constexpr int kPredictedDigits = 2;  // significant ones of what is no more than a prediction

struct TimePlan {
  SlotType type;
  size_t timed_runs = 0, timed_shapes = 0;  // that the predictions are from
  std::optional<double> factor_off;         // spec::SpeedModel::MedianFactorOff
  std::vector<spec::RunTime> jobs;          // as those of the expansion
  std::array<int64_t, 4> jobs_by_source{};  // by spec::TimeSource
  int64_t unread_jobs = 0;                  // of epochs of data that is not here
  double slots_per_job = 1;                 // slots x share
  int slots = 0;                            // that the jobs are spread over
  sweeps::PlannedMemory memory;             // on this kind of device

  bool IsKnown() const { return jobs_by_source[0] == 0 && !jobs.empty(); }
  double DeviceHours(size_t job) const { return jobs[job].total() * slots_per_job / spec::kSecondsInHour; }
  double DeviceHours() const;      // of all
  std::optional<double> makespan;  // from the first start to the last end, of a list schedule; nothing where
                                   // no worker has a place for a job, or something is not known
};

struct TimeOptions {
  std::optional<double> throughput = {};  // tokens per second of a slot, for what nothing was timed for
  std::optional<int> slots = {};          // in the place of those that there are
};
TimePlan PlanTime(const sweeps::Expansion& expansion, const SlotType& type,
                  const std::vector<v1::Measurement>& measurements, const TimeOptions& options);

// When the last of the jobs ends, if each in turn goes to the place that is free first.
double ListSchedule(const std::vector<spec::RunTime>& jobs, int64_t places);

// A section: how long, on what, from what, and the memory.
void AddTimes(const TimePlan& plan, Sections& sections);
// "3.5 s"; "-" if it is not known.
std::string JobTimeText(const TimePlan& plan, size_t job);
// Of one job on one type.
Json JobTimeJson(const TimePlan& plan, size_t job);
// Of all.
Json TimePlanJson(const TimePlan& plan);

}  // namespace optfleet::commands
