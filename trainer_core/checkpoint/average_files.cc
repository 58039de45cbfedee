#include "trainer_core/checkpoint/average_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "common/mapped_file.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/checkpoint/element_type.h"
#include "trainer_core/checkpoint/file_writer.h"
#include "trainer_core/checkpoint/safetensors.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;
  std::unique_ptr<MappedFile> file;
  StoredTensors stored;
  std::map<std::string, const StoredTensor*> by_name = {};

  std::string_view Bytes(const StoredTensor& tensor) const {
    return file->text().substr(static_cast<size_t>(stored.data_offset + tensor.begin),
                               static_cast<size_t>(tensor.end - tensor.begin));
  }
};

Result<Source> OpenSource(const std::string& path) {
  std::string name = path;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    std::vector<std::string> damaged;
    const auto chosen = ChooseCheckpoint(path, &damaged);
    if (!damaged.empty()) return Fail(Code::kDataLoss, damaged.front());
    if (!chosen.has_value()) return Fail(chosen.error());
    name = chosen->path + "/weights.safetensors";
  }
  auto file = MappedFile::Open(name);
  if (!file.has_value()) return Fail(file.error());
  auto stored = DecodeHeader((*file)->text());
  if (!stored.has_value()) return Fail(stored.error().In(name));
  return Source{name, std::move(*file), std::move(*stored)};
}

// Everything in which a file differs from the first.
void Compare(const Source& first, const Source& other, std::vector<std::string>* differences) {
  const auto differ = [&](const std::string& name, const char* what) {
    differences->push_back(fmt::format("{} {} in {}", name, what, other.path));
  };
  for (const auto& [name, tensor] : first.by_name) {
    const auto found = other.by_name.find(name);
    if (found == other.by_name.end())
      differ(name, "is missing");
    else if (found->second->shape != tensor->shape)
      differ(name, "has another shape");
    else if (found->second->type != tensor->type)
      differ(name, "has another type");
    else if (!IsFloatType(tensor->type) && first.Bytes(*tensor) != other.Bytes(*found->second))
      differ(name, "is no floating-point tensor and has other values");
  }
  for (const auto& [name, tensor] : other.by_name)
    if (!first.by_name.contains(name)) differ(name, "is there only");
}

std::string MeanOf(const std::vector<Source>& sources, const StoredTensor& tensor) {
  std::string bytes(sources.front().Bytes(tensor));
  if (!IsFloatType(tensor.type)) return bytes;
  std::vector<const char*> data;
  for (const Source& source : sources) data.push_back(source.Bytes(*source.by_name.at(tensor.name)).data());
  const int64_t count = (tensor.end - tensor.begin) / ElementBytes(tensor.type);
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0;
    for (const char* one : data) sum += ReadElement(tensor.type, one, i);
    WriteElement(tensor.type, bytes.data(), i, sum / static_cast<double>(data.size()));
  }
  return bytes;
}

Status WriteMean(const std::vector<Source>& sources, const std::string& folder, const std::string& name) {
  auto file = FileWriter::Create(folder, name);
  if (!file.has_value()) return Fail(file.error());
  StoredTensors written = sources.front().stored;
  OPTFLEET_RETURN_IF_ERROR(file->Write(EncodeHeader(&written.tensors)));
  for (const StoredTensor& tensor : sources.front().stored.tensors)
    OPTFLEET_RETURN_IF_ERROR(file->Write(MeanOf(sources, tensor)));
  auto line = file->Finish();
  if (!line.has_value()) return Fail(line.error());
  return {};
}

}  // namespace

Status AverageFiles(const std::vector<std::string>& paths, const std::string& out) {
  const fs::path target = fs::absolute(out).lexically_normal();
  std::error_code error;
  if (fs::exists(target, error)) return Fail(Code::kAlreadyExists, out + " is there already");
  std::vector<Source> sources;
  for (const std::string& path : paths) {
    auto source = OpenSource(path);
    if (!source.has_value()) return Fail(source.error());
    sources.push_back(std::move(*source));
  }
  std::vector<std::string> differences;
  for (Source& source : sources) {
    for (const StoredTensor& tensor : source.stored.tensors) source.by_name[tensor.name] = &tensor;
    Compare(sources.front(), source, &differences);
  }
  if (!differences.empty())
    return Fail(Code::kFailedPrecondition,
                fmt::format("weights that differ have no mean; {} difference{}:\n  {}", differences.size(),
                            differences.size() == 1 ? "" : "s", fmt::join(differences, "\n  ")));
  const std::string temporary = ".tmp-" + target.filename().string();
  fs::remove(target.parent_path() / temporary, error);
  Status written = WriteMean(sources, target.parent_path().string(), temporary);
  if (written.has_value() && rename((target.parent_path() / temporary).c_str(), target.c_str()) != 0)
    written = Fail(ErrnoError(errno, "rename to " + target.string()));
  if (written.has_value()) return SyncFolder(target.parent_path().string());
  fs::remove(target.parent_path() / temporary, error);
  return written;
}

}  // namespace optfleet::trainer
