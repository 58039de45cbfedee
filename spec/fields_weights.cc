#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 3> kNewRows{"refuse", "init", "mean"};
constexpr std::array<std::string_view, 4> kAverageKinds{"none", "exponential", "window", "tail"};

constexpr auto kStart = &TrainingSpec::start;
constexpr auto kAveraging = &TrainingSpec::averaging;

bool Starts(const TrainingSpec& spec) { return spec.start.IsGiven(); }
bool TakesEveryFew(const TrainingSpec& spec) {
  return spec.averaging.kind == AverageKind::kExponential || spec.averaging.kind == AverageKind::kWindow;
}
template <AverageKind kind>
bool Averages(const TrainingSpec& spec) {
  return spec.averaging.kind == kind;
}

constexpr Use kStarting{&Starts, "with `start.weights`"};
constexpr Use kEveryFew{&TakesEveryFew, "by `averaging.kind` exponential and window"};
constexpr Use kExponential{&Averages<AverageKind::kExponential>, "by `averaging.kind` exponential"};
constexpr Use kWindow{&Averages<AverageKind::kWindow>, "by `averaging.kind` window"};
constexpr Use kTail{&Averages<AverageKind::kTail>, "by `averaging.kind` tail"};

constexpr std::array kFields{
    Plain<kStart, &StartSpec::weights>(
        "start.weights", kUnbounded, "",
        "Weights to begin with: a safetensors file, a checkpoint or a run directory; none: from the seed."),
    Plain<kStart, &StartSpec::fingerprint>(
        "start.fingerprint", kUnbounded, "",
        "What that file must be, as the log of a run says it (`1c291ca3-51234`); any: whatever it is.",
        kStarting),
    Plain<kStart, &StartSpec::optimizer>("start.optimizer", kUnbounded, "",
                                         "The optimizer's state of that checkpoint, too.", kStarting),
    Plain<kStart, &StartSpec::include>(
        "start.include", kUnbounded, "",
        "Parameters that are taken: patterns with * and ?, separated by commas; the others begin anew.",
        kStarting),
    Plain<kStart, &StartSpec::exclude>("start.exclude", kUnbounded, "",
                                       "Of these, parameters that begin anew all the same; or nothing.",
                                       kStarting),
    Plain<kStart, &StartSpec::strict>(
        "start.strict", kUnbounded, "",
        "Refuses a file that lacks a parameter, has another shape of it or has more; else those begin anew.",
        kStarting),
    Plain<kStart, &StartSpec::layers>(
        "start.layers", kUnbounded, "",
        "The layer of the file each layer begins as: same, spread, stack or a list such as 0-11,6-17.",
        kStarting),
    Choice<kStart, &StartSpec::new_rows, kNewRows>("start.new_rows",
                                                   "Rows of a vocabulary that the file does not have: "
                                                   "`refuse` the file, as `init`, the `mean` of its rows.",
                                                   kStarting),
    Plain<kStart, &StartSpec::token_map>(
        "start.token_map", kUnbounded, "",
        "File of lines `old id, new id` of equal tokens; none: equal ids are equal tokens.", kStarting),

    Choice<kAveraging, &AveragingSpec::kind, kAverageKinds>(
        "averaging.kind",
        "An average of the weights beside them, validated as `val_loss_average`: `exponential`, the mean of "
        "a "
        "`window` of steps, of the `tail` of the run."),
    Plain<kAveraging, &AveragingSpec::every_steps>("averaging.every_steps", From(1, kMostSteps), "steps",
                                                   "Takes the weights so often.", kEveryFew),
    Plain<kAveraging, &AveragingSpec::start_step>("averaging.start_step", From(1, kMostSteps), "",
                                                  "The first step that may enter.", kEveryFew),
    Plain<kAveraging, &AveragingSpec::decay>("averaging.decay", Below(0, 1), "",
                                             "What the average keeps of itself.", kExponential),
    Plain<kAveraging, &AveragingSpec::window_steps>(
        "averaging.window_steps", From(0, kMostSteps), "steps",
        "Behind so many steps the mean begins anew; 0 goes on to the end.", kWindow),
    Plain<kAveraging, &AveragingSpec::samples>("averaging.samples", From(1, 1e6), "steps",
                                               "So many enter, evenly apart, the last step with them.",
                                               kTail),
    Plain<kAveraging, &AveragingSpec::share>("averaging.share", Above(0, 1), "",
                                             "The last share of the run from which they come.", kTail),
};

}  // namespace

std::span<const Field> WeightFields() { return kFields; }

}  // namespace optfleet::spec
