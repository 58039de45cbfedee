#include "trainer_core/loop/session.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "common/log.h"
#include "spec/canonical.h"
#include "spec/evaluation_steps.h"
#include "spec/json.h"
#include "spec/memory.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/data/epochs.h"
#include "trainer_core/loop/numerics.h"
#include "trainer_core/loop/start.h"
#include "trainer_core/loop/trainer.h"
#include "trainer_core/model/random_state.h"

namespace optfleet::trainer {
namespace {

// So many steps in a row without a finite gradient are divergence even if the loss is finite: nothing changes
// any more.
constexpr int64_t kMostSkippedInRow = 20;

using SteadyClock = std::chrono::steady_clock;

Time WallTime() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

// What was expected of the measured peak beside it, by part.
void AddPrediction(const spec::TrainingSpec& spec, at::Device device, std::map<std::string, double>* final) {
  const auto kind = device.is_cuda() ? spec::MemoryDevice::kCuda : spec::MemoryDevice::kCpu;
  const spec::MemoryPrediction prediction = spec::PredictMemory(spec, kind);
  const spec::MemoryParts& peak = prediction.peak();
  (*final)["predicted_memory_bytes"] = static_cast<double>(peak.total());
  for (const auto& [name, bytes] : spec::Named(peak))
    (*final)["predicted_" + std::string(name) + "_bytes"] = static_cast<double>(bytes);
}

class Session {
 public:
  Session(const SessionOptions& options, const DeviceMemory& memory, Control* control)
      : options_(options),
        spec_(options.spec),
        memory_(memory),
        control_(control),
        device_(options.slot.kind == "gpu" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU)),
        now_(options.now ? options.now : SteadyClock::now) {}

  Result<rundir::ResultDocument> Run();

 private:
  struct Ending {
    Outcome outcome;
    std::string reason;
  };

  Status Prepare();
  Status Resume();
  Status Loop();
  Status TrainStep();
  void Evaluate(Validation which);
  // Of the last validation, as they are recorded.
  Points ValidationFigures() const;
  Status EvaluateIfDue();
  Status EvaluateNow(Validation which);
  Status CheckpointIfDue();
  Status WriteCheckpointNow();
  Status Stop(const StopRequest& stop);
  Status Pause();
  std::optional<StopRequest> AskedToStop() const;
  Status Record(Points points);
  void EndOutOfMemory(const std::string& library_message);
  Result<rundir::ResultDocument> Finish();
  double SecondsSince(SteadyClock::time_point begin) const {
    return std::chrono::duration<double>(now_() - begin).count();
  }
  bool EndsByTime() const { return spec_.budget.seconds > 0; }
  StepEnd Here() const {
    std::optional<double> val_loss;
    if (evaluation_.has_value() && std::isfinite(evaluation_->loss)) val_loss = evaluation_->loss;
    return {state_.step, IsOver(), val_loss};
  }
  bool IsOver() const { return spec::IsOver(spec_.budget, state_.step, state_.train_seconds); }
  std::string Progress() const;
  double EpochsDone() const {
    return static_cast<double>(state_.data_position) / static_cast<double>(trainer_->sequences_per_epoch());
  }
  int64_t TokensPerStep() const { return spec_.training.batch_size * spec_.data.sequence_length; }

