#include "optctl/commands/simulation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/text.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/simulated_curves.h"
#include "sweeps/search/simulate.h"

namespace optfleet::commands {
namespace {

using sweeps::Curve;
using sweeps::Expansion;
using sweeps::Job;

// The search, and what it is compared with.
struct Sides {
  sweeps::SweepInput search;
  const Expansion* search_begins = nullptr;
  sweeps::SweepInput plain;
  Expansion plain_expansion;  // if it is another
  const Expansion* plain_begins = nullptr;
};

bool Proposes(const Expansion& sweep) {
  return std::any_of(sweep.stages.begin(), sweep.stages.end(),
                     [](const sweeps::StagePlan& stage) { return stage.drawing == sweeps::Drawing::kTpe; });
}

Status SetSides(const sweeps::SweepInput& input, const Expansion& expansion, Sides* sides) {
  sides->search = sides->plain = input;
  sides->search_begins = sides->plain_begins = &expansion;
  if (!Proposes(expansion)) return {};
  sides->plain.draws_at_random = true;
  auto expanded = ExpandSweep(sides->plain);
  if (!expanded.expansion) return Fail(Code::kInvalidArgument, expanded.diagnostics.Sorted().front().message);
  sides->plain_expansion = *std::move(expanded.expansion);
  sides->plain_begins = &sides->plain_expansion;
  return {};
}

// Shows all jobs of both sides that there are if all come to the same: those of the first parts, and later
// ones as if the first were the best. With a curve of no length, so that there is one.
Status ForEachJob(const Sides& sides, const std::function<void(const Job&)>& visit) {
  const sweeps::CurveOf flat = [&](const Job& job) -> std::optional<Curve> {
    visit(job);
    return Curve{.points = {{1, 1.0}}, .steps = 1, .seconds_per_step = 1};
  };
  const sweeps::SweepReplayPlan plan{.keeps_rules = false};
  for (const bool search : {true, false}) {
    if (!search && sides.plain_begins == sides.search_begins) break;
    const auto replayed = ReplaySweep(search ? sides.search : sides.plain,
                                      search ? *sides.search_begins : *sides.plain_begins, plan, flat);
    if (!replayed) return Fail(replayed.error());
  }
  return {};
}

// Runs both sides with one seed.
Result<Comparison> Compare(const Sides& sides, const SimulationOptions& options, bool is_plain, double noise,
                           int32_t seed, const sweeps::CurveOf& curve_of) {
  // Most jobs are of both.
  std::unordered_map<std::string, std::optional<Curve>> known;
  const sweeps::CurveOf once = [&](const Job& job) {
    const auto [curve, is_new] = known.try_emplace(job.hash);
    if (is_new) curve->second = curve_of(job);
    return curve->second;
  };
  sweeps::SweepReplayPlan plan{.slots = options.slots, .noise = noise, .seed = seed};
  Comparison comparison;
  auto search = ReplaySweep(sides.search, *sides.search_begins, plan, once);
  if (!search) return Fail(std::move(search).error());
  comparison.search = *std::move(search);
  comparison.plain = comparison.search;
  if (is_plain) return comparison;
  plan.keeps_rules = false;
  auto plain = ReplaySweep(sides.plain, *sides.plain_begins, plan, once);
  if (!plain) return Fail(std::move(plain).error());
  comparison.plain = *std::move(plain);
  return comparison;
}

// What is known of the jobs before any is trained.
class Looked {
 public:
  explicit Looked(const Expansion& sweep) : sweep_(sweep) {}

  // `steps` of its curve, if it has one.
  void Look(const Job& job, std::optional<int64_t> steps) {
    if (job.spec.budget.steps <= 0) timed_.push_back(job.number);
    if (!steps) return;
    const auto rungs = sweep_.halving ? sweeps::RungSteps(*sweep_.halving, *steps) : std::vector<int64_t>();
    if (std::exchange(is_first_, false)) {
      steps_ = *steps;
      rungs_ = rungs;
    }
    if (*steps != steps_) steps_ = 0;
    if (rungs != rungs_) rungs_.clear();
  }

  void TellTo(Simulation* simulation) const {
    simulation->steps = steps_;
    simulation->rungs = rungs_;
  }
  Status Check() const {
    if (timed_.empty()) return {};
    return Fail(Code::kInvalidArgument,
                "jobs whose budget is in seconds or epochs cannot be simulated, their steps are not known: " +
                    NumbersText(timed_));
  }

