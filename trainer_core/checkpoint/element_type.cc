#include "trainer_core/checkpoint/element_type.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace optfleet::trainer {
namespace {

template <typename T>
T Load(const char* data, int64_t i) {
  T value;
  std::memcpy(&value, data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename T>
void Store(char* data, int64_t i, T value) {
  std::memcpy(data + i * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

bool IsFloatType(std::string_view type) { return type == "F32" || type == "BF16" || type == "F64"; }

double ReadElement(std::string_view type, const char* data, int64_t i) {
  if (type == "F32") return Load<float>(data, i);
  if (type == "F64") return Load<double>(data, i);
  return std::bit_cast<float>(static_cast<uint32_t>(Load<uint16_t>(data, i)) << 16);
}

void WriteElement(std::string_view type, char* data, int64_t i, double value) {
  if (type == "F32")
    Store(data, i, static_cast<float>(value));
  else if (type == "F64")
    Store(data, i, value);
  else
    Store(data, i, ToBf16(static_cast<float>(value)));
}

}  // namespace optfleet::trainer
