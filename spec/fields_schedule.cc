#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 9> kSchedules{"constant",
                                                     "cosine",
                                                     "linear",
                                                     "one_cycle",
                                                     "inverse_sqrt",
                                                     "max_cosine_inverse_sqrt",
                                                     "warmup_stable_decay",
                                                     "warm_restarts",
                                                     "stages"};
constexpr std::array<std::string_view, 6> kShapes{"linear",        "cosine", "exponential",
                                                  "mirror_cosine", "square", "sqrt"};

constexpr auto kSchedule = &TrainingSpec::schedule;

template <ScheduleKind... kinds>
bool IsOneOf(const TrainingSpec& spec) {
  return ((spec.schedule.name == kinds) || ...);
}

using enum ScheduleKind;

bool HasRise(const TrainingSpec& spec) { return !IsOneOf<kStages>(spec) && spec.schedule.warmup.amount > 0; }
bool HasRewarm(const TrainingSpec& spec) { return spec.schedule.rewarm_end.amount > 0; }

constexpr Use kUnlessStages{&IsOneOf<kConstant, kCosine, kLinear, kOneCycle, kInverseSqrt,
                                     kMaxCosineInverseSqrt, kWarmupStableDecay, kWarmRestarts>,
                            "by every `schedule.name` but stages"};
constexpr Use kWithRise{&HasRise, "with a `schedule.warmup` above 0, by every `schedule.name` but stages"};
constexpr Use kFalling{
    &IsOneOf<kCosine, kLinear, kOneCycle, kMaxCosineInverseSqrt, kWarmupStableDecay, kWarmRestarts>,
    "by `schedule.name` cosine, linear, one_cycle, max_cosine_inverse_sqrt, warmup_stable_decay and "
    "warm_restarts"};
constexpr Use kEnding{&IsOneOf<kCosine, kLinear, kOneCycle, kMaxCosineInverseSqrt, kWarmupStableDecay>,
                      "by `schedule.name` cosine, linear, one_cycle, max_cosine_inverse_sqrt and "
                      "warmup_stable_decay"};
constexpr Use kShaped{&IsOneOf<kOneCycle, kWarmupStableDecay>,
                      "by `schedule.name` one_cycle and warmup_stable_decay"};
constexpr Use kDecaying{&IsOneOf<kWarmupStableDecay>, "by `schedule.name` warmup_stable_decay"};
constexpr Use kRestarting{&IsOneOf<kWarmRestarts>, "by `schedule.name` warm_restarts"};
constexpr Use kStaged{&IsOneOf<kStages>, "by `schedule.name` stages"};
constexpr Use kRewarmed{&HasRewarm, "with a `schedule.rewarm_end` above 0"};

constexpr std::array kFields{
    Choice<kSchedule, &ScheduleSpec::name, kSchedules>("schedule.name",
                                                       "Curve of the learning rate; see sweeps.md."),
    Plain<kSchedule, &ScheduleSpec::warmup>("schedule.warmup", kUnbounded, "",
                                            "Rise of the learning rate; the peak is reached at its end.",
                                            kUnlessStages),
    Plain<kSchedule, &ScheduleSpec::start_ratio>("schedule.start_ratio", From(0, 1), "",
                                                 "Learning rate over the peak where the rise starts.",
                                                 kWithRise),
    Plain<kSchedule, &ScheduleSpec::final_ratio>(
        "schedule.final_ratio", From(0, 1), "",
        "Learning rate over the peak where the fall, or each cycle, ends.", kFalling),
    Plain<kSchedule, &ScheduleSpec::horizon>(
        "schedule.horizon", kUnbounded, "",
        "Where the fall ends, counted from the start of the run; afterwards the learning rate stays.",
        kEnding),
    Choice<kSchedule, &ScheduleSpec::shape, kShapes>(
        "schedule.shape", "Shape of the decay; in `one_cycle` of rise and fall, linear or cosine.", kShaped),
    Plain<kSchedule, &ScheduleSpec::decay>("schedule.decay", kUnbounded, "",
                                           "Length of the fall, the last part of the horizon.", kDecaying),
    Plain<kSchedule, &ScheduleSpec::cycle>("schedule.cycle", kUnbounded, "",
                                           "Length of the first cycle after the warm-up.", kRestarting),
    Plain<kSchedule, &ScheduleSpec::cycle_factor>("schedule.cycle_factor", From(1, 100), "",
                                                  "Length of each cycle over that of the one before.",
                                                  kRestarting),
    Plain<kSchedule, &ScheduleSpec::stages>(
        "schedule.stages", kUnbounded, "",
        "Stages one after the other: `linear 0 to 1 for 5% then constant "
        "1 for 2M tokens then cosine 1 to 0.1 "
        "for rest`, in a sweep file also a list of them within a list; figures are shares of the peak.",
        kStaged),
    Plain<kSchedule, &ScheduleSpec::freeze>(
        "schedule.freeze", kUnbounded, "",
        "The learning rate is 0 before this step, at which the whole curve starts."),
    Plain<kSchedule, &ScheduleSpec::rewarm_end>(
        "schedule.rewarm_end", kUnbounded, "",
        "End of a second warm-up, which rises to the curve; 0 is none."),
    Plain<kSchedule, &ScheduleSpec::rewarm_start>(
        "schedule.rewarm_start", kUnbounded, "",
        "Start of the second warm-up, before which the learning rate is 0.", kRewarmed),
};

}  // namespace

std::span<const Field> ScheduleFields() { return kFields; }

}  // namespace optfleet::spec
