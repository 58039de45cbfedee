#include "optctl/commands/plan_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "common/text.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/sections.h"
#include "spec/canonical.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/parameters.h"
#include "spec/presets.h"
#include "sweeps/search/guard.h"

namespace optfleet::commands {
namespace {

void Widen(Span& span, int64_t value, bool first) {
  span.least = first ? value : std::min(span.least, value);
  span.most = first ? value : std::max(span.most, value);
}

template <typename Format>
std::string SpanText(const Span& span, Format format) {
  if (span.least == span.most) return format(span.least);
  return format(span.least) + " to " + format(span.most);
}

v1::KeepCheckpoints KeptBy(const sweeps::KeepCheckpoints& policy) {
  v1::KeepCheckpoints keep;
  if (policy.best_jobs) keep.set_best_jobs(*policy.best_jobs);
  if (policy.best) keep.set_best(*policy.best);
  if (policy.last) keep.set_last(*policy.last);
  return keep;
}

// Steps and tokens of a job that ends by time, or by epochs of data elsewhere, are not known before.
std::string KnownCount(int64_t count) { return count > 0 ? FormatCount(count) : "-"; }

Json MemoryJson(const spec::MemoryPrediction& memory) {
  Json parts;
  for (const auto& [name, bytes] : spec::Named(memory.peak())) parts[std::string(name)] = bytes;
  return {{"peak_bytes", memory.peak().total()},
          {"phase", spec::NameOf(memory.peak_phase())},
          {"parts", std::move(parts)}};
}

Json SpanJson(const Span& span) { return {{"least", span.least}, {"most", span.most}}; }

}  // namespace

PlanTotals Total(const sweeps::Expansion& expansion, const PlanOptions& options) {
  PlanTotals totals;
  double longest_seconds = 0;
  bool first_tokens = true;
  totals.memory = sweeps::PlannedMemory(expansion.jobs, options.device);
  for (size_t i = 0; i < expansion.jobs.size(); ++i)
    Widen(totals.memory_bytes, totals.memory.BytesOf(i), i == 0);
  if (options.slot_memory)
    totals.not_fitting = totals.memory.NotFitting(expansion.jobs, *options.slot_memory);
  // Jobs of one prediction have one size.
  std::unordered_map<const spec::MemoryPrediction*, double> flops_per_token;
  for (size_t i = 0; i < expansion.jobs.size(); ++i) {
    const sweeps::Job& job = expansion.jobs[i];
    const auto [size, is_new] = flops_per_token.try_emplace(&totals.memory.Of(i));
    if (is_new) {
      Widen(totals.parameters, spec::CountParameters(job.spec.model), i == 0);
      Widen(totals.state_bytes, spec::BytesOfState(job.spec).total(), i == 0);
      size->second = spec::FlopsPerToken(job.spec.model, job.spec.data.sequence_length);
    }
    if (job.spec.budget.seconds > 0) {
      ++totals.timed_jobs;
      totals.timed_seconds += job.spec.budget.seconds;
      longest_seconds = std::max(longest_seconds, job.spec.budget.seconds);
      continue;
    }
    if (job.spec.budget.epochs > 0) {
      ++totals.unread_jobs;
      continue;
    }
    const int64_t tokens = job.spec.budget.tokens;
    Widen(totals.tokens, tokens, first_tokens);
    first_tokens = false;
    totals.all_tokens += tokens;
    totals.all_flops += static_cast<double>(tokens) * size->second;
  }
  if (totals.unread_jobs == 0 && (options.throughput || first_tokens)) {
    const double rate = options.throughput.value_or(1);
    const double all = static_cast<double>(totals.all_tokens) / rate + totals.timed_seconds;
    const double longest = std::max(static_cast<double>(totals.tokens.most) / rate, longest_seconds);
    totals.device_seconds = all;
    totals.seconds = std::max(all / options.slots.value_or(1), longest);
  }
  return totals;
}

constexpr size_t kMostBlocksShown = 12;
constexpr size_t kAxesWidth = 66;  // beside the keys on 80 columns

// A stage with all its rounds.
struct StageTotal {
  const sweeps::StagePlan* first;
  int64_t jobs = 0;
  int64_t rounds = 0;  // 0: it has none
};

std::vector<StageTotal> StageTotals(const sweeps::Expansion& expansion) {
  std::vector<StageTotal> totals;
  for (const sweeps::StagePlan& stage : expansion.stages) {
    if (stage.round < 2) totals.push_back({.first = &stage});
    totals.back().jobs += stage.jobs;
    totals.back().rounds += stage.round > 0 ? 1 : 0;
  }
  return totals;
}

// " in the first of 3 stages, at most 17 in all": later ones may find jobs that there are already.
std::string StagesText(const sweeps::Expansion& expansion) {
  if (expansion.stages.empty()) return "";
  int64_t all = 0;
  for (const sweeps::StagePlan& stage : expansion.stages) all += stage.jobs;
  const size_t count = StageTotals(expansion).size();
  return fmt::format(" in the {}first of {} {}{}, at most {} in all",
                     expansion.stages.front().round > 0 ? "first round of the " : "", count,
                     expansion.in_rounds ? "round" : "stage", count == 1 ? "" : "s", FormatCount(all));
}

void AddStages(Sections& sections, const sweeps::Expansion& expansion) {
  if (expansion.in_rounds) return;
  for (const StageTotal& stage : StageTotals(expansion)) {
    std::string text = FormatCount(stage.jobs) + (stage.jobs == 1 ? " job" : " jobs");
    if (stage.rounds > 0) text += fmt::format(" in {} round{}", stage.rounds, stage.rounds == 1 ? "" : "s");
    const sweeps::StagePlan& plan = *stage.first;
    if (!plan.base.empty())
      text += fmt::format(" from {} job{}: {}", plan.bases, plan.bases == 1 ? "" : "s", plan.base);
    sections.Add("stage", plan.name + ": " + text);
  }
}

std::string JobsText(const sweeps::Expansion& expansion) {
  std::map<int32_t, int64_t> by_block;
  for (const sweeps::Job& job : expansion.jobs) ++by_block[job.block];
  const auto count = static_cast<int64_t>(expansion.jobs.size());
  std::string text = FormatCount(count) + (count == 1 ? " job" : " jobs");
  if (static_cast<int64_t>(by_block.size()) == count) {
    // One of each.
  } else if (by_block.size() > kMostBlocksShown) {
    text += fmt::format(" in {} blocks", by_block.size());
  } else if (by_block.size() > 1) {
    std::string parts;
    for (const auto& [block, jobs] : by_block) parts += (parts.empty() ? "" : " + ") + FormatCount(jobs);
    text += fmt::format(" = {} in {} blocks", parts, by_block.size());
  }
  if (const auto merged = static_cast<int64_t>(expansion.merged_points.size()); merged > 0) {
    text += fmt::format(" ({} equal point{} merged)", FormatCount(merged), merged == 1 ? "" : "s");
  }
  if (const int64_t excluded = expansion.excluded_points; excluded > 0)
    text += fmt::format(" ({} point{} excluded)", FormatCount(excluded), excluded == 1 ? "" : "s");
  return text + StagesText(expansion);
}

std::string AxesText(const sweeps::Expansion& expansion) {
  std::string text;
  for (size_t axis = 0; axis < expansion.axes.size(); ++axis) {
    std::unordered_set<std::string_view> values;
    for (const sweeps::Job& job : expansion.jobs) values.insert(job.values[axis]);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", expansion.axes[axis], values.size());
  }
  return text;
}

std::string PlanText(const sweeps::Expansion& expansion, const PlanTotals& totals, const PlanOptions& options,
                     const std::vector<TimePlan>& times, const std::string& places) {
  const std::string tokens = SpanText(totals.tokens, FormatCount);
  Sections sections;
  sections.Begin("");
  sections.Add("sweep", expansion.name);
  sections.Add("about", expansion.description);
  sections.Add("jobs", JobsText(expansion));
  AddStages(sections, expansion);
  sections.Add("axes", WrapWords(AxesText(expansion), kAxesWidth));
  sections.Add("model", SpanText(totals.parameters, FormatCount) + " parameters");
  const bool all_timed =
      totals.timed_jobs + totals.unread_jobs == static_cast<int64_t>(expansion.jobs.size());
  if (!all_timed) sections.Add("tokens", tokens + " a job, " + FormatCount(totals.all_tokens) + " in all");
  if (totals.timed_jobs > 0)
    sections.Add("by time",
                 fmt::format("{} job{}, {} of training in all", FormatCount(totals.timed_jobs),
                             totals.timed_jobs == 1 ? "" : "s", FormatAbout(totals.timed_seconds)));
  if (totals.unread_jobs > 0)
    sections.Add("by epochs",
                 fmt::format("{} job{}, whose steps are known once the data is read",
                             FormatCount(totals.unread_jobs), totals.unread_jobs == 1 ? "" : "s"));
  sections.Add("state", SpanText(totals.state_bytes, FormatBytes) + " a job: weights, gradients, optimizer");
  sections.Add("memory", fmt::format("{} a job at its peak on a {}, predicted",
                                     SpanText(totals.memory_bytes, FormatBytes),
                                     options.device == spec::MemoryDevice::kCuda ? "GPU" : "CPU"));
  if (!totals.not_fitting.empty())
    sections.Add("too large",
                 fmt::format("{} of {} jobs need more than a slot's {}: {}", totals.not_fitting.size(),
                             expansion.jobs.size(), FormatBytes(*options.slot_memory),
                             NumbersText(totals.not_fitting)));
  if (!all_timed)
    sections.Add("work", fmt::format("{:.2g} floating-point operations in all", totals.all_flops));
  if (const v1::KeepCheckpoints keep = KeptBy(expansion.keep); keep.ByteSizeLong() > 0)
    sections.Add("kept", "checkpoints " + KeepText(keep));
  if (totals.seconds && options.throughput) {
    const int slots = options.slots.value_or(1);
    sections.Add(
        "time",
        fmt::format("about {} on {} slot{} of {} tokens/s, {}", FormatAbout(*totals.seconds), slots,
                    slots == 1 ? "" : "s", FormatCount(static_cast<int64_t>(*options.throughput)),
                    sweeps::DeviceTimeText(totals.device_seconds / spec::kSecondsInHour, kPredictedDigits)));
  }
  sections.Add("places", places);
  for (const TimePlan& time : times) AddTimes(time, sections);
  return sections.Render();
}

output::Table PointTable(const sweeps::Expansion& expansion, const PlanTotals& totals,
                         const std::vector<TimePlan>& times, size_t limit, bool wide) {
  using output::Align;
  std::vector<output::Column> columns = {{"JOB", Align::kRight}};
  for (const std::string& axis : expansion.axes) columns.push_back({ColumnHeader(axis), Align::kRight, true});
  if (wide) {
    for (const char* header : {"BLOCK", "PARAMETERS", "STEPS", "TOKENS", "STATE", "MEMORY"})
      columns.push_back({header, Align::kRight});
    if (!times.empty()) columns.push_back({"TIME", Align::kRight});
    columns.push_back({"HASH"});
  }
  output::Table table(std::move(columns));
  for (size_t i = 0; i < std::min(limit, expansion.jobs.size()); ++i) {
    const sweeps::Job& job = expansion.jobs[i];
    std::vector<std::string> row = {std::to_string(job.number)};
    row.insert(row.end(), job.values.begin(), job.values.end());
    if (wide) {
      row.insert(row.end(),
                 {std::to_string(job.block), FormatCount(spec::CountParameters(job.spec.model)),
                  KnownCount(job.spec.budget.steps), KnownCount(job.spec.budget.tokens),
                  FormatBytes(spec::BytesOfState(job.spec).total()), FormatBytes(totals.memory.BytesOf(i))});
      if (!times.empty()) row.push_back(JobTimeText(times.front(), i));
      row.push_back(job.hash.substr(0, 12));
    }
    table.Add(std::move(row));
  }
  return table;
}

std::string JobFile(const sweeps::Job& job) {
  std::string text;
  const spec::TrainingSpec defaults;
  for (const spec::Field& field : spec::Fields()) {
    // What a preset stands for is written out.
    const bool is_preset = field.key == spec::kPresetKey;
    if (is_preset || spec::IsSilent(field, job.spec) || field.get(job.spec) == field.get(defaults)) continue;
    const std::string value = spec::ToText(field.get(job.spec));
    const bool is_text = field.type == spec::FieldType::kText;
    text.append(field.key).append(": ") += (is_text ? QuotedText(value) : value) + "\n";
  }
  return text;
}

Json JobJson(const sweeps::Job& job, const spec::MemoryPrediction& memory) {
  Json values;
  for (const spec::Field& field : spec::Fields())
    if (spec::Speaks(field, job.spec)) values[std::string(field.key)] = spec::ToJson(field.get(job.spec));
  return {{"number", job.number},
          {"block", job.block},
          {"hash", job.hash},
          {"parameters", spec::CountParameters(job.spec.model)},
          {"state_bytes", spec::BytesOfState(job.spec).total()},
          {"memory", MemoryJson(memory)},
          {"flops", spec::FlopsOfRun(job.spec)},
          {"values", std::move(values)}};
}

Json PlanJson(const sweeps::Expansion& expansion, const PlanTotals& totals,
              const std::vector<TimePlan>& times) {
  Json json;
  json["name"] = expansion.name;
  json["description"] = expansion.description;
  json["objective"] = expansion.objective.metric;
  json["direction"] = expansion.objective.maximize ? "maximize" : "minimize";
  json["job_count"] = expansion.jobs.size();
  json["point_count"] = expansion.points;
  json["excluded_point_count"] = expansion.excluded_points;
  json["stages"] = Json::array();
  for (const sweeps::StagePlan& stage : expansion.stages)
    json["stages"].push_back({{"name", stage.name},
                              {"base", stage.base},
                              {"round", stage.round == 0 ? Json(nullptr) : Json(stage.round)},
                              {"base_count", stage.bases},
                              {"point_count", stage.points},
                              {"job_count", stage.jobs}});
  json["axes"] = expansion.axes;
  json["parameters"] = SpanJson(totals.parameters);
  json["tokens"] = SpanJson(totals.tokens);
  json["state_bytes"] = SpanJson(totals.state_bytes);
  json["memory_bytes"] = SpanJson(totals.memory_bytes);
  json["not_fitting"] = totals.not_fitting;
  json["all_tokens"] = totals.all_tokens;
  json["all_flops"] = totals.all_flops;
  json["seconds"] = totals.seconds ? Json(*totals.seconds) : Json(nullptr);
  json["times"] = Json::array();
  for (const TimePlan& time : times) json["times"].push_back(TimePlanJson(time));
  json["merged_points"] = Json::array();
  for (const sweeps::MergedPoint& merged : expansion.merged_points) {
    json["merged_points"].push_back({{"point", merged.point}, {"job", merged.job}});
  }
  json["jobs"] = Json::array();
  for (size_t i = 0; i < expansion.jobs.size(); ++i) {
    json["jobs"].push_back(JobJson(expansion.jobs[i], totals.memory.Of(i)));
    Json& of_job = json["jobs"].back()["times"] = Json::array();
    for (const TimePlan& time : times) of_job.push_back(JobTimeJson(time, i));
  }
  return json;
}

}  // namespace optfleet::commands
