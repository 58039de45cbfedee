#include "coordinator/rpc/extend_sweep.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/sha256.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/reuse.h"
#include "coordinator/rpc/sweep_replies.h"

namespace optfleet::rpc {
namespace {

// What the files say, whatever the sweep has already: a repeat is told by it.
std::string HashOf(const v1::Sweep& sweep) {
  std::string all;
  for (const v1::SourceFile& file : sweep.files()) all += file.text() + '\0' + file.folder() + '\0';
  for (const std::string& text : sweep.overrides()) all += text + '\0';
  return Sha256Hex(all);
}

engine::ExtendSweep HeadOf(const v1::ExtendSweepRequest& request, const sweeps::SweepInput& source,
                           const sweeps::Expansion& sweep, const domain::Sweep& known) {
  engine::ExtendSweep head;
  head.request_id = request.request_id();
  head.content_hash = HashOf(request.sweep());
  head.sweep_id = known.id;
  head.revision = known.revision;
  head.source = SourceOf(source, sweep);
  head.axes = sweep.axes;
  head.objective = sweep.objective;
  return head;
}

// Parts the points of the files into those that the sweep has and new ones. Holds them back until there are
// too many for one input.
class Extension : public sweeps::JobSink {
 public:
  Extension(Backend* backend, const v1::ExtendSweepRequest& request, const sweeps::SweepInput& source,
            const store::SweepPoints& known, FinishedJobs* finished)
      : request_(request), source_(source), known_(known), finished_(finished), large_(backend) {}

  void Begin(const sweeps::Expansion& sweep) override {
    head_ = HeadOf(request_, source_, sweep, known_.sweep);
    maker_.emplace(sweep);
  }

  bool Take(std::vector<sweeps::Job> jobs) override {
    std::vector<sweeps::Job> fresh;
    for (sweeps::Job& job : jobs) {
      const auto known = known_.by_hash.find(job.hash);
      ++total_;
      if (known == known_.by_hash.end()) {
        fresh.push_back(std::move(job));
      } else {
        AddParameters(known->second, ParametersOf(head_.axes, job));
      }
    }
    fresh_ += static_cast<int32_t>(fresh.size());
    if (request_.validate_only()) return true;
    if (held_ + fresh.size() > kMostPointsAtOnce) WriteHeld();
    std::vector<engine::Point> points = maker_->Make(fresh);
    if (finished_ != nullptr) Keep(finished_->TakeOver(fresh, &points));
    for (engine::Point& point : points) part_.points.push_back(std::move(point));
    held_ += fresh.size();
    stopped_ = failed_ || (is_large_ && !GoesOn());
    return !stopped_;
  }

  const engine::ExtendSweep& head() const { return head_; }
  bool is_large() const { return is_large_; }
  // The expansion was ended, and its mistakes were not all looked for.
  bool stopped() const { return stopped_; }
  int32_t total() const { return total_; }
  int32_t fresh() const { return fresh_; }
  const std::optional<Error>& failed() const { return failed_; }

  // Of a small one: the whole input.
  engine::ExtendSweep TakeInput(int32_t merged_points) {
    engine::ExtendSweep input = std::move(head_);
    input.merged_points = merged_points;
    input.points = std::move(part_.points);
    input.parameters = std::move(part_.parameters);
    return input;
  }

  // Of a large one, once all is written. An error leaves nothing behind.
  Result<engine::SweepAnswer> Finish(int32_t merged_points) {
    WriteHeld();
    if (GoesOn()) Keep(large_.Finish(merged_points));
    if (!failed_) return large_.answer();
    large_.Abandon();
    return Fail(*failed_);
  }
  void Abandon() { large_.Abandon(); }

 private:
  // A job keeps the values that it has, as they were spelled first.
  void AddParameters(const store::KnownPoint& known, const std::vector<domain::Parameter>& now) {
    std::vector<domain::Parameter> all = known.parameters;
    for (const domain::Parameter& one : now) {
      if (std::none_of(all.begin(), all.end(), [&](const auto& had) { return had.key == one.key; }))
        all.push_back(one);
    }
    if (all.size() == known.parameters.size() || request_.validate_only()) return;
    if (held_ >= kMostPointsAtOnce) WriteHeld();
    part_.parameters.emplace_back(known.job, std::move(all));
    ++held_;
  }

