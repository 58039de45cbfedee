#include "tests/coordinator/simulation/client.h"

#include <optional>
#include <sstream>

#include "optfleet/v1/operator.pb.h"
#include "tests/coordinator/simulation/machine.h"

namespace optfleet::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr const char* kPin = "/optfleet.v1.CheckpointService/PinCheckpoint";
}  // namespace

Client::Client(Context* context, Network* network, CoordinatorProcess* coordinator, Checker* checker)
    : context_(context), network_(network), coordinator_(coordinator), checker_(checker) {}

void Client::CreateSweep(const std::string& id, int jobs, const domain::KeepPolicy& keep,
                         const std::string& start) {
  std::string request = NewRequestId() + " " + id + " " + std::to_string(jobs);
  for (const auto& part : {keep.best_jobs, keep.best, keep.last})
    request += " " + std::to_string(part.value_or(-1));
  Begin(kCreate, request + " " + start,
        {.kind = Promise::Kind::kSweepExists, .subject = {id, 0}, .jobs = jobs});
}

void Client::CancelJob(const JobName& name) {
  v1::CancelJobRequest request;
  request.set_name(ToResource(name));
  request.set_reason("no longer wanted");
  request.set_request_id(NewRequestId());
  Begin("/optfleet.v1.JobService/CancelJob", request.SerializeAsString(),
        {.kind = Promise::Kind::kJobCancelled, .subject = name});
}

void Client::CancelSweep(const std::string& id) {
  v1::CancelSweepRequest request;
  request.set_name(SweepResource(id));
  request.set_reason("no longer wanted");
  request.set_request_id(NewRequestId());
  Begin("/optfleet.v1.SweepService/CancelSweep", request.SerializeAsString(),
        {.kind = Promise::Kind::kSweepCancelled, .subject = {id, 0}});
}

void Client::Pin(const CheckpointName& name) {
  v1::PinCheckpointRequest request;
  request.set_name(ToResource(name));
  request.set_request_id(NewRequestId());
  Begin(kPin, request.SerializeAsString(),
        {.kind = Promise::Kind::kPinned, .subject = name.attempt.job, .checkpoint = name});
}

void Client::Begin(const std::string& path, const std::string& request, const Promise& promise) {
  ++open_;
  promises_.emplace(request, promise);
  Send(path, request);
}

void Client::NoteAnswered(const std::string& request) {
  const auto found = promises_.find(request);
  if (found != promises_.end()) checker_->Told(found->second);
}

void Client::Send(const std::string& path, const std::string& request) {
  network_->Call(
      "client", path, request, seconds(3), [this, path, request](const Result<std::string>& reply) {
        // A checkpoint that is being deleted cannot be pinned any more.
        const bool too_late = path == kPin && !reply && reply.error().code() == Code::kFailedPrecondition;
        // A restored backup may not know what is to be cancelled.
        if (reply || too_late || reply.error().code() == Code::kNotFound) {
          --open_;
          promises_.erase(request);
          return;
        }
        if (reply.error().code() != Code::kUnavailable)
          return context_->Violate("a repeated request is answered as the first time",
                                   path + ": " + reply.error().message());
        context_->agenda.After(context_->dice.Between(milliseconds(200), milliseconds(1500)),
                               [this, path, request] { Send(path, request); });
      });
}

void Client::ServeCreate(CoordinatorProcess* coordinator, const std::string& request,
                         const Network::Reply& reply) {
  if (!coordinator->up()) return reply(Fail(Code::kUnavailable, "connection refused"));
  std::istringstream words(request);
  engine::CreateSweep sweep;
  int jobs = 0;
  std::string start;
  words >> sweep.request_id >> sweep.sweep_id >> jobs;
  for (std::optional<int32_t>* part : {&sweep.keep.best_jobs, &sweep.keep.best, &sweep.keep.last}) {
    int32_t most = 0;
    words >> most;
    if (most >= 0) *part = most;
  }
  words >> start;
  sweep.display_name = sweep.sweep_id;
  for (int i = 1; i <= jobs; ++i) {
    engine::Point point;
    // Each with another text, so that most are kept by what differs from the first.
    point.spec_json = "{\"start\":{\"weights\":\"" + start + "\"},\"seed\":" + std::to_string(i) + "}";
    point.spec_hash = std::to_string(i);
    point.total_steps = kSteps;
    // By the job's place, so that a repeated request says the same: some share a slot, some need two.
    if (i % 4 == 0) point.resources.share = 50;
    if (i % 7 == 0) point.resources.slots = 2;
    sweep.points.push_back(std::move(point));
  }
  coordinator->Post(std::move(sweep), [reply](const engine::Answer& answer) {
    if (const auto* error = std::get_if<Error>(&answer)) return reply(Fail(*error));
    reply(std::string());
  });
}

}  // namespace optfleet::simulation
