#include "optctl/commands/wire_json.h"

#include <charconv>
#include <cmath>

#include "optctl/commands/moments.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

template <typename Message>
Json SecondsBetween(const Message& message) {
  if (!message.has_start_time() || !message.has_end_time()) return nullptr;
  return static_cast<double>((TimeOf(message.end_time()) - TimeOf(message.start_time())).count()) / 1e6;
}

// null where all stay.
Json KeepJson(const v1::Sweep& sweep) {
  if (!sweep.has_keep_checkpoints()) return nullptr;
  const v1::KeepCheckpoints& keep = sweep.keep_checkpoints();
  Json json;
  json["best_jobs"] = keep.has_best_jobs() ? Json(keep.best_jobs()) : Json(nullptr);
  json["best"] = keep.has_best() ? Json(keep.best()) : Json(nullptr);
  json["last"] = keep.has_last() ? Json(keep.last()) : Json(nullptr);
  return json;
}

Json NullIfEmpty(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Json NumberJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json ScalarJson(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  int64_t whole = 0;
  double number = 0;
  const char* const end = text.data() + text.size();
  if (auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
    return whole;
  if (auto read = std::from_chars(text.data(), end, number); read.ec == std::errc() && read.ptr == end) {
    return NumberJson(number);
  }
  return text;
}

Json TimeJson(bool present, const google::protobuf::Timestamp& time) {
  return present ? Json(IsoTime(TimeOf(time))) : Json(nullptr);
}

Json FiguresJson(const google::protobuf::RepeatedPtrField<v1::Figure>& figures) {
  Json json = Json::object();
  for (const v1::Figure& figure : figures) json[figure.key()] = NumberJson(figure.value());
  return json;
}

Json ParametersJson(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters) {
  Json json = Json::object();
  for (const v1::Parameter& parameter : parameters) json[parameter.key()] = ScalarJson(parameter.value());
  return json;
}

// A share, a number of jobs, or null.
Json BoundJson(bool is_set, const v1::JobBound& bound) {
  if (!is_set) return nullptr;
  if (bound.bound_case() == v1::JobBound::kShare) return {{"share", bound.share()}};
  return {{"jobs", bound.jobs()}};
}

Json GuardJson(const v1::Sweep& sweep) {
  if (!sweep.has_guard()) return nullptr;
  const v1::Guard& guard = sweep.guard();
  return {{"diverged", BoundJson(guard.has_diverged(), guard.diverged())},
          {"failed", BoundJson(guard.has_failed(), guard.failed())},
          {"after_jobs", guard.after_jobs()},
          {"device_hours", guard.device_hours() > 0 ? Json(guard.device_hours()) : Json(nullptr)}};
}

Json ToJson(const v1::Sweep& sweep) {
  Json json;
  json["name"] = sweep.name();
  json["display_name"] = sweep.display_name();
  json["state"] = NameOf(sweep.state());
  json["job_count"] = sweep.job_count();
  json["priority"] = sweep.priority();
  json["max_running"] = sweep.max_running();
  json["keep_checkpoints"] = KeepJson(sweep);
  json["paused"] = sweep.pause() != v1::PAUSE_UNSPECIFIED;
  json["merged_points"] = sweep.merged_points();
  json["reused_jobs"] = sweep.reused_jobs();
  json["progress"] = NumberJson(sweep.progress());
  json["jobs_by_state"] = Json::object();
  for (const v1::StateCount& count : sweep.counts()) json["jobs_by_state"][count.state()] = count.count();
  json["axes"] = Json::array();
  for (const std::string& axis : sweep.axes()) json["axes"].push_back(axis);
  json["stages"] = Json::array();
  for (const v1::Stage& stage : sweep.stages())
    json["stages"].push_back(
        {{"name", stage.name()},
         {"base", stage.base()},
         {"round", stage.round() == 0 ? Json(nullptr) : Json(stage.round())},
         {"begun", stage.begun()},
         {"from_jobs", Json(std::vector<std::string>(stage.from_jobs().begin(), stage.from_jobs().end()))}});
  json["rules"] = std::vector<std::string>(sweep.rules().begin(), sweep.rules().end());
  json["stage_problem"] = NullIfEmpty(sweep.stage_problem());
  json["objective"] = sweep.objective();
  json["direction"] = sweep.direction() == v1::DIRECTION_MAXIMIZE ? "maximize" : "minimize";
  json["guard"] = GuardJson(sweep);
  json["device_hours"] = NumberJson(sweep.device_hours());
  json["guard_verdict"] = NullIfEmpty(sweep.guard_verdict());
  json["best_job"] = NullIfEmpty(sweep.best_job());
  json["files"] = Json::array();
  for (const v1::SourceFile& file : sweep.files()) json["files"].push_back(file.path());
  json["overrides"] = Json::array();
  for (const std::string& text : sweep.overrides()) json["overrides"].push_back(text);
  json["create_time"] = TimeJson(sweep.has_create_time(), sweep.create_time());
  json["end_time"] = TimeJson(sweep.has_end_time(), sweep.end_time());
  return json;
}

Json ToJson(const v1::Job& job) {
  Json json;
  json["name"] = job.name();
  json["state"] = NameOf(job.state());
  json["outcome"] = NullIfEmpty(NameOf(job.outcome()));
  json["reason"] = job.reason();
  json["reused_from"] = NullIfEmpty(job.reused_from());
  json["parameters"] = ParametersJson(job.parameters());
  json["step"] = job.step();
  json["total_steps"] = job.total_steps();
  json["latest"] = FiguresJson(job.latest());
  json["final"] = FiguresJson(job.final());
  json["attempt_count"] = job.attempt_count();
  json["worker"] = NullIfEmpty(job.worker());
  json["create_time"] = TimeJson(job.has_create_time(), job.create_time());
  json["start_time"] = TimeJson(job.has_start_time(), job.start_time());
  json["end_time"] = TimeJson(job.has_end_time(), job.end_time());
  json["run_seconds"] = SecondsBetween(job);
  json["spec_hash"] = job.spec_hash();
  json["spec"] = Json::parse(job.spec_json(), nullptr, false);
  if (json["spec"].is_discarded()) json["spec"] = nullptr;
  return json;
}

Json ToJson(const v1::Attempt& attempt) {
  Json json;
  json["name"] = attempt.name();
  json["state"] = NameOf(attempt.state());
  json["outcome"] = NullIfEmpty(NameOf(attempt.outcome()));
  json["reason"] = attempt.reason();
  json["fence"] = {{"incarnation", attempt.fence().incarnation()}, {"attempt", attempt.fence().attempt()}};
  json["worker"] = NullIfEmpty(attempt.worker());
  json["slots"] = Json::array();
  for (const int32_t slot : attempt.slots()) json["slots"].push_back(slot);
  json["parent"] = NullIfEmpty(attempt.parent());
  json["resume_step"] = attempt.resume_step();
  json["step"] = attempt.step();
  json["held_record"] = attempt.held_record();
  json["trainer_pid"] = attempt.trainer_pid() == 0 ? Json(nullptr) : Json(attempt.trainer_pid());
  json["run_directory"] = NullIfEmpty(attempt.run_directory());
  json["final"] = FiguresJson(attempt.final());
  json["create_time"] = TimeJson(attempt.has_create_time(), attempt.create_time());
  json["start_time"] = TimeJson(attempt.has_start_time(), attempt.start_time());
  json["end_time"] = TimeJson(attempt.has_end_time(), attempt.end_time());
  json["lease_time"] = TimeJson(attempt.has_lease_time(), attempt.lease_time());
  json["run_seconds"] = SecondsBetween(attempt);
  return json;
}

Json ToJson(const v1::Worker& worker) {
  Json json;
  json["name"] = worker.name();
  json["state"] = NameOf(worker.state());
  json["host"] = worker.host();
  json["version"] = worker.version();
  json["slots"] = Json::array();
  for (const v1::Slot& slot : worker.slots()) {
    json["slots"].push_back({{"index", slot.index()},
                             {"kind", NameOf(slot.kind())},
                             {"threads", slot.threads()},
                             {"memory_bytes", slot.memory_bytes()},
                             {"device_uuid", NullIfEmpty(slot.device_uuid())},
                             {"model", NullIfEmpty(slot.model())}});
  }
  json["attempts"] = Json::array();
  for (const std::string& attempt : worker.attempts()) json["attempts"].push_back(attempt);
  json["labels"] = Json(std::vector<std::string>(worker.labels().begin(), worker.labels().end()));
  json["host_memory_bytes"] = worker.host_memory_bytes();
  json["draining"] = worker.drain() != v1::PAUSE_UNSPECIFIED;
  json["failures_in_a_row"] = worker.failures_in_a_row();
  json["excluded_until_time"] = TimeJson(worker.has_excluded_until_time(), worker.excluded_until_time());
  json["last_seen_time"] = TimeJson(worker.has_last_seen_time(), worker.last_seen_time());
  return json;
}

Json ToJson(const v1::Checkpoint& checkpoint) {
  Json json;
  json["name"] = checkpoint.name();
  json["state"] = Condition(checkpoint);
  json["pinned"] = checkpoint.pinned();
  json["worker"] = NullIfEmpty(checkpoint.worker());
  json["path"] = NullIfEmpty(checkpoint.path());
  json["step"] = checkpoint.step();
  json["val_loss"] = checkpoint.has_val_loss() ? NumberJson(checkpoint.val_loss()) : Json(nullptr);
  json["bytes"] = checkpoint.bytes();
  return json;
}

Json ToJson(const v1::Event& event) {
  return {{"time", TimeJson(event.has_time(), event.time())},
          {"subject", event.subject()},
          {"what", event.what()},
          {"reason", event.reason()}};
}

}  // namespace optfleet::commands
