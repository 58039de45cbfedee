#include "tests/fuzz/make_conversations.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "tests/fuzz/check.h"

namespace optfleet::fuzz {
namespace {

// Of a request in protobuf's JSON.
WireCall Call(const std::string& method, const std::string& json, uint8_t time = 10) {
  const auto& methods = Methods();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const MethodInfo& info) { return info.path.ends_with("/" + method); });
  Check(found != methods.end(), "no method " + method);
  const std::unique_ptr<google::protobuf::Message> request(found->prototype->New());
  const auto read = google::protobuf::util::JsonStringToMessage(json, request.get());
  Check(read.ok(), method + ": " + read.ToString());
  return {static_cast<uint8_t>(found - methods.begin()), false, time, request->SerializeAsString()};
}

const std::string kFence = "\"fence\": {\"incarnation\": " + std::to_string(kBegin) + ", \"attempt\": 1}";

constexpr const char* kSweep = R"("sweep": {"files": [{"path": "s.yaml", "text":
  "data.path: a.txt\nbudget.steps: 10\nmodel: {layers: 1, width: 16, heads: 2}\n)"
                               R"(keep_checkpoints: {best_jobs: 1, last: 1}\noptimizer.learning_rate: [)";

std::string Sweep(const std::string& rates) { return kSweep + rates + "]\\n\"}]}"; }

// Of worker w0 with three slots.
std::string State(int sequence, const std::string& attempts, const std::string& more = "") {
  std::string slots;
  for (int i = 0; i < 3; ++i)
    slots += (i > 0 ? ", " : "") + ("{\"index\": " + std::to_string(i)) +
             ", \"kind\": \"KIND_CPU\", \"threads\": 2, \"memory_bytes\": 8000000000}";
  return "{\"worker_id\": \"w0\", \"session\": 1, \"wire_version\": 1, \"version\": \"0.1.0\", \"host\": "
         "\"h\", "
         "\"labels\": [\"zone=a\"], \"sequence\": " +
         std::to_string(sequence) + ", \"slots\": [" + slots + "], \"attempts\": [" + attempts + "]" + more +
         "}";
}

std::string Status(int job, const std::string& state, const std::string& more) {
  const std::string name = "sweeps/s/jobs/" + std::to_string(job) + "/attempts/1";
  return "{\"attempt\": \"" + name + "\", " + kFence + ", \"state\": \"STATE_" + state + "\", \"slots\": [" +
         std::to_string(job - 1) + "]" + more + "}";
}

std::string Records(int job, int first) {
  return R"({"worker_id": "w0", "session": 1, "attempts": [{"attempt": "sweeps/s/jobs/)" +
         std::to_string(job) + R"(/attempts/1", )" + kFence +
         R"(, "records": {"keys": ["loss", "val_loss"], "first_record": )" + std::to_string(first) +
         R"(, "steps": [1, 2], "time_us": [1700000000000000, 1700000001000000], "point_counts": [1, 2],
             "key_index": [0, 0, 1], "values": [2.5, "NaN", 2.25]}}]})";
}

const std::string kRuns =
    R"(, "last_record": 2, "checkpoint_step": 2, "checkpoint_record": 2, "trainer_pid": 7)";
const std::string kSucceeded = R"(, "last_record": 2, "outcome": "OUTCOME_SUCCEEDED", "reason": "done",
  "final": [{"key": "val_loss", "value": 2.25}], "log_tail": "end\n", "numerics_json": "{}", "run_directory": "/r/1")";
const std::string kKilled = R"(, "last_record": 2, "checkpoint_step": 2, "checkpoint_record": 2,
  "outcome": "OUTCOME_FAILED", "reason": "killed", "retryable": true, "cause": "FAILURE_CAUSE_KILLED")";
const std::string kKept = R"(, "kept_digest": "d", "kept": {"folder": "/r/kept", "checkpoints": [
  {"attempt": "sweeps/s/jobs/1/attempts/1", )" +
                          kFence + R"(, "step": 10, "val_loss": 2.25,
   "bytes": 100}]})";

std::vector<WireCall> OfWorker() {
  const std::string second = Status(2, "RUNNING", kRuns);
  return {
      Call("Synchronize", State(5, second + ", " + Status(3, "ENDED", kKilled), kKept)),
      Call("Synchronize", State(6, second, kKept), 24),
      Call("ReportMetrics", Records(2, 3)),
      Call("Synchronize",
           State(7, Status(2, "ENDED", kSucceeded), R"(, "draining": true, "kept_digest": "d")")),
      Call("Synchronize", State(8, "", R"(, "leaving": true)"), 39),
  };
}

