#include "optctl/commands/plan_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

#include "common/text.h"
#include "spec/json.h"
#include "spec/known_specs.h"
#include "spec/step_shape.h"
#include "sweeps/search/guard.h"

namespace optfleet::commands {
namespace {

constexpr int kWholeSlot = 100;

// Specs of newer coordinators may have what this program does not read: those are left out.
std::vector<spec::MeasuredRun> RunsOf(const std::vector<v1::Measurement>& measurements, const SlotType& type,
                                      int32_t slots) {
  std::vector<spec::MeasuredRun> runs;
  for (const v1::Measurement& measurement : measurements) {
    if (!type.IsOf(measurement) || measurement.slots() != slots) continue;
    auto spec = spec::FromJson(Json::parse(measurement.spec_json(), nullptr, /*allow_exceptions=*/false));
    if (!spec) continue;
    spec::MeasuredRun run;
    run.spec = *std::move(spec);
    run.steps = measurement.steps();
    run.train_seconds = measurement.train_seconds();
    if (measurement.has_held_seconds()) {
      run.held_seconds = measurement.held_seconds();
      run.checkpoint_seconds = measurement.checkpoint_seconds();
      if (measurement.has_validation_seconds()) run.validation_seconds = measurement.validation_seconds();
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

spec::RunTime Given(const spec::TrainingSpec& spec, std::optional<double> throughput) {
  spec::RunTime time;
  if (spec.budget.epochs > 0) return time;
  time.source = throughput || spec.budget.seconds > 0 ? spec::TimeSource::kGiven : spec::TimeSource::kNone;
  time.train_seconds = spec.budget.seconds;
  if (throughput && spec.budget.seconds <= 0)
    time.train_seconds = static_cast<double>(spec.budget.tokens) / *throughput;
  return time;
}

// Jobs that differ in what costs no time share a prediction, so that large sweeps stay quick.
class Predictor {
 public:
  Predictor(const spec::RunTimes& times, std::optional<double> throughput)
      : times_(times), throughput_(throughput) {}

  const spec::RunTime& Predict(const spec::TrainingSpec& spec) {
    spec::TrainingSpec key = spec::StepShape(spec);
    key.budget = spec.budget;
    key.evaluation = spec.evaluation;
    key.checkpoint = spec.checkpoint;
    key.data = spec.data;
    if (const spec::RunTime* known = known_.Find(key)) return *known;
    return known_.Add(std::move(key), times_.empty() ? Given(spec, throughput_) : times_.Of(spec));
  }

 private:
  const spec::RunTimes& times_;
  const std::optional<double> throughput_;
  spec::KnownSpecs<spec::RunTime> known_;
};

// Jobs that run at the same moment. Their memory may let fewer share a slot.
int64_t Places(const SlotType& type, const TimeOptions& options, const sweeps::Resources& resources) {
  const int slots = resources.slots.value_or(1);
  const int on_a_slot = kWholeSlot / std::max(1, resources.share.value_or(kWholeSlot));
  int64_t places = 0;
  if (options.slots)
    places = *options.slots / slots;
  else
    for (const int of_worker : type.slots_of_worker) places += of_worker / slots;
  places *= std::max(1, on_a_slot);
  const int32_t most = resources.max_running.value_or(0);
  return most > 0 ? std::min<int64_t>(places, most) : places;
}

std::string SecondsText(double seconds) {
  return seconds < 10 ? FormatSignificant(seconds, kPredictedDigits) + " s" : FormatAbout(seconds);
}

std::string SpanText(double least, double most) {
  const std::string a = SecondsText(least), b = SecondsText(most);
  return a == b ? a : a + " to " + b;
}

std::string SourcesText(const TimePlan& plan) {
  std::string text;
  const std::pair<spec::TimeSource, const char*> kSources[] = {
      {spec::TimeSource::kMeasured, "measured"},
      {spec::TimeSource::kScaled, "scaled"},
      {spec::TimeSource::kGiven, "by --throughput or budget.seconds"}};
  for (const auto& [source, words] : kSources) {
    const int64_t count = plan.jobs_by_source[static_cast<size_t>(source)];
    if (count > 0) text += (text.empty() ? "" : ", ") + FormatCount(count) + " " + words;
  }
  return text;
}

std::string BasisText(const TimePlan& plan) {
  if (plan.timed_runs == 0) return "";
  std::string text =
      fmt::format("{} job{} of {} shape{} that ran there", FormatCount(static_cast<int64_t>(plan.timed_runs)),
                  plan.timed_runs == 1 ? "" : "s", plan.timed_shapes, plan.timed_shapes == 1 ? "" : "s");
  if (plan.factor_off && plan.jobs_by_source[static_cast<size_t>(spec::TimeSource::kScaled)] > 0)
    text += fmt::format("; left out in turn, half of these shapes\nare predicted to within {:.0f} %",
                        std::ceil((*plan.factor_off - 1) * 100));
  return text;
}

std::string MemoryText(const TimePlan& plan) {
  int64_t least = plan.memory.BytesOf(0), most = least;
  for (size_t i = 0; i < plan.jobs.size(); ++i) {
    least = std::min(least, plan.memory.BytesOf(i));
    most = std::max(most, plan.memory.BytesOf(i));
  }
  std::string text = FormatBytes(least);
  if (least != most) text += " to " + FormatBytes(most);
  text += " a job";
  if (plan.type.memory_bytes > 0)
    text += ", " + FormatBytes(plan.type.memory_bytes) +
            (plan.type.slots() == 1 ? " the slot" : " the largest slot");
  return text;
}

// ", 40 s on 2 slots of 1 worker".
std::string SpreadText(const TimePlan& plan) {
  if (!plan.makespan) return "";
  std::string text =
      fmt::format(", {} on {} slot{}", SecondsText(*plan.makespan), plan.slots, plan.slots == 1 ? "" : "s");
  const auto workers = plan.type.slots_of_worker.size();
  if (workers > 0 && plan.slots == plan.type.slots())
    text += fmt::format(" of {} worker{}", workers, workers == 1 ? "" : "s");
  return text;
}

Json MaybeJson(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

double TimePlan::DeviceHours() const {
  double seconds = 0;
  for (const spec::RunTime& job : jobs) seconds += job.total();
  return seconds * slots_per_job / spec::kSecondsInHour;
}

double ListSchedule(const std::vector<spec::RunTime>& jobs, int64_t places) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  double last = 0;
  for (const spec::RunTime& job : jobs) {
    double start = 0;
    if (static_cast<int64_t>(free_at.size()) == places) {
      start = free_at.top();
      free_at.pop();
    }
    free_at.push(start + job.total());
    last = std::max(last, start + job.total());
  }
  return last;
}

TimePlan PlanTime(const sweeps::Expansion& expansion, const SlotType& type,
                  const std::vector<v1::Measurement>& measurements, const TimeOptions& options) {
  const sweeps::Resources& resources = expansion.resources;
  const int32_t slots = resources.slots.value_or(1);
  const spec::RunTimes times(RunsOf(measurements, type, slots), type.is_gpu);
  TimePlan plan;
  plan.type = type;
  plan.timed_runs = times.runs();
  plan.timed_shapes = times.shapes();
  plan.slots_per_job = slots * resources.share.value_or(kWholeSlot) / static_cast<double>(kWholeSlot);
  plan.slots = options.slots.value_or(type.slots());
  plan.memory = sweeps::PlannedMemory(expansion.jobs,
                                      type.is_gpu ? spec::MemoryDevice::kCuda : spec::MemoryDevice::kCpu);
  Predictor predictor(times, options.throughput);
  plan.jobs.reserve(expansion.jobs.size());
  for (const sweeps::Job& job : expansion.jobs) {
    plan.jobs.push_back(predictor.Predict(job.spec));
    ++plan.jobs_by_source[static_cast<size_t>(plan.jobs.back().source)];
    plan.unread_jobs += job.spec.budget.epochs > 0 ? 1 : 0;
  }
  if (plan.jobs_by_source[static_cast<size_t>(spec::TimeSource::kScaled)] > 0)
    plan.factor_off = times.MedianFactorOff();
  const int64_t places = Places(type, options, resources);
  if (plan.IsKnown() && places > 0) plan.makespan = ListSchedule(plan.jobs, places);
  return plan;
}

void AddTimes(const TimePlan& plan, Sections& sections) {
  sections.Begin("on " + plan.type.Name());
  sections.Add("memory", MemoryText(plan));
  if (plan.unread_jobs > 0) {
    sections.Add("time", fmt::format("unknown: the steps of {} job{} are known once the data is read",
                                     FormatCount(plan.unread_jobs), plan.unread_jobs == 1 ? "" : "s"));
    return;
  }
  if (!plan.IsKnown()) {
    sections.Add("time", "unknown: nothing was timed there; --throughput N predicts it");
    return;
  }
  const auto [least, most] = std::minmax_element(
      plan.jobs.begin(), plan.jobs.end(), [](const auto& a, const auto& b) { return a.total() < b.total(); });
  sections.Add("time", SpanText(least->total(), most->total()) + " a job: " + SourcesText(plan));
  sections.Add("from", BasisText(plan));
  sections.Add("in all", sweeps::DeviceTimeText(plan.DeviceHours(), kPredictedDigits) + SpreadText(plan));
  const bool all_validated = std::all_of(plan.jobs.begin(), plan.jobs.end(),
                                         [](const spec::RunTime& job) { return job.validation_is_known; });
  if (!all_validated)
    sections.Add("without", "validations of a whole part of data that no job there has read");
}

std::string JobTimeText(const TimePlan& plan, size_t job) {
  const spec::RunTime& time = plan.jobs[job];
  return time.source == spec::TimeSource::kNone ? "-" : SecondsText(time.total());
}

Json JobTimeJson(const TimePlan& plan, size_t job) {
  const spec::RunTime& time = plan.jobs[job];
  Json json = {{"on", plan.type.Name()},
               {"source", spec::NameOf(time.source)},
               {"memory_bytes", plan.memory.BytesOf(job)}};
  const bool known = time.source != spec::TimeSource::kNone;
  const auto add = [&](const char* key, double seconds) {
    json[key] = known ? Json(seconds) : Json(nullptr);
  };
  add("seconds", time.total());
  add("train_seconds", time.train_seconds);
  add("validation_seconds", time.validation_seconds);
  add("checkpoint_seconds", time.checkpoint_seconds);
  add("other_seconds", time.other_seconds);
  add("device_hours", plan.DeviceHours(job));
  return json;
}

Json TimePlanJson(const TimePlan& plan) {
  Json sources;
  for (size_t i = 0; i < plan.jobs_by_source.size(); ++i)
    sources[std::string(spec::NameOf(static_cast<spec::TimeSource>(i)))] = plan.jobs_by_source[i];
  return {{"on", plan.type.Name()},
          {"device", plan.type.is_gpu ? "gpu" : "cpu"},
          {"model", plan.type.model},
          {"threads", plan.type.threads},
          {"connected_slots", plan.type.slots()},
          {"connected_workers", plan.type.slots_of_worker.size()},
          {"slots", plan.slots},
          {"timed_jobs", plan.timed_runs},
          {"timed_shapes", plan.timed_shapes},
          {"median_factor_off", MaybeJson(plan.factor_off)},
          {"jobs_by_source", std::move(sources)},
          {"device_hours", plan.IsKnown() ? Json(plan.DeviceHours()) : Json(nullptr)},
          {"seconds", MaybeJson(plan.makespan)}};
}

}  // namespace optfleet::commands
