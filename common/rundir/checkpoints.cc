#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "common/checksum.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"

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

std::string Fault(const std::string& folder, const ManifestDocument& manifest) {
  for (const auto& file : manifest.files)
    if (std::string fault = Fault(folder, file); !fault.empty()) return fault;
  if (fs::path(folder).filename() != CheckpointName(manifest.step))
    return "holds step " + std::to_string(manifest.step) + ", not the one of its name";
  return "";
}

}  // namespace

std::vector<Checkpoint> GoodCheckpoints(const std::string& folder, std::vector<std::string>* damaged) {
  std::vector<Checkpoint> good;
  std::error_code error;
  for (fs::directory_iterator entry(folder + "/" + kCheckpoints, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!entry->path().filename().string().starts_with("step-")) continue;
    auto manifest = ReadManifest(path);
    std::string fault = manifest ? Fault(path, *manifest) : manifest.error().message();
    if (fault.empty())
      good.push_back({path, std::move(*manifest)});
    else if (damaged)
      damaged->push_back(path + ": " + fault);
  }
  std::sort(good.begin(), good.end(),
            [](const Checkpoint& a, const Checkpoint& b) { return a.manifest.step > b.manifest.step; });
  if (damaged) std::sort(damaged->begin(), damaged->end());
  return good;
}

}  // namespace optfleet::rundir
