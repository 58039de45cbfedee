#include "tests/coordinator/simulation/sweeps_server.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include "tests/coordinator/simulation/machine.h"

namespace optfleet::simulation {
namespace {

constexpr int kStagePoints = 1000;  // further points of a stage have numbers from a multiple of it on

// Each with another text, so that most are kept by what differs from the first. What it asks for follows from
// its number, so that a repeated request says the same: some share a slot, some need two.
engine::Point PointOf(int number, const std::string& start) {
  engine::Point point;
  point.spec_json = "{\"start\":{\"weights\":\"" + start + "\"},\"seed\":" + std::to_string(number) + "}";
  point.spec_hash = std::to_string(number);
  point.total_steps = kSteps;
  if (number % 4 == 0) point.resources.share = 50;
  if (number % 7 == 0) point.resources.slots = 2;
  return point;
}

// Values of a job go down by less and less to one that no other job has.
sweeps::StopPlan RuleOf(int rule) {
  sweeps::StopPlan plan;
  if (rule == 1) plan.median = {.after = {.share = 0.2, .steps = 0}, .least_jobs = 1};
  if (rule == 2) plan.plateau = {.patience = {.share = 0, .steps = 4}, .min_delta = 0.1};
  if (rule == 3) plan.divergence = sweeps::DivergencePlan{.limit = 500, .patience = 3};
  return plan;
}

sweeps::GuardPlan GuardOf(int guard) {
  sweeps::GuardPlan plan;
  if (guard == 1) plan.failed = sweeps::JobsOrShare{};
  if (guard == 2) {
    plan.failed = sweeps::JobsOrShare{.share = 0.5, .jobs = 0};
    plan.after = 2;
  }
  if (guard == 3) plan.device_hours = 0.5 / 60;
  return plan;
}

void AddStage(int number, int rounds, engine::CreateSweep* sweep) {
  const std::string name = "stage" + std::to_string(number);
  if (rounds == 0) sweep->stages.push_back({.name = name, .base = "", .from = {}});
  for (int round = 1; round <= rounds; ++round)
    sweep->stages.push_back({.name = name, .base = "", .from = {}, .round = round});
}

// As FinishedJobs::TakeOver in coordinator/rpc, without what a run rests on: all ran on the same ground.
Status TakeOver(store::ReadStore& store, std::vector<engine::Point>* points) {
  const auto succeeded = store.ListSucceededJobs();
  if (!succeeded) return Fail(succeeded.error());
  std::map<std::string, JobName> by_hash;
  for (const store::HashedJob& job : *succeeded) by_hash.emplace(job.spec_hash, job.name);
  for (engine::Point& point : *points) {
    const auto equal = by_hash.find(point.spec_hash);
    if (equal == by_hash.end()) continue;
    auto job = store.GetSucceededJobs({equal->second});
    if (!job) return Fail(job.error());
    if (!job->empty())
      point.taken_over = engine::TakenOver{job->front().name, job->front().step, job->front().final};
  }
  return {};
}

}  // namespace

std::set<std::string> PointsBetween(int first, int last) {
  std::set<std::string> points;
  for (int number = first; number <= last; ++number) points.insert(std::to_string(number));
  return points;
}

bool SweepsServer::Serve(const std::string& path, const std::string& request, const Network::Reply& reply) {
  if (path != kCreate && path != kExtend && path != kExtendMistaken && path != kExtendByStage) return false;
  if (!coordinator_->up()) {
    reply(Fail(Code::kUnavailable, "connection refused"));
  } else if (path == kCreate) {
    Create(request, reply);
  } else if (path == kExtendByStage) {
    ExtendByStage(request, reply);
  } else {
    Extend(request, path == kExtendMistaken, reply);
  }
  return true;
}

void SweepsServer::Create(const std::string& request, const Network::Reply& reply) {
  std::istringstream words(request);
  engine::CreateSweep sweep;
  int jobs = 0;
  size_t part = 0;
  bool reuse = false;
  std::string start;
  words >> sweep.request_id >> sweep.sweep_id >> jobs >> part >> reuse;
  for (std::optional<int32_t>* keep : {&sweep.keep.best_jobs, &sweep.keep.best, &sweep.keep.last}) {
    int32_t most = 0;
    words >> most;
    if (most >= 0) *keep = most;
  }
  int64_t first_rung = 0;
  int stages = 0;
  int rounds = 0;
  int rule = 0;
  int guard = 0;
  words >> first_rung >> stages >> rounds >> rule >> guard >> sweep.objective.maximize >> start;
  if (rule > 0) {
    sweep.search.stop = RuleOf(rule);
    sweep.objective.metric = "loss";  // which is recorded at each step
  }
  if (guard > 0) sweep.search.guard = GuardOf(guard);
  if (first_rung > 0)
    sweep.search.halving = sweeps::HalvingPlan{.first_share = 0, .first_steps = first_rung, .factor = 2};
  for (int stage = 1; stage <= stages; ++stage) AddStage(stage, stage % 2 == 1 ? rounds : 0, &sweep);
  sweep.display_name = sweep.sweep_id;
  std::vector<engine::Point> points;
  for (int number = 1; number <= jobs; ++number) points.push_back(PointOf(number, start));
  if (!reuse) return CreateWith(std::move(sweep), std::move(points), part, reply);
  coordinator_->Read([this, sweep, points, part, reply](store::ReadStore& store) mutable {
    if (const Status taken = TakeOver(store, &points); !taken) return reply(Fail(taken.error()));
    CreateWith(std::move(sweep), std::move(points), part, reply);
  });
}

void SweepsServer::CreateWith(engine::CreateSweep sweep, std::vector<engine::Point> points, size_t part,
                              const Network::Reply& reply) {
  if (part > 0) return InParts(engine::BeginSweep{sweep}, std::move(points), part, false, reply);
  sweep.points = std::move(points);
  AtOnce(std::move(sweep), reply);
}

void SweepsServer::Extend(const std::string& request, bool mistaken, const Network::Reply& reply) {
  std::istringstream words(request);
  engine::ExtendSweep extend;
  int first = 0;
  int last = 0;
  size_t part = 0;
  bool reuse = false;
  words >> extend.request_id >> extend.sweep_id >> first >> last >> part >> reuse;
  extend.content_hash = std::to_string(first) + ' ' + std::to_string(last);
  coordinator_->Read(
      [this, extend, first, last, part, reuse, mistaken, reply](store::ReadStore& store) mutable {
        const auto known = store.GetSweepPoints(extend.sweep_id);
        if (!known) return reply(Fail(known.error()));
        extend.revision = known->sweep.revision;
        extend.objective = known->sweep.objective;
        std::vector<engine::Point> points;
        for (int number = first; number <= last; ++number) {
          engine::Point point = PointOf(number, "");
          if (!known->by_hash.contains(point.spec_hash)) points.push_back(std::move(point));
        }
        if (const Status taken = reuse ? TakeOver(store, &points) : Status(); !taken)
          return reply(Fail(taken.error()));
        if (part > 0 && points.size() > part)
          return InParts(engine::BeginExtension{extend}, std::move(points), part, mistaken, reply);
        if (mistaken) return reply(Fail(Code::kInvalidArgument, "a mistake"));
        extend.points = std::move(points);
        AtOnce(std::move(extend), reply);
      });
}

void SweepsServer::ExtendByStage(const std::string& request, const Network::Reply& reply) {
  std::istringstream words(request);
  engine::ExtendSweep extend;
  words >> extend.request_id >> extend.sweep_id;
  extend.content_hash = extend.request_id;
  coordinator_->Read([this, extend, reply](store::ReadStore& store) mutable {
    const auto known = store.GetSweepPoints(extend.sweep_id);
    if (!known) return reply(Fail(known.error()));
    extend.revision = known->sweep.revision;
    extend.objective = known->sweep.objective;
    extend.merged_points = known->sweep.merged_points;
    extend.stages.emplace();
    for (const domain::Stage& stage : known->sweep.stages.all)
      extend.stages->push_back({.name = stage.name, .base = stage.base, .from = {}, .round = stage.round});
    extend.stages->push_back({.name = extend.request_id, .base = "", .from = {}});
    AtOnce(std::move(extend), reply);
  });
}

namespace {

// The answer to a client: how many jobs are new.
std::string TextOf(const engine::Answer& answer) {
  return std::to_string(std::get<engine::SweepAnswer>(answer).jobs.size()) + " new jobs";
}

}  // namespace

void SweepsServer::Due(const std::set<std::string>& sweeps) {
  if (std::exchange(life_, coordinator_->life()) != coordinator_->life()) at_work_.clear();
  for (const std::string& sweep : sweeps) {
    if (!at_work_.insert(sweep).second) continue;
    coordinator_->Read([this, sweep](store::ReadStore& store) {
      const auto staged = store.GetStagedSweep(sweep);
      if (!staged || !staged->points.sweep.stages.has_next()) {
        at_work_.erase(sweep);
        return;
      }
      coordinator_->Work([this, staged = *staged] { BeginStage(staged); });
    });
  }
}

// From the best job, with so many points as its number says: also none. A later round needs no best.
void SweepsServer::BeginStage(const store::StagedSweep& staged) {
  const domain::Sweep& sweep = staged.points.sweep;
  const bool is_round = sweep.stages.all[static_cast<size_t>(sweep.stages.begun)].round > 1;
  std::optional<std::pair<double, int32_t>> best;
  for (const auto& [hash, result] : staged.results) {
    if (!result.objective) continue;
    const std::pair ranked(sweep.objective.CostOf(*result.objective), result.job);
    best = std::min(best.value_or(ranked), ranked);
  }
  const auto done = [this, id = sweep.id](const engine::Answer&) { at_work_.erase(id); };
  if (!best && !is_round)
    return static_cast<void>(coordinator_->Post(
        engine::RefuseStage{.sweep_id = sweep.id, .revision = sweep.revision, .reason = "no job has a value"},
        done));
  engine::ExtendSweep next;
  next.sweep_id = sweep.id;
  next.revision = sweep.revision;
  next.objective = sweep.objective;
  const int32_t chosen = best ? best->second : 1;
  next.stage = engine::NextStage{.number = sweep.stages.begun + 1, .from = {}, .points = {}};
  if (is_round)
    next.stage->points = {{{best ? best->first : 0}}, {}};  // of two blocks, one of which tries nothing
  else
    next.stage->from = {chosen};
  const int first = kStagePoints * sweep.stages.begun + 1;
  const int last = first - 1 + chosen % 3;
  checker_->Begun(
      {.kind = Promise::Kind::kHasPoints, .subject = {sweep.id, 0}, .points = PointsBetween(first, last)});
  for (int number = first; number <= last; ++number) {
    engine::Point point = PointOf(number, "");
    if (!staged.points.by_hash.contains(point.spec_hash)) next.points.push_back(std::move(point));
  }
  coordinator_->Post(std::move(next), done);
}

void SweepsServer::AtOnce(engine::Input input, const Network::Reply& reply) {
  coordinator_->Post(std::move(input), [reply](const engine::Answer& answer) {
    if (const auto* error = std::get_if<Error>(&answer)) return reply(Fail(*error));
    reply(TextOf(answer));
  });
}

void SweepsServer::InParts(engine::Input begin, std::vector<engine::Point> points, size_t part, bool mistaken,
                           const Network::Reply& reply) {
  const auto* sweep = std::get_if<engine::BeginSweep>(&begin);
  const std::string id =
      sweep != nullptr ? sweep->sweep.sweep_id : std::get<engine::BeginExtension>(begin).extension.sweep_id;
  std::deque<engine::Input> inputs;
  for (size_t i = 0; i < points.size(); i += part) {
    engine::AddPoints add{id, {}};
    for (size_t k = i; k < std::min(points.size(), i + part); ++k) add.points.push_back(std::move(points[k]));
    inputs.push_back(std::move(add));
  }
  if (!mistaken) inputs.push_back(engine::FinishSweep{id, 0});
  coordinator_->Post(std::move(begin), [this, id, inputs, reply](const engine::Answer& answer) {
    if (const auto* error = std::get_if<Error>(&answer)) return reply(Fail(*error));
    if (std::get<engine::SweepAnswer>(answer).repeated) return reply(TextOf(answer));
    GiveNext(id, inputs, reply);
  });
}

// One after the other: each waits for the answer before.
void SweepsServer::GiveNext(const std::string& sweep, std::deque<engine::Input> rest,
                            const Network::Reply& reply) {
  if (rest.empty()) return Abandon(sweep, Error(Code::kInvalidArgument, "a mistake"), reply);
  engine::Input input = std::move(rest.front());
  rest.pop_front();
  const bool last = std::holds_alternative<engine::FinishSweep>(input);
  coordinator_->Work([this, sweep, last, input, rest, reply] {
    coordinator_->Post(input, [this, sweep, last, rest, reply](const engine::Answer& answer) {
      if (const auto* error = std::get_if<Error>(&answer)) return Abandon(sweep, *error, reply);
      if (last) return reply(TextOf(answer));
      GiveNext(sweep, rest, reply);
    });
  });
}

void SweepsServer::Abandon(const std::string& sweep, const Error& error, const Network::Reply& reply) {
  coordinator_->Post(engine::AbandonSweep{sweep}, [this, sweep, error, reply](const engine::Answer& answer) {
    if (std::holds_alternative<Error>(answer)) return reply(Fail(error));
    Abandon(sweep, error, reply);
  });
}

}  // namespace optfleet::simulation
