#include "trainer_core/app/standalone.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/version.h"
#include "spec/json.h"
#include "spec/parameters.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/checkpoint/run_state.h"
#include "trainer_core/data/data_set.h"
#include "trainer_core/data/epochs.h"
#include "trainer_core/data/sampler.h"
#include "trainer_core/loop/build_stamp.h"
#include "trainer_core/loop/device.h"

namespace optfleet::trainer {
namespace {

constexpr const char* kAttempt = "sweeps/standalone/jobs/1/attempts/1";

int Report(const Error& error) {
  fprintf(stderr, "%s\n", error.message().c_str());
  return ExitCodeOf(error);
}

// A line every two seconds, and one for every validation.
class ProgressPrinter {
 public:
  // `steps`: of the whole run; 0: not known, as it ends by time.
  explicit ProgressPrinter(int64_t steps) : steps_(steps) {}

  void operator()(int64_t step, const Points& points) {
    const auto now = std::chrono::steady_clock::now();
    const bool validation = points.front().first == "val_loss";
    if (!validation && step != steps_ && step != 1 && now < next_) return;
    next_ = now + std::chrono::seconds(2);
    std::string line = steps_ > 0 ? fmt::format("step {}/{}", step, steps_) : fmt::format("step {}", step);
    for (const auto& [key, value] : points) {
      // A key with a slash is of a part: one of many.
      const bool is_of_part = key.find('/') != std::string_view::npos;
      if (key != "tokens" && key != "step_seconds" && !is_of_part)
        line += fmt::format("  {} {:.5g}", key, value);
    }
    fmt::print("{}\n", line);
    fflush(stdout);
  }

 private:
  int64_t steps_;
  std::chrono::steady_clock::time_point next_;
};

// The checkpoint to go on from. Damaged ones are passed over, and named on standard error.
Result<rundir::ResumePoint> ChooseResume(const std::string& path) {
  std::vector<std::string> damaged;
  auto chosen = ChooseCheckpoint(path, &damaged);
  if (!chosen.has_value()) return Fail(chosen.error().In("--resume"));
  for (const std::string& fault : damaged)
    fprintf(stderr, "%s; going on from the one of step %lld\n", fault.c_str(),
            static_cast<long long>(chosen->manifest.step));
  return rundir::ResumePoint{kAttempt, chosen->path, chosen->manifest.step, chosen->manifest.record};
}

// Of the file, or without one of the checkpoint.
Result<spec::TrainingSpec> SpecOf(const TrainOptions& options,
                                  const std::optional<rundir::ResumePoint>& resume) {
  if (!options.config.empty()) return ReadSpecFile(options.config);
  if (!resume.has_value())
    return Fail(Code::kInvalidArgument, "name a spec file, or with --resume a checkpoint that holds one");
  auto state = ReadRunState(resume->checkpoint);
  if (!state.has_value()) return Fail(state.error());
  if (state->spec.empty())
    return Fail(
        Code::kFailedPrecondition,
        resume->checkpoint + " was written by an older version and holds no spec; name the spec file");
  auto spec = spec::FromJson(state->spec);
  if (!spec.has_value()) return Fail(spec.error().In(resume->checkpoint + "/" + kStateFile));
  return spec;
}

Result<rundir::JobDocument> MakeJob(const TrainOptions& options) {
  rundir::JobDocument job;
  if (!options.checkpoint.empty()) {
    auto resume = ChooseResume(options.checkpoint);
    if (!resume.has_value()) return Fail(resume.error());
    job.resume = std::move(*resume);
  }
  auto spec = SpecOf(options, job.resume);
  if (!spec.has_value()) return Fail(spec.error());
  if (!options.data.empty()) spec->data.path = std::filesystem::absolute(options.data);
  job.attempt = kAttempt;
  job.fence = {1, 1};
  job.spec = spec::ToJson(*spec);
  job.slot = {options.device, 0, options.threads, options.memory_bytes, ""};
  return job;
}

// 0 if that is not known.
int64_t StepsOf(const rundir::JobDocument& job) {
  auto spec = spec::FromJson(job.spec);
  return spec.has_value() && SetStepsOfEpochs(&*spec).has_value() ? spec->budget.steps : 0;
}

int PrintResult(const std::string& folder) {
  const auto result = rundir::ReadResult(folder);
  if (!result.has_value()) return Report(result.error());
  fmt::print("{} after {} steps{}{}\n", OutcomeName(result->outcome), result->last_step,
             result->reason.empty() ? "" : ": ", result->reason);
  for (const auto& [key, value] : result->final) fmt::print("  {:<20} {:.6g}\n", key, value);
  return result->outcome == Outcome::kSucceeded ? 0 : 1;
}

}  // namespace

int TrainStandalone(const TrainOptions& options) {
  const auto job = MakeJob(options);
  if (!job.has_value()) return Report(job.error());
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(fs::path(options.folder) / rundir::kJobFile, error)) {
    fprintf(stderr, "%s already holds a run; name another folder with --out\n", options.folder.c_str());
    return 2;
  }
  fs::create_directories(options.folder, error);
  const Status written =
      rundir::WriteFileAtomically(options.folder, rundir::kJobFile, rundir::ToJson(*job).dump(1) + "\n");
  if (!written.has_value()) return Report(written.error());
  const int code = RunAttempt({options.folder, -1, ProgressPrinter(StepsOf(*job))});
  return code == 0 ? PrintResult(options.folder) : code;
}

