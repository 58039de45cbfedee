#include "coordinator/rpc/create_sweep.h"

#include <optional>
#include <utility>

#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/reuse.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

// Without its points.
engine::CreateSweep ToInput(const v1::CreateSweepRequest& request, const sweeps::SweepInput& source,
                            const sweeps::Expansion& sweep) {
  engine::CreateSweep input;
  input.request_id = request.request_id();
  input.sweep_id = request.sweep_id();
  input.display_name = request.sweep().display_name().empty() ? sweep.name : request.sweep().display_name();
  input.source = SourceOf(source, sweep);
  input.axes = sweep.axes;
  input.objective = sweep.objective;
  input.validate_only = request.validate_only();
  input.priority = sweep.resources.priority.value_or(0);
  input.max_running = sweep.resources.max_running.value_or(0);
  input.stages = StagesOf(sweep);
  input.search = {.halving = sweep.halving, .stop = sweep.stop, .guard = sweep.guard};
  input.keep = {sweep.keep.best_jobs, sweep.keep.best, sweep.keep.last};
  return input;
}

// Holds the first portion of jobs back: only if more come the sweep is a large one.
class Submission : public sweeps::JobSink {
  using Points = std::vector<engine::Point>;

 public:
  // `finished`: whose outcomes are taken over; null: none are.
  Submission(Backend* backend, const v1::CreateSweepRequest& request, const sweeps::SweepInput& source,
             FinishedJobs* finished)
      : request_(request), source_(source), finished_(finished), large_(backend) {}

  void Begin(const sweeps::Expansion& sweep) override {
    head_ = ToInput(request_, source_, sweep);
    maker_.emplace(sweep);
  }

  bool Take(std::vector<sweeps::Job> jobs) override {
    Points points = maker_->Make(jobs);
    if (finished_ != nullptr && !failed_) Keep(finished_->TakeOver(jobs, &points));
    if (!first_) {
      first_ = std::move(points);
      return true;
    }
    if (!is_large_) BeginLarge();
    if (GoesOn()) Keep(large_.Add({{}, std::move(points)}));
    // What is only validated is expanded to its end, for its mistakes.
    stopped_ = !GoesOn() && (failed_ || !head_.validate_only);
    return !stopped_;
  }

  const engine::CreateSweep& head() const { return head_; }
  bool is_large() const { return is_large_; }
  // The expansion was ended, and its mistakes were not all looked for.
  bool stopped() const { return stopped_; }

  // Of a small sweep: all.
  Result<Points> TakePoints() {
    if (failed_) return Fail(*failed_);
    return std::exchange(first_, {}).value_or(Points());
  }

  // Of a large one: its id, once all is written. An error leaves nothing behind.
  Result<std::string> Finish(int32_t merged_points) {
    if (GoesOn()) Keep(large_.Finish(merged_points));
    if (!failed_) return large_.id();
    large_.Abandon();
    return Fail(*failed_);
  }
  void Abandon() { large_.Abandon(); }

 private:
  void BeginLarge() {
    is_large_ = true;
    Keep(large_.Begin(head_));
    if (GoesOn()) Keep(large_.Add({{}, *std::move(first_)}));
  }
  bool GoesOn() const { return !failed_ && large_.wants_points(); }
  void Keep(Status status) {
    if (!status && !failed_) failed_ = std::move(status).error();
  }

  const v1::CreateSweepRequest& request_;
  const sweeps::SweepInput& source_;
  FinishedJobs* finished_;
  engine::CreateSweep head_;
  std::optional<PointMaker> maker_;
  std::optional<Points> first_;
  bool is_large_ = false;
  bool stopped_ = false;
  LargeSweepWriter large_;
  std::optional<Error> failed_;
};

std::string AskedName(const engine::CreateSweep& head) {
  return SweepResource(head.sweep_id.empty() ? MakeId(head.display_name) : head.sweep_id);
}

void ReplyCreated(Backend* backend, const engine::CreateSweep& head, v1::Sweep preview, const std::string& id,
                  const Reply<v1::Sweep>& reply) {
  if (!head.validate_only) return ReplySweep(backend, id, reply);
  preview.set_name(SweepResource(id));
  reply(std::move(preview));
}

// After the commit a full read queue must not turn success into an error that invites a repeat: the client
// asks with GetSweep.
void SubmitSmall(Backend* backend, const engine::CreateSweep& head, std::vector<engine::Point> points,
                 int32_t merged_points, v1::Sweep preview, const Reply<v1::Sweep>& reply) {
  engine::CreateSweep input = head;
  input.points = std::move(points);
  input.merged_points = merged_points;
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), reply,
      [asked = AskedName(head)](const Error& error) { return AboutResource(error, kSweepType, asked); },
      [backend, reply, head, preview = std::move(preview)](const engine::SweepAnswer& answer) mutable {
        ReplyCreated(backend, head, std::move(preview), answer.sweep_id, reply);
      });
}

void Expand(Backend* backend, const v1::CreateSweepRequest& request, const sweeps::SweepInput& source,
            const FileStamps& stamps, const Reply<v1::Sweep>& reply) {
  std::optional<FinishedJobs> finished;
  if (request.reuse()) {
    auto read = FinishedJobs::Read(backend, stamps);
    if (!read) return ReplyError(reply, FromError(read.error()));
    finished = *std::move(read);
  }
  Submission submission(backend, request, source, finished ? &*finished : nullptr);
  const sweeps::ExpandResult result = sweeps::ExpandSweepInto(source, kMostPointsAtOnce, &submission);
  if (!submission.stopped() && !result.expansion) {
    submission.Abandon();
    return ReplyError(reply, FromDiagnostics(result.diagnostics, request.sweep().files_size()));
  }
  const int32_t merged = result.expansion ? static_cast<int32_t>(result.expansion->merged_points.size()) : 0;
  const int64_t jobs = result.expansion ? result.expansion->points - merged : 0;
  v1::Sweep preview = PreviewOf(submission.head(), static_cast<int32_t>(jobs), merged);
  if (!submission.is_large()) {
    auto points = submission.TakePoints();
    if (!points) return ReplyError(reply, FromError(points.error()));
    return SubmitSmall(backend, submission.head(), *std::move(points), merged, std::move(preview), reply);
  }
  const auto id = submission.Finish(merged);
  if (!id) return ReplyError(reply, AboutResource(id.error(), kSweepType, AskedName(submission.head())));
  ReplyCreated(backend, submission.head(), std::move(preview), *id, reply);
}

}  // namespace

void CreateSweep(Backend* backend, const v1::CreateSweepRequest& request, const Reply<v1::Sweep>& reply) {
  auto source = FromWire(request);
  if (!source) return ReplyError(reply, std::move(source).error());
  auto stamps = FromWire(request.file_stamps());
  if (!stamps) return ReplyError(reply, std::move(stamps).error());
  const bool taken =
      backend->Work([backend, request, reply, source = *std::move(source), stamps = *std::move(stamps)] {
        Expand(backend, request, source, stamps, reply);
      });
  if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
}

}  // namespace optfleet::rpc