std::vector<WireCall> OfReader() {
  const std::string attempt = R"({"name": "sweeps/s/jobs/1/attempts/1"})";
  return {
      Call("GetSweep", R"({"name": "sweeps/s"})"),
      Call("ListSweeps", R"({"page_size": 1})"),
      Call("GetJob", R"({"name": "sweeps/s/jobs/2"})"),
      Call("ListJobs", R"({"parent": "sweeps/s", "page_size": 2})"),
      Call("ListJobs", R"({"parent": "sweeps/-"})"),
      Call("ListMeasurements", "{}"),
      Call("PlanSweep", "{\"slot_model\": \"EPYC\", " + Sweep("0.1, 0.3") + "}"),
      Call("ExplainJob", R"({"name": "sweeps/s/jobs/4"})"),
      Call("GetAttempt", attempt),
      Call("GetAttemptLog", attempt),
      Call("ListAttempts", R"({"parent": "sweeps/s/jobs/1"})"),
      Call("ListCheckpoints", R"({"parent": "sweeps/s"})"),
      Call("QueryMetrics", R"({"job": "sweeps/s/jobs/1", "keys": ["val_loss", "loss"], "buckets": 2})"),
      Call("ListWorkers", "{}"),
      Call("ListEvents", R"({"parent": "sweeps/s", "page_size": 3})"),
      Call("GetInfo", "{}"),
  };
}

std::vector<WireCall> OfOperator() {
  const std::string checkpoint = R"({"name": "sweeps/s/jobs/1/attempts/1/checkpoints/10"})";
  return {
      Call("CreateSweep", "{\"sweep_id\": \"t\", \"request_id\": \"a\", " + Sweep("0.1, 0.2") + "}"),
      Call("CreateSweep", "{\"sweep_id\": \"u\", \"validate_only\": true, " + Sweep("0.1") + "}"),
      Call("ExtendSweep", "{\"name\": \"sweeps/s\", " + Sweep("0.1, 0.7") + "}"),
      Call("UpdateSweep",
           R"({"sweep": {"name": "sweeps/s", "priority": 3, "max_running": 1}, "update_mask": "priority"})"),
      Call("PauseSweep", R"({"name": "sweeps/s", "reason": "lunch", "request_id": "b"})"),
      Call("ResumeSweep", R"({"name": "sweeps/s"})"),
      Call("PinCheckpoint", checkpoint),
      Call("UnpinCheckpoint", checkpoint),
      Call("DrainWorker", R"({"name": "workers/w0", "keep_running": true})"),
      Call("UndrainWorker", R"({"name": "workers/w0"})"),
      Call("CancelJobs", R"({"parent": "sweeps/s", "jobs": [3, 4], "reason": "enough"})"),
      Call("RetryJobs", R"({"parent": "sweeps/s", "outcomes": ["OUTCOME_CANCELLED"]})"),
      Call("CancelJob", R"({"name": "sweeps/s/jobs/2"})"),
      Call("CancelSweep", R"({"name": "sweeps/t", "reason": "enough", "request_id": "c"})"),
  };
}

std::vector<WireCall> AsJson(std::vector<WireCall> calls) {
  for (WireCall& call : calls) {
    const std::unique_ptr<google::protobuf::Message> request(Methods()[call.method].prototype->New());
    Check(request->ParseFromString(call.body), "a request that was written cannot be read");
    call.body.clear();
    Check(google::protobuf::util::MessageToJsonString(*request, &call.body).ok(), "a request is no JSON");
    call.as_json = true;
  }
  return calls;
}

}  // namespace

std::vector<WireCall> BeginConversation() {
  const std::string running = Status(1, "RUNNING", kRuns) + ", " + Status(2, "RUNNING", kRuns);
  const std::string third = ", " + Status(3, "RUNNING", kRuns);
  return {
      Call("CreateSweep", "{\"sweep_id\": \"s\", " + Sweep("0.1, 0.2, 0.3, 0.4, 0.5") + "}"),
      Call("Synchronize", State(1, "")),
      Call("Synchronize", State(2, running + third)),
      Call("ReportMetrics", Records(1, 1)),
      Call("ReportMetrics", Records(2, 1)),
      Call("Synchronize",
           State(3, Status(1, "ENDED", kSucceeded) + ", " + Status(2, "RUNNING", kRuns) + third)),
      Call("Synchronize", State(4, Status(2, "RUNNING", kRuns) + third, kKept)),
  };
}

std::map<std::string, std::vector<WireCall>> Conversations() {
  return {{"worker", OfWorker()},
          {"reader", OfReader()},
          {"operator", OfOperator()},
          {"reader_json", AsJson(OfReader())},
          {"operator_json", AsJson(OfOperator())}};
}

}  // namespace optfleet::fuzz
