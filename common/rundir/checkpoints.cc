#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "common/checksum.h"
#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/version.h"

namespace optfleet::rundir {
namespace {

namespace fs = std::filesystem;

// What is wrong with one file of a checkpoint; empty if nothing.
std::string Fault(const std::string& folder, const ManifestFile& file) {
  if (file.name.empty() || file.name.find('/') != std::string::npos) return "names a file outside its folder";
  std::ifstream stream(folder + "/" + file.name, std::ios::binary);
  if (!stream) return file.name + " is missing";
  uint32_t checksum = 0;
  std::vector<char> buffer(1 << 20);
  int64_t size = 0;
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || stream.gcount() > 0) {
    const auto got = static_cast<size_t>(stream.gcount());
    checksum = Crc32c(std::string_view(buffer.data(), got), checksum);
    size += static_cast<int64_t>(got);
  }
  if (size != file.size)
    return file.name + " has " + std::to_string(size) + " bytes instead of " + std::to_string(file.size);
  if (checksum != file.crc32c) return file.name + " has a wrong checksum";
  return "";
}

}  // namespace

Result<ManifestDocument> ReadGoodManifest(const std::string& checkpoint) {
  auto manifest = ReadManifest(checkpoint);
  if (!manifest) return manifest;
  for (const auto& file : manifest->files)
    if (const std::string fault = Fault(checkpoint, file); !fault.empty())
      return Fail(Code::kDataLoss, checkpoint + ": " + fault);
  return manifest;
}

std::vector<Checkpoint> GoodCheckpoints(const std::string& folder, std::vector<std::string>* damaged) {
  std::vector<Checkpoint> good;
  std::error_code error;
  for (fs::directory_iterator entry(folder + "/" + kCheckpoints, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!entry->path().filename().string().starts_with("step-")) continue;
    auto manifest = ReadGoodManifest(path);
    if (manifest && entry->path().filename() != CheckpointFolder(manifest->step))
      manifest = Fail(Code::kDataLoss,
                      path + ": holds step " + std::to_string(manifest->step) + ", not the one of its name");
    if (manifest)
      good.push_back({path, std::move(*manifest)});
    else if (damaged)
      damaged->push_back(manifest.error().message());
  }
  std::sort(good.begin(), good.end(),
            [](const Checkpoint& a, const Checkpoint& b) { return a.manifest.step > b.manifest.step; });
  if (damaged) std::sort(damaged->begin(), damaged->end());
  return good;
}

Result<std::vector<int64_t>> ReadKeptSteps(const std::string& folder) {
  const std::string path = folder + "/" + kCheckpoints + "/" + kKeptFile;
  const auto text = ReadWholeFile(path);
  if (!text && text.error().code() == Code::kNotFound) return std::vector<int64_t>();
  if (!text) return Fail(text.error());
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  try {
    return json.at("steps").get<std::vector<int64_t>>();
  } catch (const Json::exception&) {
    return Fail(Code::kDataLoss, path + " needs `steps`, a list of whole numbers");
  }
}

Status WriteKeptSteps(const std::string& folder, const std::vector<int64_t>& steps) {
  const Json json{{"version", kRunDirectoryVersion}, {"steps", steps}};
  return WriteFileAtomically(folder + "/" + kCheckpoints, kKeptFile, json.dump() + "\n");
}

}  // namespace optfleet::rundir
