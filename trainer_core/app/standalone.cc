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
#include "trainer_core/data/mapped_file.h"
#include "trainer_core/data/parts.h"
#include "trainer_core/data/sampler.h"
#include "trainer_core/loop/build_stamp.h"
#include "trainer_core/loop/device.h"

namespace optfleet::trainer {
namespace {

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
      if (key != "tokens" && key != "step_seconds") line += fmt::format("  {} {:.5g}", key, value);
    }
    fmt::print("{}\n", line);
    fflush(stdout);
  }

 private:
  int64_t steps_;
  std::chrono::steady_clock::time_point next_;
};

Result<rundir::JobDocument> MakeJob(const TrainOptions& options, const spec::TrainingSpec& spec) {
  rundir::JobDocument job;
  job.attempt = "sweeps/standalone/jobs/1/attempts/1";
  job.fence = {1, 1};
  job.spec = spec::ToJson(spec);
  job.slot = {options.device, 0, options.threads, options.memory_bytes, ""};
  if (!options.checkpoint.empty()) {
    auto manifest = rundir::ReadManifest(options.checkpoint);
    if (!manifest.has_value()) return Fail(manifest.error());
    job.resume = rundir::ResumePoint{job.attempt, std::filesystem::absolute(options.checkpoint),
                                     manifest->step, manifest->record};
  }
  return job;
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
  const auto spec = ReadSpecFile(options.config);
  if (!spec.has_value()) return Report(spec.error());
  const auto job = MakeJob(options, *spec);
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
  const int code = RunAttempt({options.folder, -1, ProgressPrinter(spec->budget.steps)});
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
  fmt::print("parameters {}  weights {} B  gradients {} B  optimizer {} B\n",
             spec::CountParameters(spec->model), bytes.weights, bytes.gradients, bytes.optimizer);
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
  const auto file = MappedFile::Open(spec->data.path);
  if (!file.has_value()) return Report(file.error());
  const DataParts parts = SplitByShare((*file)->bytes(), spec->data.validation_share);
  const auto sampler = Sampler::Create(parts.train, spec->data.sequence_length, spec->training.seed);
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
