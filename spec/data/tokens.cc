#include "spec/data/tokens.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace optfleet::data {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are read as they lie in memory");

template <typename Id>
Id At(const uint8_t* data, size_t index) {
  Id id;
  std::memcpy(&id, data + index * sizeof(Id), sizeof id);
  return id;
}

// Calls `use` with a value of the type that a token of `width` bytes has.
template <typename Use>
auto WithType(int width, const Use& use) {
  switch (width) {
    case 1:
      return use(uint8_t{});
    case 2:
      return use(uint16_t{});
    default:
      return use(uint32_t{});
  }
}

}  // namespace

void Tokens::CopyTo(int64_t first, std::span<int64_t> out) const {
  const uint8_t* from = data_ + first * width_;
  WithType(width_, [&](auto type) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = At<decltype(type)>(from, i);
  });
}

int64_t Tokens::Largest() const {
  return WithType(width_, [&](auto type) {
    auto largest = type;
    for (size_t i = 0; i < static_cast<size_t>(size_); ++i)
      largest = std::max(largest, At<decltype(type)>(data_, i));
    return static_cast<int64_t>(largest);
  });
}

}  // namespace optfleet::data
