#include "trainer_core/checkpoint/tensor_file.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <map>

#include "common/mapped_file.h"
#include "trainer_core/checkpoint/file_writer.h"
#include "trainer_core/checkpoint/safetensors.h"

namespace optfleet::trainer {
namespace {

std::string TypeName(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "F32";
    case at::kDouble:
      return "F64";
    case at::kBFloat16:
      return "BF16";
    case at::kLong:
      return "I64";
    case at::kByte:
      return "U8";
    default:
      return "";
  }
}

Status CopyIn(const StoredTensor& stored, std::string_view data, const at::Tensor& live) {
  if (stored.type != TypeName(live.scalar_type()) || at::IntArrayRef(stored.shape) != live.sizes()) {
    return Fail(Code::kFailedPrecondition,
                "tensor " + stored.name + " has another type or shape than this run's");
  }
  const auto bytes =
      data.substr(static_cast<size_t>(stored.begin), static_cast<size_t>(stored.end - stored.begin));
  // from_blob wants a pointer to non-const; the tensor is only read.
  void* source = const_cast<char*>(bytes.data());
  live.detach().copy_(at::from_blob(source, stored.shape, at::TensorOptions().dtype(live.scalar_type())));
  return {};
}

}  // namespace

Result<rundir::ManifestFile> WriteTensors(const std::string& folder, const std::string& name,
                                          const NamedTensors& tensors) {
  auto file = FileWriter::Create(folder, name);
  if (!file.has_value()) return Fail(file.error());
  std::vector<StoredTensor> stored;
  for (const auto& [tensor_name, tensor] : tensors) {
    stored.push_back({tensor_name, TypeName(tensor.scalar_type()), tensor.sizes().vec()});
  }
  OPTFLEET_RETURN_IF_ERROR(file->Write(EncodeHeader(&stored)));
  for (const auto& [tensor_name, tensor] : tensors) {
    const at::Tensor bytes = tensor.detach().to(at::kCPU).contiguous();
    OPTFLEET_RETURN_IF_ERROR(file->Write({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()}));
  }
  return file->Finish();
}

Status ReplaceTensors(const std::string& path, const NamedTensors& tensors) {
  const auto target = std::filesystem::absolute(path);
  const auto partial = target.string() + ".partial";
  std::error_code error;
  std::filesystem::remove(partial, error);
  const auto written = WriteTensors(target.parent_path(), std::filesystem::path(partial).filename(), tensors);
  if (!written.has_value()) return Fail(written.error());
  std::filesystem::rename(partial, target, error);
  if (error) return Fail(ErrnoError(error.value(), "rename " + partial));
  return {};
}

Status ReadTensorsInto(const std::string& path, const NamedTensors& live) {
  auto file = MappedFile::Open(path);
  if (!file.has_value()) return Fail(file.error());
  const std::string_view text = (*file)->text();
  auto header = DecodeHeader(text);
  if (!header.has_value()) return Fail(header.error().In(path));
  std::map<std::string, at::Tensor> wanted;
  for (const auto& [name, tensor] : live) wanted.emplace(name, tensor);
  const std::string_view data = text.substr(static_cast<size_t>(header->data_offset));
  for (const StoredTensor& stored : header->tensors) {
    const auto found = wanted.find(stored.name);
    if (found == wanted.end()) {
      return Fail(Code::kFailedPrecondition, path + ": this run has no tensor " + stored.name);
    }
    const Status copied = CopyIn(stored, data, found->second);
    if (!copied.has_value()) return Fail(copied.error().In(path));
    wanted.erase(found);
  }
  if (!wanted.empty())
    return Fail(Code::kFailedPrecondition, path + " lacks tensor " + wanted.begin()->first);
  return {};
}

}  // namespace optfleet::trainer
