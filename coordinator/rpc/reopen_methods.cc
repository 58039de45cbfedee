// Methods on several jobs of a sweep, and those that give a sweep more to do.
#include <algorithm>
#include <utility>

#include "common/sha256.h"
#include "coordinator/rpc/extend_sweep.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"

namespace optfleet::rpc {
namespace {

template <typename Request>
std::optional<RpcError> CheckJobs(const Request& request) {
  if (request.jobs_size() > kMaxNamedJobs)
    return BadField("jobs", "must have at most " + std::to_string(kMaxNamedJobs) + " entries");
  if (auto bad = CheckText("reason", request.reason(), kMaxTextBytes)) return bad;
  return CheckRequestId(request.request_id());
}

void CancelJobs(Backend* backend, const v1::CancelJobsRequest& request,
                const Reply<v1::CancelJobsResponse>& reply) {
  const auto id = SweepIdFrom("parent", request.parent());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckJobs(request)) return ReplyError(reply, *std::move(bad));
  engine::CancelJobs input{.request_id = request.request_id(),
                           .sweep_id = *id,
                           .jobs = {request.jobs().begin(), request.jobs().end()},
                           .reason = request.reason()};
  const Reply<v1::Sweep> with_sweep = [reply](RpcResult<v1::Sweep> sweep) {
    if (!sweep) return ReplyError(reply, std::move(sweep).error());
    v1::CancelJobsResponse response;
    *response.mutable_sweep() = *std::move(sweep);
    reply(std::move(response));
  };
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), with_sweep,
      [name = request.parent()](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, with_sweep](const engine::SweepAnswer& answer) {
        ReplySweep(backend, answer.sweep_id, with_sweep);
      });
}

// Those asked for by number that are not among the ended ones.
std::vector<int32_t> NotEnded(const v1::RetryJobsRequest& request, const store::EndedJobs& ended) {
  std::vector<int32_t> numbers;
  for (const int32_t number : request.jobs()) {
    const bool found = std::any_of(ended.jobs.begin(), ended.jobs.end(),
                                   [&](const auto& job) { return job.job.name().job == number; });
    if (!found) numbers.push_back(number);
  }
  return numbers;
}

// What was asked, whatever that means now.
std::string HashOf(v1::RetryJobsRequest request) {
  request.clear_request_id();
  return Sha256Hex(request.SerializeAsString());
}

// The jobs are those of the engine's answer, which says the same to a repeat.
void ReplyRetried(Backend* backend, const engine::SweepAnswer& answer,
                  const Reply<v1::RetryJobsResponse>& reply) {
  v1::RetryJobsResponse response;
  for (const int32_t job : answer.jobs) response.add_jobs(job);
  ReplySweep(backend, answer.sweep_id, [reply, response](RpcResult<v1::Sweep> sweep) mutable {
    if (!sweep) return ReplyError(reply, std::move(sweep).error());
    *response.mutable_sweep() = *std::move(sweep);
    reply(std::move(response));
  });
}

void RetryJobs(Backend* backend, const v1::RetryJobsRequest& request,
               const Reply<v1::RetryJobsResponse>& reply) {
  const auto id = SweepIdFrom("parent", request.parent());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckJobs(request)) return ReplyError(reply, *std::move(bad));
  if (request.jobs_size() == 0 && request.outcomes_size() == 0)
    return ReplyError(reply, BadField("jobs", "must name jobs, or outcomes must"));
  store::EndedSelection selection;
  selection.jobs.assign(request.jobs().begin(), request.jobs().end());
  for (const int outcome : request.outcomes()) {
    if (!v1::Outcome_IsValid(outcome) || outcome == v1::OUTCOME_UNSPECIFIED)
      return ReplyError(reply, BadField("outcomes", "must be known outcomes"));
    selection.outcomes.push_back(static_cast<Outcome>(outcome));
  }
  const bool taken = backend->Read([backend, request, reply, id = *id, selection](store::ReadStore& store) {
    auto ended = store.GetEndedJobs(id, selection);
    if (!ended) return ReplyError(reply, AboutResource(ended.error(), kSweepType, request.parent()));
    engine::RetryJobs input{.request_id = request.request_id(),
                            .content_hash = HashOf(request),
                            .sweep_id = id,
                            .revision = ended->revision,
                            .jobs = {},
                            .not_ended = NotEnded(request, *ended),
                            .reason = request.reason()};
    input.jobs = std::move(ended->jobs);
    ReplyFromEngine<engine::SweepAnswer>(
        backend, std::move(input), reply,
        [name = request.parent()](const Error& error) { return AboutResource(error, kSweepType, name); },
        [backend, reply](const engine::SweepAnswer& answer) { ReplyRetried(backend, answer, reply); });
  });
  if (!taken) ReplyError(reply, Overloaded("read", kRetryRead));
}

}  // namespace

void AddReopenMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::CancelJobsRequest, v1::CancelJobsResponse>("/optfleet.v1.JobService/CancelJobs", true,
                                                              std::bind_front(&CancelJobs, backend));
  methods->Add<v1::RetryJobsRequest, v1::RetryJobsResponse>("/optfleet.v1.JobService/RetryJobs", true,
                                                            std::bind_front(&RetryJobs, backend));
  methods->Add<v1::ExtendSweepRequest, v1::ExtendSweepResponse>("/optfleet.v1.SweepService/ExtendSweep", true,
                                                                std::bind_front(&ExtendSweep, backend));
}

}  // namespace optfleet::rpc
