#include "trainer_core/checkpoint/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "common/checksum.h"
#include "common/log.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "trainer_core/checkpoint/file_writer.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/data/mapped_file.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "weights.safetensors";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kStateFile = "state.json";

Status SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Fail(ErrnoError(errno, folder));
  const bool synced = fsync(descriptor) == 0;
  const int error = errno;
  close(descriptor);
  if (!synced) return Fail(ErrnoError(error, "fsync " + folder));
  return {};
}

Status WriteFiles(const std::string& folder, const RunState& state, const CheckpointTensors& tensors) {
  rundir::ManifestDocument manifest{kCheckpointFormat, state.step, state.record, {}};
  auto weights = WriteTensors(folder, kWeightsFile, tensors.weights);
  if (!weights.has_value()) return Fail(weights.error());
  auto optimizer = WriteTensors(folder, kOptimizerFile, tensors.optimizer);
  if (!optimizer.has_value()) return Fail(optimizer.error());
  auto file = FileWriter::Create(folder, kStateFile);
  if (!file.has_value()) return Fail(file.error());
  OPTFLEET_RETURN_IF_ERROR(file->Write(ToJson(state).dump(1) + "\n"));
  auto line = file->Finish();
  if (!line.has_value()) return Fail(line.error());
  manifest.files = {*weights, *optimizer, *line};
  return rundir::WriteFileAtomically(folder, rundir::kManifestFile, rundir::ToJson(manifest).dump(1) + "\n");
}

Status VerifyFile(const std::string& folder, const rundir::ManifestFile& line) {
  auto file = MappedFile::Open(folder + "/" + line.name);
  if (!file.has_value()) return Fail(Code::kDataLoss, file.error().message());
  const std::string_view text = (*file)->text();
  if (static_cast<int64_t>(text.size()) != line.size || Crc32c(text) != line.crc32c) {
    return Fail(Code::kDataLoss,
                folder + "/" + line.name + " is damaged: size or checksum differ from the manifest");
  }
  return {};
}

std::vector<std::string> NamesOfCheckpoints(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with("step-")) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());  // the number has leading zeros
  return names;
}

}  // namespace

Status WriteCheckpoint(const std::string& run_folder, const RunState& state,
                       const CheckpointTensors& tensors) {
  const std::string folder = run_folder + "/" + rundir::kCheckpoints;
  const std::string name = rundir::CheckpointName(state.step);
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

void PruneCheckpoints(const std::string& run_folder, int64_t keep) {
  const std::string folder = run_folder + "/" + rundir::kCheckpoints;
  auto names = NamesOfCheckpoints(folder);
  const size_t kept = static_cast<size_t>(std::max<int64_t>(keep, 1));
  if (names.size() <= kept) return;
  names.resize(names.size() - kept);
  for (const std::string& name : names) {
    const std::string doomed = folder + "/.tmp-old-" + name;
    std::error_code error;
    fs::rename(folder + "/" + name, doomed, error);
    if (!error) fs::remove_all(doomed, error);
    if (error)
      Log(Level::kWarn, "checkpoint.prune_failed", {{"checkpoint", name}, {"error", error.message()}});
  }
}

Result<RunState> LoadCheckpoint(const std::string& checkpoint_folder, const CheckpointTensors& tensors) {
  auto manifest = rundir::ReadManifest(checkpoint_folder);
  if (!manifest.has_value()) return Fail(manifest.error());
  if (manifest->format != kCheckpointFormat) {
    return Fail(Code::kFailedPrecondition, checkpoint_folder + " has format " + manifest->format +
                                               "; this trainer reads " + kCheckpointFormat);
  }
  for (const auto& line : manifest->files) OPTFLEET_RETURN_IF_ERROR(VerifyFile(checkpoint_folder, line));
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(checkpoint_folder + "/" + kWeightsFile, tensors.weights));
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(checkpoint_folder + "/" + kOptimizerFile, tensors.optimizer));
  auto text = rundir::ReadWholeFile(checkpoint_folder + "/" + kStateFile);
  if (!text.has_value()) return Fail(text.error());
  return RunStateFromJson(Json::parse(*text, nullptr, /*allow_exceptions=*/false));
}

}  // namespace optfleet::trainer