int PrintParameters(const std::string& config, bool json) {
  const auto spec = ReadModelSpecFile(config);
  if (!spec.has_value()) return Report(spec.error());
  if (json) {
    Json list = Json::array();
    for (const auto& parameter : spec::Parameters(spec->model))
      list.push_back({{"name", parameter.name}, {"shape", parameter.shape}});
    fmt::print("{}\n", Json{{"model", spec::ToJson(*spec)["model"]}, {"parameters", list}}.dump());
    return 0;
  }
  for (const auto& parameter : spec::Parameters(spec->model)) {
    fmt::print("{:<36} {:>16} {:>12}\n", parameter.name, Json(parameter.shape).dump(), parameter.count());
  }
  const auto bytes = spec::BytesOfState(*spec);
  fmt::print("parameters {}  weights {} B  gradients {} B  optimizer {} B{}\n",
             spec::CountParameters(spec->model), bytes.weights, bytes.gradients, bytes.optimizer,
             bytes.average > 0 ? fmt::format("  average {} B", bytes.average) : "");
  return 0;
}

int ExportWeights(const std::string& config, const std::string& path) {
  const auto spec = ReadSpecFile(config);
  if (!spec.has_value()) return Report(spec.error());
  const Status written = ExportInitialWeights(*spec, path);
  return written.has_value() ? 0 : Report(written.error());
}

int PrintBatches(const std::string& config, int64_t steps) {
  const auto spec = ReadSpecFile(config);
  if (!spec.has_value()) return Report(spec.error());
  const auto data = DataSet::Open(*spec);
  if (!data.has_value()) return Report(data.error());
  const auto sampler = Sampler::Create((*data)->train().tokens.size(), spec->data.sequence_length,
                                       spec->order_seed(), spec->data.order);
  if (!sampler.has_value()) return Report(sampler.error());
  const int64_t batch = spec->training.batch_size;
  for (int64_t step = 1; step <= steps; ++step) {
    fmt::print("{}\n", Json{{"step", step}, {"starts", sampler->Starts((step - 1) * batch, batch)}}.dump());
  }
  return 0;
}

int PrintVersion(bool json) {
  const Json stamp = BuildStamp();
  if (json) {
    fmt::print("{}\n", stamp.dump());
  } else {
    fmt::print("opt-trainer {} (run directory {}, LibTorch {})\n", kVersion, kRunDirectoryVersion,
               stamp["torch"].get<std::string>());
  }
  return 0;
}

}  // namespace optfleet::trainer