  void WriteHeld() {
    if (!std::exchange(is_large_, true)) Keep(large_.Begin(head_));
    if (GoesOn()) Keep(large_.Add(std::exchange(part_, {})));
    held_ = 0;
  }
  bool GoesOn() const { return !failed_ && large_.wants_points(); }
  void Keep(Status status) {
    if (!status && !failed_) failed_ = std::move(status).error();
  }

  const v1::ExtendSweepRequest& request_;
  const sweeps::SweepInput& source_;
  const store::SweepPoints& known_;
  FinishedJobs* finished_;  // whose outcomes are taken over; null: none are
  engine::ExtendSweep head_;
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

void ReplyExtended(Backend* backend, const std::string& id, int32_t total, int32_t fresh,
                   const Reply<v1::ExtendSweepResponse>& reply) {
  v1::ExtendSweepResponse response;
  response.set_new_jobs(fresh);
  response.set_known_points(total - fresh);
  ReplySweep(backend, id, [reply, response](RpcResult<v1::Sweep> sweep) mutable {
    if (!sweep) return ReplyError(reply, std::move(sweep).error());
    *response.mutable_sweep() = *std::move(sweep);
    reply(std::move(response));
  });
}

// How many are new is what the engine says, which says the same to a repeat.
void ExtendAtOnce(Backend* backend, const std::string& name, engine::ExtendSweep input, int32_t total,
                  const Reply<v1::ExtendSweepResponse>& reply) {
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), reply,
      [name](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, total, reply](const engine::SweepAnswer& answer) {
        ReplyExtended(backend, answer.sweep_id, total, static_cast<int32_t>(answer.jobs.size()), reply);
      });
}

void Expand(Backend* backend, const v1::ExtendSweepRequest& request, const sweeps::SweepInput& source,
            const store::SweepPoints& known, const FileStamps& stamps,
            const Reply<v1::ExtendSweepResponse>& reply) {
  std::optional<FinishedJobs> finished;
  if (request.reuse() && !request.validate_only()) {
    auto read = FinishedJobs::Read(backend, stamps);
    if (!read) return ReplyError(reply, FromError(read.error()));
    finished = *std::move(read);
  }
  Extension extension(backend, request, source, known, finished ? &*finished : nullptr);
  const sweeps::ExpandResult result = sweeps::ExpandSweepInto(source, kMostPointsAtOnce, &extension);
  if (!extension.stopped() && !result.expansion) {
    extension.Abandon();
    return ReplyError(reply, FromDiagnostics(result.diagnostics, request.sweep().files_size()));
  }
  const int32_t merged = result.expansion ? static_cast<int32_t>(result.expansion->merged_points.size()) : 0;
  if (request.validate_only())
    return ReplyExtended(backend, known.sweep.id, extension.total(), extension.fresh(), reply);
  if (!extension.is_large() && extension.failed()) return ReplyError(reply, FromError(*extension.failed()));
  if (!extension.is_large())
    return ExtendAtOnce(backend, request.name(), extension.TakeInput(merged), extension.total(), reply);
  const auto answer = extension.Finish(merged);
  if (!answer) return ReplyError(reply, AboutResource(answer.error(), kSweepType, request.name()));
  ReplyExtended(backend, answer->sweep_id, extension.total(), static_cast<int32_t>(answer->jobs.size()),
                reply);
}

}  // namespace

void ExtendSweep(Backend* backend, const v1::ExtendSweepRequest& request,
                 const Reply<v1::ExtendSweepResponse>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  auto source = FromWire(request.sweep());
  if (!source) return ReplyError(reply, std::move(source).error());
  auto stamps = FromWire(request.file_stamps());
  if (!stamps) return ReplyError(reply, std::move(stamps).error());
  const bool reading = backend->Read([backend, request, reply, id = *id, source = *std::move(source),
                                      stamps = *std::move(stamps)](store::ReadStore& store) mutable {
    auto points = store.GetSweepPoints(id);
    if (!points) return ReplyError(reply, AboutResource(points.error(), kSweepType, request.name()));
    // Shared, since what is posted to a queue must be copyable.
    const auto known = std::make_shared<const store::SweepPoints>(*std::move(points));
    const bool taken =
        backend->Work([backend, request, reply, source = std::move(source), stamps = std::move(stamps),
                       known] { Expand(backend, request, source, *known, stamps, reply); });
    if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
  });
  if (!reading) ReplyError(reply, Overloaded("read", kRetryRead));
}

}  // namespace optfleet::rpc
