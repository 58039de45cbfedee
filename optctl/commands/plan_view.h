// What a sweep would cost and which jobs it has: text and JSON. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/json.h"
#include "optctl/commands/plan_time.h"
#include "optctl/output/table.h"
#include "sweeps/expand.h"
#include "sweeps/planned_memory.h"

namespace optfleet::commands {

struct PlanOptions {
  std::optional<double> throughput;                      // tokens per second of one slot
  std::optional<int> slots;                              // that share the jobs
  spec::MemoryDevice device = spec::MemoryDevice::kCpu;  // that memory is predicted for
  std::optional<int64_t> slot_memory;                    // bytes; says which jobs do not fit
};

struct Span {
  int64_t least = 0;
  int64_t most = 0;
};

struct PlanTotals {
  Span parameters;    // of a job's model
  Span tokens;        // of a job's budget, of those that do not end by time
  Span state_bytes;   // weights, gradients and optimizer state of a job
  Span memory_bytes;  // predicted peak of a job
  sweeps::PlannedMemory memory;
  std::vector<int64_t> not_fitting;  // numbers of jobs; empty without slot_memory
  int64_t all_tokens = 0;
  double all_flops = 0;
  int64_t timed_jobs = 0;  // those with a budget of seconds: what they train on is not known before
  double timed_seconds = 0;
  int64_t unread_jobs = 0;        // those with a budget of epochs whose data is not here: the same
  double device_seconds = 0;      // where `seconds` is there: of all slots together
  std::optional<double> seconds;  // by --throughput: of the whole sweep; no shorter than its longest job
};
PlanTotals Total(const sweeps::Expansion& expansion, const PlanOptions& options);

// "34 jobs = 30 + 4 in 2 blocks (2 equal points merged)".
std::string JobsText(const sweeps::Expansion& expansion);
// "optimizer.name 3, optimizer.learning_rate 15": how many values each axis has.
std::string AxesText(const sweeps::Expansion& expansion);
// The lines above the table of points. `places`: PlacesText, or empty.
std::string PlanText(const sweeps::Expansion& expansion, const PlanTotals& totals, const PlanOptions& options,
                     const std::vector<TimePlan>& times, const std::string& places);

// The first `limit` jobs: their values on the axes; `wide` adds model, budget, state, memory and the time on
// the first type of slots.
output::Table PointTable(const sweeps::Expansion& expansion, const PlanTotals& totals,
                         const std::vector<TimePlan>& times, size_t limit, bool wide);

// A job as a sweep file of its own: a line for each key whose value is not the default, with paths as they
// are on this machine. It expands to that one job, with the same hash.
std::string JobFile(const sweeps::Job& job);
// The same with every value that it reads, flattened to dotted keys.
Json JobJson(const sweeps::Job& job, const spec::MemoryPrediction& memory);

// Every job with the values that it reads, flattened to dotted keys.
Json PlanJson(const sweeps::Expansion& expansion, const PlanTotals& totals,
              const std::vector<TimePlan>& times);

}  // namespace optfleet::commands
