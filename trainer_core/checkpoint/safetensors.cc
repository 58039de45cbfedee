#include "trainer_core/checkpoint/safetensors.h"

#include <algorithm>
#include <cstring>

#include "common/json.h"

namespace optfleet::trainer {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference reader

int64_t CountElements(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return -1;
  }
  return count;
}

tl::unexpected<Error> Damaged(const std::string& what) {
  return Fail(Code::kDataLoss, "safetensors: " + what);
}

Result<StoredTensor> DecodeEntry(const std::string& name, const Json& json) {
  StoredTensor tensor;
  tensor.name = name;
  try {
    tensor.type = json.at("dtype").get<std::string>();
    tensor.shape = json.at("shape").get<std::vector<int64_t>>();
    const auto place = json.at("data_offsets").get<std::vector<int64_t>>();
    if (place.size() != 2) return Damaged("tensor " + name + " has no begin and end");
    tensor.begin = place[0];
    tensor.end = place[1];
  } catch (const Json::exception& error) {
    return Damaged("tensor " + name + ": " + error.what());
  }
  const int64_t elements = CountElements(tensor.shape);
  const int64_t element = ElementBytes(tensor.type);
  if (element == 0) return Damaged("tensor " + name + " has the unknown type " + tensor.type);
  int64_t bytes = 0;
  if (elements < 0 || __builtin_mul_overflow(elements, element, &bytes) || tensor.begin < 0 ||
      tensor.end - tensor.begin != bytes) {
    return Damaged("the size of tensor " + name + " does not fit its shape");
  }
  return tensor;
}

}  // namespace

int64_t ElementBytes(std::string_view type) {
  if (type == "F64") return 8;
  if (type == "F32") return 4;
  if (type == "BF16") return 2;
  if (type == "I64") return 8;
  if (type == "U8") return 1;
  return 0;
}

std::string EncodeHeader(std::vector<StoredTensor>* tensors) {
  Json header = Json::object();
  int64_t offset = 0;
  for (StoredTensor& tensor : *tensors) {
    tensor.begin = offset;
    tensor.end = offset + CountElements(tensor.shape) * ElementBytes(tensor.type);
    offset = tensor.end;
    header[tensor.name] = {
        {"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {tensor.begin, tensor.end}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // keeps the tensors aligned
  const uint64_t size = text.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + text;
}

Result<StoredTensors> DecodeHeader(std::string_view file) {
  uint64_t size = 0;
  if (file.size() < sizeof size) return Damaged("the file ends inside its header");
  std::memcpy(&size, file.data(), sizeof size);
  if (size > kMaxHeaderBytes || size > file.size() - sizeof size)
    return Damaged("the header's length is impossible");
  const Json header = Json::parse(file.substr(sizeof size, size), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return Damaged("the header is not JSON");
  StoredTensors stored;
  stored.data_offset = static_cast<int64_t>(sizeof size + size);
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto tensor = DecodeEntry(name, entry);
    if (!tensor.has_value()) return Fail(tensor.error());
    stored.tensors.push_back(std::move(*tensor));
  }
  std::stable_sort(stored.tensors.begin(), stored.tensors.end(),
                   [](const StoredTensor& a, const StoredTensor& b) { return a.begin < b.begin; });
  int64_t offset = 0;
  for (const StoredTensor& tensor : stored.tensors) {
    if (tensor.begin != offset) return Damaged("a gap or an overlap in front of tensor " + tensor.name);
    offset = tensor.end;
  }
  if (stored.data_offset + offset != static_cast<int64_t>(file.size())) {
    return Damaged("the file's size does not fit its tensors");
  }
  return stored;
}

}  // namespace optfleet::trainer