  const SessionOptions& options_;
  spec::TrainingSpec spec_;  // options_.spec, with steps in the place of epochs once the data is open
  const DeviceMemory& memory_;
  Control* const control_;
  const at::Device device_;
  const std::function<SteadyClock::time_point()> now_;
  std::unique_ptr<Diagnostics> diagnostics_;  // null if nothing is asked for; holds keys that records name
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Trainer> trainer_;
  RunState state_;
  std::optional<Evaluation> evaluation_;          // of state_.step
  std::optional<Evaluation> average_evaluation_;  // the same of the weights' average
  int64_t steps_here_ = 0;                        // by this attempt
  double seconds_here_ = 0;
  double data_wait_seconds_ = 0;  // of seconds_here_
  double validation_seconds_ = 0, checkpoint_seconds_ = 0;
  std::optional<Ending> ending_;
};

Result<rundir::ResultDocument> Session::Run() {
  auto log = rundir::LogWriter::Create(options_.folder);
  if (!log.has_value()) return Fail(log.error());
  recorder_ = std::make_unique<Recorder>(std::move(*log));
  try {
    OPTFLEET_RETURN_IF_ERROR(Prepare());
    OPTFLEET_RETURN_IF_ERROR(Loop());
  } catch (const c10::OutOfMemoryError& error) {
    EndOutOfMemory(error.what_without_backtrace());
  }
  return Finish();
}

Status Session::Prepare() {
  auto data = DataSet::Open(spec_);
  if (!data.has_value()) return Fail(data.error());
  OPTFLEET_RETURN_IF_ERROR(SetStepsOfEpochs(
      data::CountSequences((*data)->train().tokens.size(), spec_.data.sequence_length), &spec_));
  spec::TrainingSpec spec = spec_;
  if (options_.resume.has_value()) spec.start = {};  // the checkpoint has what came of it
  auto trainer = Trainer::Create(spec, device_, std::move(*data));
  if (!trainer.has_value()) return Fail(trainer.error());
  trainer_ = std::move(*trainer);
  state_.spec_hash = spec::Hash(options_.spec);
  state_.run_hash = spec::HashOfRun(options_.spec);
  state_.spec = spec::ToJson(options_.spec);
  state_.steps = spec_.budget.steps;
  state_.data = trainer_->data().fingerprint();
  state_.numerics = NumericsStamp(spec_, device_);
  if (const auto& start = trainer_->start(); start.has_value()) {
    state_.start = start->fingerprint;
    LogStart(*start);
  }
  diagnostics_ = Diagnostics::Create(spec_, device_, state_.numerics.value("device_model", ""), now_);
  trainer_->Watch(diagnostics_.get());
  if (options_.resume.has_value()) OPTFLEET_RETURN_IF_ERROR(Resume());
  control_->SetStep(state_.step);
  Log(Level::kInfo, "training.started",
      {{"step", state_.step}, {"steps", spec_.budget.steps}, {"numerics", state_.numerics.dump()}});
  return {};
}

Status Session::Resume() {
  auto loaded = LoadCheckpoint(options_.resume->checkpoint, trainer_->Tensors());
  if (!loaded.has_value()) return Fail(loaded.error().In("resume"));
  OPTFLEET_RETURN_IF_ERROR(CheckSameRun(*loaded, state_));
  if (loaded->step != options_.resume->step) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("{} holds step {}, job.json says {}", options_.resume->checkpoint, loaded->step,
                            options_.resume->step));
  }
  trainer_->SetAverageSamples(loaded->average_samples);
  RestoreRandomBytes(device_, loaded->random_state);
  if (diagnostics_ != nullptr) OPTFLEET_RETURN_IF_ERROR(diagnostics_->Restore(loaded->diagnostics));
  // As this attempt knows them: where it computes, and the names of its files.
  loaded->numerics = StampOfResumed(state_.numerics, loaded->numerics);
  if (const auto others = loaded->numerics.find("resumed_from"); others != loaded->numerics.end())
    Log(Level::kWarn, "resume.other_numerics", {{"before", others->dump()}});
  loaded->spec = state_.spec;
  loaded->spec_hash = state_.spec_hash;
  loaded->run_hash = state_.run_hash;
  loaded->steps = state_.steps;
  state_ = std::move(*loaded);
  state_.record = 0;  // numbers of records begin anew with every attempt
  return {};
}

Status Session::Loop() {
  while (!ending_.has_value()) {
    if (IsOver()) {
      // A run that was resumed behind its last step has its validation in its parent's records, and needs the
      // figures once more.
      if (!evaluation_.has_value() && trainer_->can_evaluate()) Evaluate(Validation::kFinal);
      ending_ = {Outcome::kSucceeded, ""};
    } else if (options_.pause_step > 0 && state_.step >= options_.pause_step) {
      OPTFLEET_RETURN_IF_ERROR(Pause());
    } else if (const auto stop = AskedToStop(); stop.has_value()) {
      OPTFLEET_RETURN_IF_ERROR(Stop(*stop));
    } else {
      OPTFLEET_RETURN_IF_ERROR(TrainStep());
      if (ending_.has_value()) break;
      OPTFLEET_RETURN_IF_ERROR(EvaluateIfDue());
      OPTFLEET_RETURN_IF_ERROR(CheckpointIfDue());
    }
  }
  return {};
}

