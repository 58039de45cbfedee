#include "coordinator/rpc/next_stage.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/diagnostics.h"
#include "coordinator/rpc/extension.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/stage_progress.h"

namespace optfleet::rpc {
namespace {

using Done = std::function<void(Status)>;

// Jobs of earlier stages by the hash of their spec.
class Results {
 public:
  explicit Results(const store::StagedSweep& staged) : staged_(staged) {}

  std::optional<double> ValueOf(const std::string& hash, const std::string& metric) const {
    const auto found = staged_.results.find(hash);
    if (found == staged_.results.end()) return std::nullopt;
    if (metric == staged_.points.sweep.objective.metric) return found->second.objective;
    const auto figure = found->second.final.find(metric);
    if (figure == found->second.final.end() || !std::isfinite(figure->second)) return std::nullopt;
    return figure->second;
  }

  int32_t JobOf(const std::string& hash) const {
    const auto found = staged_.points.by_hash.find(hash);
    return found == staged_.points.by_hash.end() ? 0 : found->second.job;
  }

 private:
  const store::StagedSweep& staged_;
};

void Give(Backend* backend, engine::Input input, const Done& done) {
  const bool posted = backend->Post(std::move(input), [done](const engine::Answer& answer) {
    const auto* error = std::get_if<Error>(&answer);
    done(error == nullptr ? Status() : Status(Fail(*error)));
  });
  if (!posted) done(Fail(Code::kResourceExhausted, "the engine takes no more work"));
}

void Refuse(Backend* backend, const domain::Sweep& sweep, std::string reason, const Done& done) {
  Give(backend,
       engine::RefuseStage{.sweep_id = sweep.id, .revision = sweep.revision, .reason = std::move(reason)},
       done);
}

// "sweep.yaml:7:3: `optimizer.learning_rate` must be ..."
std::string FirstOf(const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return "it has no points";
  const Diagnostic first = diagnostics.Sorted().front();
  const auto file = static_cast<size_t>(first.position.file);
  const std::string path =
      file < diagnostics.sources().size() ? diagnostics.sources()[file].path + ":" : std::string();
  return path + std::to_string(first.position.line) + ":" + std::to_string(first.position.column) + ": " +
         first.message;
}

void Expand(Backend* backend, const store::StagedSweep& staged, const Done& done) {
  const domain::Sweep& sweep = staged.points.sweep;
  // It went on otherwise since it was asked for.
  if (!sweep.stages.has_next()) return done({});
  const Results results(staged);
  const domain::Stage& next = sweep.stages.all[static_cast<size_t>(sweep.stages.begun)];
  sweeps::SweepInput input = InputOf(staged.source);
  input.progress = ProgressOf(staged.points);
  sweeps::StageStart start = sweeps::ChooseStart(
      input,
      [&](const std::string& hash, const std::string& metric) { return results.ValueOf(hash, metric); });
  if (start.bases.empty() && !next.base.empty())
    return Refuse(backend, sweep, "no job has a value for " + next.base, done);
  input.progress.bases.push_back(std::move(start.bases));
  input.progress.rounds.push_back(start.round);

  engine::ExtendSweep head;
  head.stage = engine::NextStage{.number = sweep.stages.begun + 1, .from = {}, .points = {}};
  head.stage->points = std::move(start.round);
  for (const std::string& hash : input.progress.bases.back()) head.stage->from.push_back(results.JobOf(hash));
  Extension extension(backend, std::move(head), input, staged.points, nullptr, /*validate_only=*/false);
  const sweeps::ExpandResult result = sweeps::ExpandSweepInto(input, kMostPointsAtOnce, &extension);
  if (!result.expansion && !extension.stopped()) {
    extension.Abandon();
    return Refuse(backend, sweep, FirstOf(result.diagnostics), done);
  }
  const auto merged = sweep.merged_points +
                      (result.expansion ? static_cast<int32_t>(result.expansion->merged_points.size()) : 0) +
                      extension.total() - extension.fresh();
  if (!extension.is_large()) return Give(backend, extension.TakeInput(merged), done);
  const auto answer = extension.Finish(merged);
  done(answer ? Status() : Status(Fail(answer.error())));
}

}  // namespace

bool BeginNextStage(Backend* backend, const std::string& sweep, std::function<void(Status)> done) {
  return backend->Read([backend, sweep, done = std::move(done)](store::ReadStore& store) {
    auto read = store.GetStagedSweep(sweep);
    if (!read) return done(Fail(std::move(read).error()));
    // Shared, since what is posted to a queue must be copyable.
    const auto staged = std::make_shared<const store::StagedSweep>(*std::move(read));
    const bool taken = backend->Work([backend, staged, done] { Expand(backend, *staged, done); });
    if (!taken) done(Fail(Code::kResourceExhausted, "too much is being expanded already"));
  });
}

}  // namespace optfleet::rpc
