#include <algorithm>
#include <functional>
#include <initializer_list>

#include "common/text.h"
#include "spec/fields.h"
#include "spec/resolve_run.h"
#include "spec/stages.h"

namespace optfleet::spec {
namespace {

using Keys = std::vector<std::string_view>;

bool EndsByTime(const TrainingSpec& spec) { return spec.budget.seconds > 0; }
// Shares of the run come to no steps yet.
bool AwaitsSteps(const TrainingSpec& spec) { return spec.budget.epochs > 0; }

RunMeasure MeasureOf(const TrainingSpec& spec) {
  return {spec.budget.steps, spec.training.batch_size * spec.data.sequence_length};
}

// The whole run, in the unit of its resolved lengths, or of those that are shares.
double WholeRun(const TrainingSpec& spec) {
  return EndsByTime(spec) || AwaitsSteps(spec) ? 100.0 : static_cast<double>(spec.budget.steps);
}

std::string WholeRunText(const TrainingSpec& spec) {
  return EndsByTime(spec) || AwaitsSteps(spec)
             ? "the whole run"
             : "the " + FormatNumber(WholeRun(spec)) + " steps of the budget";
}

// Looked up once: grids resolve very many specs.
struct LengthFields {
  const Field& warmup = *FindField("schedule.warmup");
  const Field& freeze = *FindField("schedule.freeze");
  const Field& rewarm_end = *FindField("schedule.rewarm_end");
  const Field& horizon = *FindField("schedule.horizon");
  const Field& decay = *FindField("schedule.decay");
  const Field& cycle = *FindField("schedule.cycle");
  const Field& clip_warmup = *FindField("training.clip_warmup");
  const Field& length_warmup = *FindField("data.length_warmup");
  std::vector<const Field*> all;

