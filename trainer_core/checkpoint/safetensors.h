// The header of a safetensors file (https://github.com/huggingface/safetensors, format 0.4): u64 length, then
// JSON that gives each tensor's type, shape and place behind the header. Pure; stricter than the format asks:
// no gaps, no overlaps, nothing behind the last tensor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace optfleet::trainer {

struct StoredTensor {
  std::string name;
  std::string type;  // "F32", "BF16", "I64", "U8"
  std::vector<int64_t> shape;
  int64_t begin = 0;  // bytes behind the header
  int64_t end = 0;
};

struct StoredTensors {
  int64_t data_offset = 0;            // of the first tensor's byte in the file; a multiple of 8
  std::vector<StoredTensor> tensors;  // in the order of their bytes
};

// Bytes of one element; 0 for a type that is not supported.
int64_t ElementBytes(std::string_view type);

// Gives each tensor its place, in the order of the list, and returns the bytes in front of the first one.
std::string EncodeHeader(std::vector<StoredTensor>* tensors);

// `file` is the whole file. DATA_LOSS with what is wrong.
Result<StoredTensors> DecodeHeader(std::string_view file);

}  // namespace optfleet::trainer