Status Session::TrainStep() {
  const double position = spec::PositionOf(spec_.budget, state_.step + 1, state_.train_seconds);
  const auto begin = now_();
  const StepFigures figures = trainer_->Step(state_.step + 1, position);
  const double seconds = SecondsSince(begin);
  evaluation_.reset();
  average_evaluation_.reset();
  ++state_.step;
  ++steps_here_;
  state_.data_position += spec_.training.batch_size;
  state_.train_seconds += seconds;
  seconds_here_ += seconds;
  data_wait_seconds_ += figures.data_wait_seconds;
  control_->SetStep(state_.step);
  Points points = {{"loss", figures.loss},
                   {"grad_norm", figures.gradient_norm},
                   {"learning_rate", figures.learning_rate},
                   {"tokens", static_cast<double>(state_.step * TokensPerStep())},
                   {"step_seconds", seconds},
                   {"tokens_per_second", static_cast<double>(TokensPerStep()) / seconds},
                   {"memory_bytes", static_cast<double>(memory_.Use().peak_bytes)}};
  points.emplace_back("data_wait_seconds", figures.data_wait_seconds);
  if (spec_.data.length_warmup.amount > 0)
    points.emplace_back("sequence_length", static_cast<double>(figures.sequence_length));
  if (spec_.training.clip_warmup.amount > 0) points.emplace_back("clip_norm", figures.clip_norm);
  if (spec_.training.z_loss > 0) points.emplace_back("z_loss", figures.z_loss);
  if (EndsByTime()) points.emplace_back("schedule_position", position);
  if (options_.spec.budget.epochs > 0) points.emplace_back("epochs", EpochsDone());
  if (diagnostics_ != nullptr)
    for (const auto& point : diagnostics_->TakePoints(seconds)) points.push_back(point);
  OPTFLEET_RETURN_IF_ERROR(Record(std::move(points)));
  state_.skipped_in_row = figures.applied ? 0 : state_.skipped_in_row + 1;
  if (!std::isfinite(figures.loss)) {
    ending_ = {Outcome::kDiverged,
               fmt::format("the loss of step {} is not finite; that of step {} was {:.4g}", state_.step,
                           state_.step - 1, state_.last_loss)};
  } else {
    state_.last_loss = figures.loss;
  }
  const bool stops = spec_.training.on_non_finite == spec::OnNonFinite::kStop;
  if (!ending_.has_value() && stops && !figures.applied) {
    ending_ = {Outcome::kDiverged, fmt::format("the gradient of step {} is not finite; the loss was {:.4g}",
                                               state_.step, figures.loss)};
  }
  if (!ending_.has_value() && state_.skipped_in_row >= kMostSkippedInRow) {
    ending_ = {Outcome::kDiverged,
               fmt::format("the gradient was not finite in {} steps in a row", state_.skipped_in_row)};
  }
  return {};
}

void Session::Evaluate(Validation which) {
  evaluation_ = trainer_->Evaluate(which);
  average_evaluation_ = trainer_->EvaluateAverage(which);
}

Points Session::ValidationFigures() const {
  Points points = FiguresOf(*evaluation_);
  if (average_evaluation_.has_value()) {
    points.emplace_back("val_loss_average", average_evaluation_->loss);
    points.emplace_back("val_perplexity_average", average_evaluation_->perplexity);
    if (average_evaluation_->bits_per_byte)
      points.emplace_back("val_bits_per_byte_average", *average_evaluation_->bits_per_byte);
  }
  return points;
}

Status Session::EvaluateIfDue() {
  const bool is_last = IsOver();
  if (!trainer_->can_evaluate() || !spec::ValidatesAfter(spec_, state_.step, is_last)) return {};
  return EvaluateNow(is_last ? Validation::kFinal : Validation::kBetween);
}

Status Session::EvaluateNow(Validation which) {
  const auto begin = now_();
  Evaluate(which);
  Points points = ValidationFigures();
  points.emplace_back("val_seconds", SecondsSince(begin));
  validation_seconds_ += points.back().second;
  return Record(std::move(points));
}

Status Session::CheckpointIfDue() {
  const bool asked = control_->TakeCheckpointRequest();
  if (!asked && !IsCheckpointDue(spec_.checkpoint, Here(), state_.best)) return {};
  const Status written = WriteCheckpointNow();
  // A full disk costs the checkpoint, not the run; the log would say so too if it could not go on.
  if (!written.has_value() && written.error().code() == Code::kResourceExhausted) {
    Log(Level::kWarn, "checkpoint.failed",
        {{"error", written.error().message()}, {"next", "training goes on"}});
    return {};
  }
  return written;
}

Status Session::WriteCheckpointNow() {
  const auto begin = now_();
  auto record = recorder_->Sync();
  if (!record.has_value()) return Fail(record.error());
  state_.record = *record;
  state_.random_state = SaveRandomBytes(device_);
  if (diagnostics_ != nullptr) state_.diagnostics = diagnostics_->State();
  RunState written = state_;
  written.average_samples = trainer_->average_samples();
  written.val_loss = Here().val_loss;
  written.best = BestWith(Here(), state_.best, spec_.checkpoint.keep_best);
  OPTFLEET_RETURN_IF_ERROR(WriteCheckpoint(options_.folder, written, trainer_->Tensors()));
  state_.best = written.best;
  ApplyRetention(options_.folder,
                 PlanRetention(CheckpointSteps(options_.folder), spec_.checkpoint, Here(), state_.best));
  const double seconds = SecondsSince(begin);
  checkpoint_seconds_ += seconds;
  if (diagnostics_ != nullptr) diagnostics_->AddCheckpointSeconds(seconds);
  Log(Level::kInfo, "checkpoint.written", {{"step", state_.step}, {"record", state_.record}});
  return {};
}

