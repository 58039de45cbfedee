#include "tests/coordinator/simulation/client.h"

#include "optfleet/v1/operator.pb.h"
#include "tests/coordinator/simulation/sweeps_server.h"

namespace optfleet::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* kPin = "/optfleet.v1.CheckpointService/PinCheckpoint";
constexpr const char* kRetry = "/optfleet.v1.JobService/RetryJobs";
constexpr const char* kRepeats = "a repeated request is answered as the first time";

// Whether an error is an answer: what is asked for cannot be done, and the client gives up. A checkpoint that
// is being deleted cannot be pinned, a sweep that has ended not paused, a job that has not ended not tried
// again; a restored backup may not know what is meant.
bool IsAnswer(Code code, const std::string& path) {
  return code == Code::kNotFound || code == Code::kFailedPrecondition ||
         (code == Code::kInvalidArgument && path == SweepsServer::kExtendMistaken);
}

// Its sweep has changed while the call was prepared.
bool IsToBeRepeated(Code code) { return code == Code::kUnavailable || code == Code::kAborted; }

}  // namespace

Client::Client(Context* context, Network* network, CoordinatorProcess* coordinator, Checker* checker)
    : context_(context), network_(network), coordinator_(coordinator), checker_(checker) {}

void Client::CreateSweep(const std::string& id, int jobs, int part, bool reuse,
                         const domain::KeepPolicy& keep, const Search& search, const std::string& start) {
  std::string request = NewRequestId() + ' ' + id + ' ' + std::to_string(jobs) + ' ' + std::to_string(part) +
                        (reuse ? " 1" : " 0");
  for (const auto& limit : {keep.best_jobs, keep.best, keep.last})
    request += " " + std::to_string(limit.value_or(-1));
  request += " " + std::to_string(search.first_rung) + " " + std::to_string(search.stages) + " " +
             std::to_string(search.rounds) + " " + std::to_string(search.rule) + " " +
             std::to_string(search.guard) + (search.maximize ? " 1" : " 0");
  Begin(SweepsServer::kCreate, request + " " + start,
        {.kind = Promise::Kind::kHasPoints, .subject = {id, 0}, .points = PointsBetween(1, jobs)});
}

void Client::CancelJob(const JobName& name) {
  v1::CancelJobRequest request;
  request.set_name(ToResource(name));
  request.set_reason("no longer wanted");
  request.set_request_id(NewRequestId());
  Begin("/optfleet.v1.JobService/CancelJob", request.SerializeAsString(),
        {.kind = Promise::Kind::kJobCancelled, .subject = name, .points = {}});
}

void Client::CancelSweep(const std::string& id) {
  v1::CancelSweepRequest request;
  request.set_name(SweepResource(id));
  request.set_reason("no longer wanted");
  request.set_request_id(NewRequestId());
  Begin("/optfleet.v1.SweepService/CancelSweep", request.SerializeAsString(),
        {.kind = Promise::Kind::kSweepCancelled, .subject = {id, 0}, .points = {}});
}

void Client::Pin(const CheckpointName& name) {
  v1::PinCheckpointRequest request;
  request.set_name(ToResource(name));
  request.set_request_id(NewRequestId());
  Begin(kPin, request.SerializeAsString(),
        {.kind = Promise::Kind::kPinned, .subject = name.attempt.job, .points = {}, .checkpoint = name});
}

template <typename Request>
void Client::BeginOrder(const std::string& path, Request request, const Order& order) {
  if (!ordered_.insert({order.kind, order.subject}).second) return;
  request.set_request_id(NewRequestId());
  Begin(path, request.SerializeAsString(),
        {.kind = Promise::Kind::kOrder, .subject = {}, .points = {}, .checkpoint = {}, .order = order});
}

void Client::Pause(const std::string& sweep, domain::Pause pause) {
  const Order order{Order::Kind::kPause, sweep, static_cast<int32_t>(pause)};
  if (pause == domain::Pause::kNo) {
    v1::ResumeSweepRequest request;
    request.set_name(SweepResource(sweep));
    return BeginOrder("/optfleet.v1.SweepService/ResumeSweep", request, order);
  }
  v1::PauseSweepRequest request;
  request.set_name(SweepResource(sweep));
  request.set_keep_running(pause == domain::Pause::kKeepRunning);
  BeginOrder("/optfleet.v1.SweepService/PauseSweep", request, order);
}

void Client::TakeGuardOff(const std::string& sweep) {
  v1::UpdateSweepRequest request;
  request.mutable_sweep()->set_name(SweepResource(sweep));
  request.mutable_update_mask()->add_paths("guard");
  BeginOrder("/optfleet.v1.SweepService/UpdateSweep", request, {Order::Kind::kNoGuard, sweep, 0});
}