  LengthFields() {
    for (const Field& field : Fields())
      if (field.type == FieldType::kLength) all.push_back(&field);
  }
};
const LengthFields& Lengths() {
  static const LengthFields fields;
  return fields;
}

Length LengthAt(const TrainingSpec& spec, const Field& field) { return std::get<Length>(field.get(spec)); }

// What a curve needs whatever the end of the run is.
void CheckCurve(const ScheduleSpec& schedule, std::vector<Problem>* problems) {
  const bool falls_as_root =
      schedule.name == ScheduleKind::kInverseSqrt || schedule.name == ScheduleKind::kMaxCosineInverseSqrt;
  if (falls_as_root && schedule.warmup.amount == 0)
    problems->push_back({"inverse_sqrt_needs_warmup",
                         {"schedule.warmup", "schedule.name"},
                         "`schedule.warmup` is 0, but an inverse square root falls in units of the warm-up",
                         "give a warm-up"});
  const bool legs = schedule.shape == DecayShape::kLinear || schedule.shape == DecayShape::kCosine;
  if (schedule.name == ScheduleKind::kOneCycle && !legs)
    problems->push_back({"one_cycle_shapes",
                         {"schedule.shape", "schedule.name"},
                         "`schedule.shape` of `one_cycle` is neither linear nor cosine",
                         "choose one of these two"});
  if (schedule.name == ScheduleKind::kWarmupStableDecay && schedule.shape == DecayShape::kExponential &&
      schedule.final_ratio == 0)
    problems->push_back({"exponential_above_zero",
                         {"schedule.final_ratio", "schedule.shape"},
                         "`schedule.final_ratio` is 0, which an exponential decay never reaches",
                         "give a ratio above 0 or choose another shape"});
}

void ResolveLength(const Field& field, TrainingSpec* spec, std::vector<Problem>* problems) {
  const auto length = std::get<Length>(field.get(*spec));
  if (length.amount == 0) {
    field.set(*spec, Length{});
  } else if (AwaitsSteps(*spec) && length.unit == LengthUnit::kPercent) {
    return;
  } else if (!EndsByTime(*spec)) {
    field.set(*spec, InSteps(length, MeasureOf(*spec)));
  } else if (length.unit != LengthUnit::kPercent) {
    problems->push_back({"shares_of_a_timed_run",
                         {field.key, "budget.seconds"},
                         Show(field.key, ToText(length)) +
                             " is no share of the run, whose steps are not known as it ends by time",
                         "write a share, such as 10%"});
  }
}

// A horizon at the run's end is said as such, so that it moves when a resolved spec gets another budget.
void NameWholeHorizon(TrainingSpec* spec) {
  if (AwaitsSteps(*spec)) return;
  if (IsUsed(Lengths().horizon, *spec) && spec->schedule.horizon.amount == WholeRun(*spec))
    spec->schedule.horizon = Percent(100);
}

// Whether all lengths are in one unit now.
bool ResolveLengths(TrainingSpec* spec, std::vector<Problem>* problems) {
  const size_t before = problems->size();
  for (const Field* field : Lengths().all)
    if (IsUsed(*field, *spec)) ResolveLength(*field, spec, problems);
  NameWholeHorizon(spec);
  return problems->size() == before;
}

// `parts` one after the other may not be longer than `most`. Of a run whose steps are not known yet those
// that are shares are looked at.
void CheckFit(const TrainingSpec& spec, std::initializer_list<const Field*> parts, double most,
              const std::function<std::string()>& most_text, std::string_view most_key,
              std::vector<Problem>* problems) {
  const auto counts = [&](const Field* part) {
    const Length& length = LengthAt(spec, *part);
    const bool is_known = !AwaitsSteps(spec) || length.unit == LengthUnit::kPercent;
    return is_known && length.amount != 0 && IsUsed(*part, spec);
  };
  double sum = 0;
  for (const Field* part : parts)
    if (counts(part)) sum += LengthAt(spec, *part).amount;
  if (sum <= most) return;
  std::string shown;
  Keys keys;
  for (const Field* part : parts) {
    if (!counts(part)) continue;
    shown += (shown.empty() ? "" : " and ") + Show(part->key, ToText(LengthAt(spec, *part)));
    keys.push_back(part->key);
  }
  const std::string verb = keys.size() == 1 ? " is" : " together are";
  for (const std::string_view key :
       {most_key, std::string_view("budget.tokens"), std::string_view("budget.flops")})
    keys.push_back(key);
  problems->push_back(
      {"lengths_fit", keys, shown + verb + " more than " + most_text(), "shorten it or raise the budget"});
}

void CheckFits(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const LengthFields& of = Lengths();
  const double whole = WholeRun(spec);
  const auto whole_text = [&] { return WholeRunText(spec); };
  const size_t before = problems->size();
  CheckFit(spec, {&of.warmup, &of.freeze}, whole, whole_text, "budget.steps", problems);
  CheckFit(spec, {&of.rewarm_end}, whole, whole_text, "budget.steps", problems);
  CheckFit(spec, {&of.clip_warmup}, whole, whole_text, "budget.steps", problems);
  CheckFit(spec, {&of.length_warmup}, whole, whole_text, "budget.steps", problems);
  if (problems->size() > before || !IsUsed(of.horizon, spec)) return;
  const Length& horizon = spec.schedule.horizon;
  const bool is_share = horizon.unit == LengthUnit::kPercent;
  if (AwaitsSteps(spec) && !is_share) return;
  const double end =
      EndsByTime(spec) || AwaitsSteps(spec) ? horizon.amount : ExactSteps(horizon, MeasureOf(spec));
  const auto horizon_text = [&] { return "`schedule.horizon` " + ToText(horizon); };
  CheckFit(spec, {&of.warmup, &of.decay, &of.freeze}, end, horizon_text, "schedule.horizon", problems);
}

void CheckPositive(const TrainingSpec& spec, std::vector<Problem>* problems) {
  for (const Field* field : {&Lengths().horizon, &Lengths().decay, &Lengths().cycle}) {
    if (!IsUsed(*field, spec) || LengthAt(spec, *field).amount > 0) continue;
    problems->push_back({"length_is_positive",
                         {field->key},
                         "`" + std::string(field->key) + "` is less than one step",
                         "give at least one step"});
  }
}

void CheckRewarm(const ScheduleSpec& schedule, std::vector<Problem>* problems) {
  if (schedule.rewarm_start.unit != schedule.rewarm_end.unit) return;  // until the run's steps are known
  if (schedule.rewarm_end.amount == 0 || schedule.rewarm_start.amount < schedule.rewarm_end.amount) return;
  problems->push_back({"rewarm_in_order",
                       {"schedule.rewarm_start", "schedule.rewarm_end"},
                       Show("schedule.rewarm_start", ToText(schedule.rewarm_start)) + " is not before " +
                           Show("schedule.rewarm_end", ToText(schedule.rewarm_end)),
                       "let the second warm-up begin before it ends"});
}

void AddStagesProblem(const std::string& what, std::vector<Problem>* problems) {
  problems->push_back({"stages_add_up",
                       {"schedule.stages"},
                       "`schedule.stages`: " + what,
                       "for example: linear 0 to 1 for 10% then cosine 1 to 0.1 for rest"});
}

// Nothing if they cannot be read, which is reported.
std::optional<std::vector<Stage>> ReadStages(const ScheduleSpec& schedule, std::vector<Problem>* problems) {
  if (schedule.name != ScheduleKind::kStages) return std::nullopt;
  auto stages = ParseStages(schedule.stages);
  if (stages) return std::move(*stages);
  AddStagesProblem(stages.error(), problems);
  return std::nullopt;
}

void ResolveStages(std::vector<Stage> stages, TrainingSpec* spec, std::vector<Problem>* problems) {
  if (AwaitsSteps(*spec)) {
    spec->schedule.stages = ToText(stages);
    return;
  }
  const double frozen = spec->schedule.freeze.amount;
  const auto resolved =
      EndsByTime(*spec) ? StagesInPercent(std::move(stages), frozen)
                        : StagesInSteps(std::move(stages), MeasureOf(*spec), static_cast<int64_t>(frozen));
  if (resolved)
    spec->schedule.stages = ToText(*resolved);
  else
    AddStagesProblem(resolved.error(), problems);
}

}  // namespace

void ResolveSchedule(bool has_end, TrainingSpec* spec, std::vector<Problem>* problems) {
  CheckCurve(spec->schedule, problems);
  auto stages = ReadStages(spec->schedule, problems);
  if (!has_end || !ResolveLengths(spec, problems)) return;
  CheckPositive(*spec, problems);
  CheckFits(*spec, problems);
  CheckRewarm(spec->schedule, problems);
  if (stages) ResolveStages(std::move(*stages), spec, problems);
}

}  // namespace optfleet::spec
