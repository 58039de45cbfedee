// What a coordinator knows that is of use for a sweep which is not submitted yet.
#include <optional>
#include <utility>

#include "coordinator/rpc/create_sweep.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/misfits.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/reuse.h"
#include "coordinator/rpc/sweep_replies.h"

namespace optfleet::rpc {
namespace {

class Lookup : public sweeps::JobSink {
 public:
  Lookup(FinishedJobs* finished, const std::string& slot_model)
      : finished_(finished), misfits_(finished->workers(), slot_model) {}

  void Begin(const sweeps::Expansion& sweep) override { misfits_.Begin(sweep.resources); }

  bool Take(std::vector<sweeps::Job> jobs) override {
    misfits_.Look(jobs);
    auto equals = finished_->EqualsOf(jobs);
    if (!equals) {
      failed_ = std::move(equals).error();
      return false;
    }
    for (size_t i = 0; i < jobs.size(); ++i)
      if ((*equals)[i]) Add(jobs[i].number, *(*equals)[i]);
    return true;
  }

  v1::PlanSweepResponse response;
  const std::optional<Error>& failed() const { return failed_; }
  void AddMisfits() { misfits_.AddTo(&response); }

 private:
  void Add(int32_t number, const FinishedJobs::Equal& equal) {
    if (equal.obstacle.empty()) response.set_reusable_jobs(response.reusable_jobs() + 1);
    if (response.equal_jobs_size() == kMaxEqualJobs) return;
    v1::PlanSweepResponse::EqualJob* added = response.add_equal_jobs();
    added->set_job(number);
    added->set_equal_job(ToResource(equal.outcome.from));
    added->set_obstacle(equal.obstacle);
  }

  FinishedJobs* finished_;
  MisfitFinder misfits_;
  std::optional<Error> failed_;
};

RpcResult<v1::PlanSweepResponse> Plan(Backend* backend, const v1::PlanSweepRequest& request,
                                      const sweeps::SweepInput& source, const FileStamps& stamps) {
  auto finished = FinishedJobs::Read(backend, stamps);
  if (!finished) return tl::make_unexpected(FromError(finished.error()));
  Lookup lookup(&*finished, request.slot_model());
  const sweeps::ExpandResult result = sweeps::ExpandSweepInto(source, kMostPointsAtOnce, &lookup);
  if (lookup.failed()) return tl::make_unexpected(FromError(*lookup.failed()));
  if (!result.expansion)
    return tl::make_unexpected(FromDiagnostics(result.diagnostics, request.sweep().files_size()));
  const auto merged = static_cast<int64_t>(result.expansion->merged_points.size());
  lookup.response.set_job_count(static_cast<int32_t>(result.expansion->points - merged));
  lookup.AddMisfits();
  return std::move(lookup.response);
}

}  // namespace

void PlanSweep(Backend* backend, const v1::PlanSweepRequest& request,
               const Reply<v1::PlanSweepResponse>& reply) {
  auto source = FromWire(request.sweep());
  if (!source) return ReplyError(reply, std::move(source).error());
  if (auto bad = CheckText("slot_model", request.slot_model(), kMaxTextBytes))
    return ReplyError(reply, *std::move(bad));
  auto stamps = FromWire(request.file_stamps());
  if (!stamps) return ReplyError(reply, std::move(stamps).error());
  const bool taken =
      backend->Work([backend, request, reply, source = *std::move(source), stamps = *std::move(stamps)] {
        reply(Plan(backend, request, source, stamps));
      });
  if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
}

}  // namespace optfleet::rpc
