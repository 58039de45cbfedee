#include "tests/fake_trainer/trainer.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>

#include "common/checksum.h"
#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/metrics_log.h"
#include "tests/fake_trainer/behaviour.h"
#include "tests/fake_trainer/control.h"
#include "tests/fake_trainer/loss.h"

namespace optfleet::fake {
namespace {

namespace fs = std::filesystem;

volatile sig_atomic_t g_terminated = 0;
void OnTerminate(int) { g_terminated = 1; }

void Pause(int64_t milliseconds) {
  const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Dies of the signal itself, also where a sanitizer has a handler for it.
void Crash(int signal) {
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

int64_t SpecNumber(const Json& spec, const char* group, const char* key) {
  if (!spec.contains(group) || !spec[group].contains(key)) return 0;
  return spec[group][key].get<int64_t>();
}

class Attempt {
 public:
  Attempt(std::string folder, const rundir::JobDocument& job, const Behaviour& behaviour, Training training,
          std::unique_ptr<rundir::LogWriter> log, Control control)
      : folder_(std::move(folder)),
        job_(job),
        behaviour_(behaviour),
        training_(training),
        log_(std::move(log)),
        control_(std::move(control)) {}

  Result<int> Run() {
    const int64_t steps = SpecNumber(job_.spec, "budget", "steps");
    const int64_t every = SpecNumber(job_.spec, "checkpoint", "every_steps");
    while (training_.step() < steps) {
      const auto over = OneStep();
      if (!over) return Fail(over.error());
      if (*over) return Finish(**over);
      if (every > 0 && training_.step() % every == 0) OPTFLEET_RETURN_IF_ERROR(WriteCheckpoint());
    }
    rundir::ResultDocument result;
    result.outcome = Outcome::kSucceeded;
    result.final = {{"val_loss", loss_ + 0.1}, {"peak_memory_bytes", 1e6}};
    return Finish(result);
  }

 private:
  // A result if the attempt is over with this step.
  Result<std::optional<rundir::ResultDocument>> OneStep() {
    const int64_t next = training_.step() + 1;
    Misbehave(next);
    control_.Serve(behaviour_.step_ms, training_.step());
    loss_ = training_.Step();
    if (next == behaviour_.diverge_at_step) loss_ = std::numeric_limits<double>::quiet_NaN();
    const std::pair<std::string_view, double> points[] = {{"loss", loss_},
                                                          {"tokens", static_cast<double>(next) * 64}};
    const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    if (const auto number = log_->Append(next, now, points); !number) return Fail(number.error());
    rundir::ResultDocument result;
    if (next == behaviour_.diverge_at_step) {
      result.outcome = Outcome::kDiverged;
      result.reason = "the loss of step " + std::to_string(next) + " is not finite";
      return std::optional(result);
    }
    if (next == behaviour_.out_of_memory_at_step) {
      result.outcome = Outcome::kOutOfMemory;
      result.reason = "the slot's memory did not suffice at step " + std::to_string(next);
      return std::optional(result);
    }
    const auto stop =
        g_terminated ? std::optional(Stop{Outcome::kPreempted, true, "SIGTERM"}) : control_.stop();
    if ((stop && stop->checkpoint) || control_.TakeCheckpointRequest())
      OPTFLEET_RETURN_IF_ERROR(WriteCheckpoint());
    if (!stop) return std::nullopt;
    result.outcome = stop->outcome;
    result.reason = stop->reason.empty() ? "asked to stop" : stop->reason;
    return std::optional(result);
  }

  void Misbehave(int64_t next) {
    if (next == behaviour_.crash_at_step) Crash(static_cast<int>(behaviour_.crash_signal));
    if (next == behaviour_.exit_at_step) {
      ::dprintf(2, "giving up at step %lld\n", static_cast<long long>(next));
      ::_exit(static_cast<int>(behaviour_.exit_code));
    }
    while (next == behaviour_.hang_at_step) Pause(1000);
  }

  Status WriteCheckpoint() {
    OPTFLEET_RETURN_IF_ERROR(log_->Sync());
    const std::string root = folder_ + "/" + rundir::kCheckpoints;
    const std::string name = CheckpointFolder(training_.step());
    if (fs::exists(root + "/" + name)) return {};
    const std::string temporary = root + "/.tmp-" + name;
    fs::create_directories(temporary);
    const std::string state = Json{{"state", training_.state()}, {"step", training_.step()}}.dump();
    Pause(behaviour_.checkpoint_ms / 2);
    OPTFLEET_RETURN_IF_ERROR(rundir::WriteFileAtomically(
        temporary, "state.json",
        training_.step() == behaviour_.damage_checkpoint ? "x" + state.substr(1) : state));
    Pause(behaviour_.checkpoint_ms - behaviour_.checkpoint_ms / 2);
    const rundir::ManifestDocument manifest{
        "fake-1",
        training_.step(),
        log_->last_number(),
        {{"state.json", static_cast<int64_t>(state.size()), Crc32c(state)}}};
    OPTFLEET_RETURN_IF_ERROR(
        rundir::WriteFileAtomically(temporary, rundir::kManifestFile, rundir::ToJson(manifest).dump()));
    fs::rename(temporary, root + "/" + name);
    const int directory = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::fsync(directory);
    ::close(directory);
    return {};
  }

  Result<int> Finish(rundir::ResultDocument result) {
    OPTFLEET_RETURN_IF_ERROR(log_->Sync());
    result.last_record = log_->last_number();
    result.last_step = training_.step();
    result.final["loss"] = loss_;
    result.numerics = Json{{"version", 1}, {"device", "fake"}};
    OPTFLEET_RETURN_IF_ERROR(
        rundir::WriteFileAtomically(folder_, rundir::kResultFile, rundir::ToJson(result).dump()));
    return 0;
  }

  const std::string folder_;
  const rundir::JobDocument& job_;
  const Behaviour behaviour_;
  Training training_;
  std::unique_ptr<rundir::LogWriter> log_;
  Control control_;
  double loss_ = 0;
};

Result<Training> Begin(const rundir::JobDocument& job) {
  if (!job.resume) return Training(static_cast<uint64_t>(SpecNumber(job.spec, "training", "seed")));
  const auto text = rundir::ReadWholeFile(job.resume->checkpoint + "/state.json");
  if (!text) return Fail(text.error());
  const Json state = Json::parse(*text, nullptr, false);
  if (!state.is_object() || state.value("step", int64_t{0}) != job.resume->step)
    return Fail(Code::kDataLoss, job.resume->checkpoint + " is damaged");
  return Training(state["state"].get<uint64_t>(), job.resume->step);
}

}  // namespace

Result<int> RunAttempt(const std::string& folder, const std::string& behaviour_path) {
  struct sigaction action {};
  action.sa_handler = OnTerminate;
  ::sigaction(SIGTERM, &action, nullptr);
  const auto job = rundir::ReadJob(folder);
  if (!job) return Fail(job.error());
  const auto behaviour = ReadBehaviour(behaviour_path, job->spec, job->fence.attempt);
  if (!behaviour) return Fail(behaviour.error());
  const auto training = Begin(*job);
  if (!training) return Fail(training.error());
  auto log = rundir::LogWriter::Create(folder);
  if (!log) return Fail(log.error());
  if (behaviour->no_socket)
    return Attempt(folder, *job, *behaviour, *training, std::move(*log), Control()).Run();
  auto control = Control::Listen(folder);
  if (!control) return Fail(control.error());
  return Attempt(folder, *job, *behaviour, *training, std::move(*log), std::move(*control)).Run();
}

}  // namespace optfleet::fake
