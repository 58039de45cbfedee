// Whole numbers from the bytes of a file, little-endian.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace optfleet::data {

// offset + sizeof(T) <= bytes.size().
template <typename T>
T ReadLittle(std::span<const uint8_t> bytes, size_t offset) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace optfleet::data