std::optional<StopRequest> Session::AskedToStop() const {
  if (auto stop = control_->stop(); stop.has_value()) return stop;
  if (options_.deadline_unix_ms > 0 && UnixMicros(WallTime()) / 1000 >= options_.deadline_unix_ms) {
    return StopRequest{Outcome::kStoppedEarly, /*checkpoint=*/true, "the deadline of the attempt is over"};
  }
  return std::nullopt;
}

Status Session::Stop(const StopRequest& stop) {
  std::string reason = stop.reason.empty() ? "stopped on request" : stop.reason;
  if (stop.checkpoint) {
    const Status written = WriteCheckpointNow();
    if (!written.has_value()) reason += "; without a checkpoint: " + written.error().message();
  }
  ending_ = {stop.outcome, reason + " after " + Progress()};
  return {};
}

// Somebody compares jobs at this step, so it is validated also where the run would not be.
Status Session::Pause() {
  if (!evaluation_.has_value() && trainer_->can_evaluate())
    OPTFLEET_RETURN_IF_ERROR(EvaluateNow(Validation::kBetween));
  return Stop({Outcome::kPreempted, /*checkpoint=*/true, "paused"});
}

std::string Session::Progress() const {
  if (!EndsByTime()) return fmt::format("step {} of {}", state_.step, spec_.budget.steps);
  return fmt::format("step {}, {:.4g} of {:.4g} seconds", state_.step, state_.train_seconds,
                     spec_.budget.seconds);
}

Status Session::Record(Points points) {
  if (options_.on_record) options_.on_record(state_.step, points);
  return recorder_->Add(state_.step, WallTime(), std::move(points));
}

void Session::EndOutOfMemory(const std::string& library_message) {
  const MemoryUse use = memory_.Use();
  const std::string what = use.refused_bytes > 0 ? DescribeRefusal(use) : library_message;
  const std::string where =
      trainer_ == nullptr ? "while the model was made" : fmt::format("in step {}", state_.step + 1);
  ending_ = {Outcome::kOutOfMemory, where + ": " + what};
}

Result<rundir::ResultDocument> Session::Finish() {
  auto last_record = recorder_->Sync();
  if (!last_record.has_value()) return Fail(last_record.error());
  const MemoryUse use = memory_.Use();
  rundir::ResultDocument result{ending_->outcome, ending_->reason, *last_record, state_.step, {},
                                state_.numerics};
  auto& final = result.final;
  final = {{"peak_memory_bytes", static_cast<double>(use.peak_bytes)},
           {"train_seconds", state_.train_seconds},
           {"validation_seconds", validation_seconds_},
           {"checkpoint_seconds", checkpoint_seconds_},
           {"log_wait_seconds", std::chrono::duration<double>(recorder_->waited()).count()}};
  AddPrediction(spec_, device_, &final);
  if (use.limit_bytes > 0) final["memory_limit_bytes"] = static_cast<double>(use.limit_bytes);
  if (use.refused_bytes > 0) final["memory_refused_bytes"] = static_cast<double>(use.refused_bytes);
  if (state_.step > 0) final["loss"] = state_.last_loss;  // the last finite one
  const double speed =
      seconds_here_ > 0 ? static_cast<double>(steps_here_ * TokensPerStep()) / seconds_here_ : 0;
  if (speed > 0) {
    final["tokens_per_second"] = speed;
    final["data_wait_share"] = data_wait_seconds_ / seconds_here_;
  }
  if (evaluation_.has_value())
    for (const auto& [key, value] : ValidationFigures()) final[std::string(key)] = value;
  if (trainer_ != nullptr) result.numerics["files"] = trainer_->data().stamps();
  if (state_.start.has_value()) result.numerics["files"]["start.weights"] = FingerprintText(*state_.start);
  if (diagnostics_ != nullptr)
    for (const auto& [key, value] : diagnostics_->Final(speed)) final[key] = value;
  return result;
}

}  // namespace

Result<rundir::ResultDocument> RunSession(const SessionOptions& options, const DeviceMemory& memory,
                                          Control* control) {
  return Session(options, memory, control).Run();
}

}  // namespace optfleet::trainer
