#include "trainer_core/checkpoint/checkpoint.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/checkpoint/file_writer.h"
#include "trainer_core/checkpoint/tensor_file.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "weights.safetensors";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kAverageFile = "average.safetensors";

Status WriteFiles(const std::string& folder, const RunState& state, const CheckpointTensors& tensors) {
  rundir::ManifestDocument manifest{kCheckpointFormat, state.step, state.record, {}, state.val_loss};
  auto weights = WriteTensors(folder, kWeightsFile, tensors.weights);
  if (!weights.has_value()) return Fail(weights.error());
  auto optimizer = WriteTensors(folder, kOptimizerFile, tensors.optimizer);
  if (!optimizer.has_value()) return Fail(optimizer.error());
  manifest.files = {*weights, *optimizer};
  if (state.average_samples > 0) {
    auto average = WriteTensors(folder, kAverageFile, tensors.average);
    if (!average.has_value()) return Fail(average.error());
    manifest.files.push_back(*average);
  }
  auto file = FileWriter::Create(folder, kStateFile);
  if (!file.has_value()) return Fail(file.error());
  OPTFLEET_RETURN_IF_ERROR(file->Write(ToJson(state).dump(1) + "\n"));
  auto line = file->Finish();
  if (!line.has_value()) return Fail(line.error());
  manifest.files.push_back(*line);
  return rundir::WriteFileAtomically(folder, rundir::kManifestFile, rundir::ToJson(manifest).dump(1) + "\n");
}

}  // namespace

Status WriteCheckpoint(const std::string& run_folder, const RunState& state,
                       const CheckpointTensors& tensors) {
  const std::string folder = run_folder + "/" + rundir::kCheckpoints;
  const std::string name = CheckpointFolder(state.step);
  const std::string final_path = folder + "/" + name;
  const std::string temporary = folder + "/.tmp-" + name;
  std::error_code error;
  fs::create_directories(folder, error);
  if (fs::exists(final_path, error)) return {};
  fs::remove_all(temporary, error);
  if (!fs::create_directory(temporary, error)) return Fail(ErrnoError(error.value(), "create " + temporary));
  Status written = WriteFiles(temporary, state, tensors);
  if (written.has_value() && rename(temporary.c_str(), final_path.c_str()) != 0) {
    written = Fail(ErrnoError(errno, "rename " + temporary));
  }
  if (!written.has_value()) {
    fs::remove_all(temporary, error);
    return Fail(written.error().In("checkpoint of step " + std::to_string(state.step)));
  }
  return SyncFolder(folder);
}

Result<RunState> LoadCheckpoint(const std::string& checkpoint_folder, const CheckpointTensors& tensors) {
  auto manifest = rundir::ReadGoodManifest(checkpoint_folder);
  if (!manifest.has_value()) return Fail(manifest.error());
  if (manifest->format != kCheckpointFormat) {
    return Fail(Code::kFailedPrecondition, checkpoint_folder + " has format " + manifest->format +
                                               "; this trainer reads " + kCheckpointFormat);
  }
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(checkpoint_folder + "/" + kWeightsFile, tensors.weights));
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(checkpoint_folder + "/" + kOptimizerFile, tensors.optimizer));
  auto state = ReadRunState(checkpoint_folder);
  if (state.has_value() && state->average_samples > 0)
    OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(checkpoint_folder + "/" + kAverageFile, tensors.average));
  return state;
}

}  // namespace optfleet::trainer