void Client::Limit(const std::string& sweep, int32_t priority, int32_t max_running) {
  v1::UpdateSweepRequest request;
  request.mutable_sweep()->set_name(SweepResource(sweep));
  request.mutable_sweep()->set_priority(priority);
  request.mutable_sweep()->set_max_running(max_running);
  BeginOrder("/optfleet.v1.SweepService/UpdateSweep", request, {Order::Kind::kLimit, sweep, max_running});
}

void Client::Drain(const std::string& worker, domain::Pause drain) {
  const Order order{Order::Kind::kDrain, worker, static_cast<int32_t>(drain)};
  if (drain == domain::Pause::kNo) {
    v1::UndrainWorkerRequest request;
    request.set_name(WorkerResource(worker));
    return BeginOrder("/optfleet.v1.WorkerService/UndrainWorker", request, order);
  }
  v1::DrainWorkerRequest request;
  request.set_name(WorkerResource(worker));
  request.set_keep_running(drain == domain::Pause::kKeepRunning);
  BeginOrder("/optfleet.v1.WorkerService/DrainWorker", request, order);
}

void Client::Retry(const std::string& sweep, const std::vector<int32_t>& jobs,
                   const std::vector<Outcome>& outcomes) {
  v1::RetryJobsRequest request;
  request.set_parent(SweepResource(sweep));
  for (const int32_t job : jobs) request.add_jobs(job);
  for (const Outcome outcome : outcomes) request.add_outcomes(static_cast<v1::Outcome>(outcome));
  request.set_request_id(NewRequestId());
  const std::string text = request.SerializeAsString();
  retries_.emplace(text, request.request_id());
  Begin(kRetry, text, {});
}

void Client::Extend(const std::string& sweep, int first, int last, int part, bool reuse) {
  Begin(SweepsServer::kExtend,
        NewRequestId() + ' ' + sweep + ' ' + std::to_string(first) + ' ' + std::to_string(last) + ' ' +
            std::to_string(part) + (reuse ? " 1" : " 0"),
        {.kind = Promise::Kind::kHasPoints, .subject = {sweep, 0}, .points = PointsBetween(first, last)});
}

void Client::ExtendByStage(const std::string& sweep) {
  const std::string request = NewRequestId();
  Begin(SweepsServer::kExtendByStage, request + ' ' + sweep,
        {.kind = Promise::Kind::kHasStage, .subject = {sweep, 0}, .points = {}, .stage = request});
}

// Points that no other request has.
void Client::ExtendMistaken(const std::string& sweep, int part) {
  Begin(SweepsServer::kExtendMistaken,
        NewRequestId() + ' ' + sweep + " 101 110 " + std::to_string(part) + " 0", {});
}

void Client::Begin(const std::string& path, const std::string& request, const Promise& promise) {
  ++open_;
  Promise& begun = promises_.emplace(request, promise).first->second;
  begun.begun = context_->agenda.now();
  checker_->Begun(begun);
  Send(path, request);
}

void Client::NoteAnswered(const std::string& path, const std::string& request, const std::string& answer) {
  if (path == kRetry) NoteRetried(request, answer);
  if (path == SweepsServer::kExtend && answers_.try_emplace(request, answer).first->second != answer)
    context_->Violate(kRepeats, request + ": " + answer + ", and before " + answers_.at(request));
  const auto found = promises_.find(request);
  if (found != promises_.end()) checker_->Told(found->second);
}

void Client::NoteRetried(const std::string& request, const std::string& answer) {
  v1::RetryJobsResponse response;
  response.ParseFromString(answer);
  const std::vector<int32_t> told(response.jobs().begin(), response.jobs().end());
  const std::vector<int32_t> reopened = checker_->Reopened(retries_.at(request));
  if (told != reopened)
    context_->Violate(kRepeats, "retry of " + response.sweep().name() + ": " + std::to_string(told.size()) +
                                    " jobs were named, " + std::to_string(reopened.size()) +
                                    " were queued again");
}

void Client::Send(const std::string& path, const std::string& request) {
  network_->Call("client", path, request, seconds(3),
                 [this, path, request](const Result<std::string>& reply) { OnReply(path, request, reply); });
}

void Client::OnReply(const std::string& path, const std::string& request, const Result<std::string>& reply) {
  if (reply || IsAnswer(reply.error().code(), path)) {
    --open_;
    const auto asked = promises_.find(request);
    ordered_.erase({asked->second.order.kind, asked->second.order.subject});
    promises_.erase(asked);
    return;
  }
  if (!IsToBeRepeated(reply.error().code()))
    return context_->Violate(kRepeats, path + ": " + reply.error().message());
  context_->agenda.After(context_->dice.Between(milliseconds(200), milliseconds(1500)),
                         [this, path, request] { Send(path, request); });
}

}  // namespace optfleet::simulation
