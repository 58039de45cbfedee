// Methods on several jobs of a sweep, and those that give a sweep more to do.
#include <algorithm>
#include <memory>
#include <utility>

#include "common/sha256.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

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
    v1::RetryJobsResponse response;
    for (const engine::EndedJob& job : ended->jobs) response.add_jobs(job.job.name().job);
    engine::RetryJobs input{.request_id = request.request_id(),
                            .content_hash = HashOf(request),
                            .sweep_id = id,
                            .revision = ended->revision,
                            .jobs = {},
                            .not_ended = NotEnded(request, *ended),
                            .reason = request.reason()};
    input.jobs = std::move(ended->jobs);
    const Reply<v1::Sweep> with_sweep = [reply, response](RpcResult<v1::Sweep> sweep) mutable {
      if (!sweep) return ReplyError(reply, std::move(sweep).error());
      *response.mutable_sweep() = *std::move(sweep);
      reply(std::move(response));
    };
    ReplyFromEngine<engine::SweepAnswer>(
        backend, std::move(input), with_sweep,
        [name = request.parent()](const Error& error) { return AboutResource(error, kSweepType, name); },
        [backend, with_sweep](const engine::SweepAnswer& answer) {
          ReplySweep(backend, answer.sweep_id, with_sweep);
        });
  });
  if (!taken) ReplyError(reply, Overloaded("read", kRetryRead));
}

// What the files say, whatever the sweep has already: a repeat is told by it.
std::string HashOf(const v1::Sweep& sweep) {
  std::string all;
  for (const v1::SourceFile& file : sweep.files()) all += file.text() + '\0' + file.folder() + '\0';
  for (const std::string& text : sweep.overrides()) all += text + '\0';
  return Sha256Hex(all);
}

// Parts the points of the files into those that the sweep has and new ones.
engine::ExtendSweep InputOf(const v1::ExtendSweepRequest& request, sweeps::SweepInput source,
                            const sweeps::Expansion& expansion, const store::SweepPoints& known) {
  engine::ExtendSweep input;
  input.request_id = request.request_id();
  input.content_hash = HashOf(request.sweep());
  input.sweep_id = known.sweep.id;
  input.revision = known.sweep.revision;
  input.axes = expansion.axes;
  input.objective = expansion.objective;
  input.merged_points = static_cast<int32_t>(expansion.merged_points.size());
  for (engine::Point& point : PointsOf(expansion)) {
    const auto job = known.by_hash.find(point.spec_hash);
    if (job == known.by_hash.end()) {
      input.points.push_back(std::move(point));
    } else {
      input.parameters.emplace_back(job->second, std::move(point.parameters));
    }
  }
  input.source = SourceOf(std::move(source), expansion);
  return input;
}

void Extend(Backend* backend, const v1::ExtendSweepRequest& request, engine::ExtendSweep input,
            const Reply<v1::ExtendSweepResponse>& reply) {
  v1::ExtendSweepResponse response;
  response.set_new_jobs(static_cast<int32_t>(input.points.size()));
  response.set_known_points(static_cast<int32_t>(input.parameters.size()));
  const std::string id = input.sweep_id;
  const Reply<v1::Sweep> with_sweep = [reply, response](RpcResult<v1::Sweep> sweep) mutable {
    if (!sweep) return ReplyError(reply, std::move(sweep).error());
    *response.mutable_sweep() = *std::move(sweep);
    reply(std::move(response));
  };
  if (request.validate_only()) return ReplySweep(backend, id, with_sweep);
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), with_sweep,
      [name = request.name()](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, with_sweep](const engine::SweepAnswer& answer) {
        ReplySweep(backend, answer.sweep_id, with_sweep);
      });
}

void ExtendSweep(Backend* backend, const v1::ExtendSweepRequest& request,
                 const Reply<v1::ExtendSweepResponse>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  auto source = FromWire(request.sweep());
  if (!source) return ReplyError(reply, std::move(source).error());
  const bool taken =
      backend->Work([backend, request, reply, id = *id, source = *std::move(source)]() mutable {
        // Shared, since what is posted to a queue must be copyable.
        const auto result = std::make_shared<sweeps::ExpandResult>(sweeps::ExpandSweep(source));
        if (!result->expansion)
          return ReplyError(reply, FromDiagnostics(result->diagnostics, request.sweep().files_size()));
        const bool reading = backend->Read(
            [backend, request, reply, id, source = std::move(source), result](store::ReadStore& store) {
              const auto known = store.GetSweepPoints(id);
              if (!known) return ReplyError(reply, AboutResource(known.error(), kSweepType, request.name()));
              Extend(backend, request, InputOf(request, source, *result->expansion, *known), reply);
            });
        if (!reading) ReplyError(reply, Overloaded("read", kRetryRead));
      });
  if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
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