 private:
  const Expansion& sweep_;
  bool is_first_ = true;
  int64_t steps_ = 0;
  std::vector<int64_t> rungs_;
  std::vector<int64_t> timed_;
};

// What is made up falls; where more is better it rises to what is below zero.
Curve InDirection(const Expansion& sweep, Curve curve) {
  for (sweeps::CurvePoint& point : curve.points) point.value = sweep.objective.CostOf(point.value);
  return curve;
}

Status MakeUp(const Sides& sides, const SimulationOptions& options, Simulation* simulation) {
  const Expansion& sweep = *sides.search_begins;
  SyntheticJobs jobs(sweep, options.throughput);
  Looked looked(sweep);
  OPTFLEET_RETURN_IF_ERROR(ForEachJob(sides, [&](const Job& job) {
    looked.Look(job, job.spec.budget.steps);
    if (job.spec.budget.steps > 0) jobs.Add(job);
  }));
  OPTFLEET_RETURN_IF_ERROR(looked.Check());
  looked.TellTo(simulation);
  const sweeps::SyntheticSpace space = jobs.Space();
  simulation->lacks_values =
      sweep.stop && std::all_of(space.jobs.begin(), space.jobs.end(),
                                [](const sweeps::SyntheticJob& job) { return job.validations.empty(); });
  for (int32_t seed = 1; seed <= options.seeds; ++seed) {
    const sweeps::SyntheticLandscape landscape(space, seed);
    double best = std::numeric_limits<double>::infinity();
    for (const sweeps::SyntheticJob& job : space.jobs) best = std::min(best, FinalOf(landscape.CurveOf(job)));
    auto run = Compare(sides, options, simulation->is_plain, sweeps::kMeasuredNoise * best, seed,
                       [&](const Job& job) { return InDirection(sweep, landscape.CurveOf(jobs.Of(job))); });
    if (!run) return Fail(std::move(run).error());
    simulation->runs.push_back(*std::move(run));
  }
  return {};
}

// Of the first jobs those without a curve, and those of another length.
Status LookAtRows(const Expansion& sweep, const sweeps::CurveTable& table, const RowFinder& rows,
                  Simulation* simulation) {
  std::vector<Curve> curves;
  for (const Job& job : sweep.jobs) {
    const auto row = rows.RowOf(job);
    if (!row) {
      simulation->without_curve.push_back(job.number);
      continue;
    }
    curves.push_back(table.rows[*row].curve);
    simulation->other_length += curves.back().steps != job.spec.budget.steps ? 1 : 0;
  }
  if (curves.empty() && Proposes(sweep)) return {};  // the search will name the point that lacks one
  if (curves.empty()) return Fail(Code::kInvalidArgument, "none of the jobs has a curve");
  if (std::none_of(curves.begin(), curves.end(),
                   [](const Curve& curve) { return std::isfinite(sweeps::FinalOf(curve)); }))
    return Fail(Code::kInvalidArgument, "all curves of the jobs diverge");
  const Curve& one = curves.front();
  const auto rungs = sweep.halving ? sweeps::RungSteps(*sweep.halving, one.steps) : std::vector<int64_t>();
  if (!rungs.empty() && rungs[0] < one.points[0].step)
    return Fail(Code::kInvalidArgument, "the first rung, at step " + FormatCount(rungs[0]) +
                                            ", lies before the first recorded value, at step " +
                                            FormatCount(one.points[0].step));
  return {};
}

// What it costs; infinite if all diverge.
double BestOf(const Expansion& sweep, const sweeps::CurveTable& table) {
  double best = std::numeric_limits<double>::infinity();
  for (const sweeps::CurveRow& row : table.rows)
    if (const double value = FinalOf(row.curve); std::isfinite(value))
      best = std::min(best, sweep.objective.CostOf(value));
  return best;
}

Status Recall(const Sides& sides, const sweeps::CurveTable& table, const SimulationOptions& options,
              Simulation* simulation) {
  const Expansion& sweep = *sides.search_begins;
  auto rows = RowFinder::Of(sweep, table);
  if (!rows) return Fail(std::move(rows).error());
  Looked looked(sweep);
  OPTFLEET_RETURN_IF_ERROR(ForEachJob(sides, [&](const Job& job) {
    rows->Look(job);
    const auto row = rows->RowOf(job);
    looked.Look(job, row ? std::optional(table.rows[*row].curve.steps) : std::nullopt);
  }));
  OPTFLEET_RETURN_IF_ERROR(looked.Check());
  OPTFLEET_RETURN_IF_ERROR(rows->Check());
  OPTFLEET_RETURN_IF_ERROR(LookAtRows(sweep, table, *rows, simulation));
  looked.TellTo(simulation);
  const double noise = sweeps::kMeasuredNoise * std::abs(BestOf(sweep, table));
  const sweeps::CurveOf curve_of = [&](const Job& job) -> std::optional<Curve> {
    const auto row = rows->RowOf(job);
    if (!row) return std::nullopt;
    Curve curve = table.rows[*row].curve;
    if (options.throughput) curve.seconds_per_step = TokensPerStep(job.spec) / *options.throughput;
    return curve;
  };
  for (int32_t seed = 1; seed <= options.seeds; ++seed) {
    auto run = Compare(sides, options, simulation->is_plain, noise, seed, curve_of);
    if (!run) return Fail(std::move(run).error());
    simulation->runs.push_back(*std::move(run));
  }
  return {};
}

}  // namespace

std::optional<double> Comparison::RegretOf(const sweeps::SweepOutcome& one) const {
  if (!one.chosen) return std::nullopt;
  const double best = std::min(search.least, plain.least);
  return (*one.chosen - best) / std::max(std::abs(best), std::numeric_limits<double>::min());
}

Result<Simulation> Simulate(const sweeps::SweepInput& input, const Expansion& expansion,
                            const sweeps::CurveTable* recorded, const SimulationOptions& options) {
  OPTFLEET_RETURN_IF_ERROR(CheckReplay(expansion));
  Simulation simulation;
  simulation.is_recorded = recorded != nullptr;
  simulation.in_steps = recorded == nullptr && !options.throughput;
  simulation.slots = options.slots;
  simulation.proposes = Proposes(expansion);
  simulation.is_plain = !expansion.halving && !expansion.stop && !simulation.proposes;
  Sides sides;
  OPTFLEET_RETURN_IF_ERROR(SetSides(input, expansion, &sides));
  OPTFLEET_RETURN_IF_ERROR(recorded == nullptr ? MakeUp(sides, options, &simulation)
                                               : Recall(sides, *recorded, options, &simulation));
  return simulation;
}

}  // namespace optfleet::commands
