// Small safetensors files for tests: tensors by name, written and read as numbers. No Torch.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/trainer_core/temporary_folder.h"
#include "trainer_core/checkpoint/element_type.h"
#include "trainer_core/checkpoint/safetensors.h"

namespace optfleet::trainer {

struct Numbers {
  std::vector<int64_t> shape;
  std::vector<double> values;
  std::string type = "F32";
  friend bool operator==(const Numbers&, const Numbers&) = default;
};
using NumbersByName = std::map<std::string, Numbers>;

inline std::string ToBytes(const Numbers& numbers) {
  std::string bytes(numbers.values.size() * static_cast<size_t>(ElementBytes(numbers.type)), '\0');
  for (size_t i = 0; i < numbers.values.size(); ++i) {
    if (numbers.type == "U8")
      bytes[i] = static_cast<char>(numbers.values[i]);
    else
      WriteElement(numbers.type, bytes.data(), static_cast<int64_t>(i), numbers.values[i]);
  }
  return bytes;
}

inline std::string WriteStored(const TemporaryFolder& folder, const std::string& name,
                               const NumbersByName& all) {
  std::vector<StoredTensor> stored;
  std::string data;
  for (const auto& [tensor, numbers] : all) {
    stored.push_back({tensor, numbers.type, numbers.shape});
    data += ToBytes(numbers);
  }
  return folder.Write(name, EncodeHeader(&stored) + data);
}

inline NumbersByName ReadStored(const std::string& path) {
  const std::string text = ReadText(path);
  const auto header = DecodeHeader(text);
  NumbersByName all;
  if (!header.has_value()) {
    ADD_FAILURE() << path << ": " << header.error().message();
    return all;
  }
  for (const StoredTensor& tensor : header->tensors) {
    Numbers numbers{tensor.shape, {}, tensor.type};
    const char* data = text.data() + header->data_offset + tensor.begin;
    for (int64_t i = 0; i < (tensor.end - tensor.begin) / ElementBytes(tensor.type); ++i)
      numbers.values.push_back(IsFloatType(tensor.type) ? ReadElement(tensor.type, data, i)
                                                        : static_cast<unsigned char>(data[i]));
    all[tensor.name] = numbers;
  }
  return all;
}

}  // namespace optfleet::trainer
