// Token ids side by side in memory, little-endian, 1, 2 or 4 bytes each: a view of a mapped file that must
// outlive it. Needs no alignment. Immutable; usable from any thread.
#pragma once

#include <cstdint>
#include <span>

namespace optfleet::data {

class Tokens {
 public:
  Tokens() = default;
  explicit Tokens(std::span<const uint8_t> bytes)
      : data_(bytes.data()), size_(static_cast<int64_t>(bytes.size())) {}
  // `size` tokens of `width` bytes (1, 2 or 4) from `data` on.
  Tokens(const uint8_t* data, int64_t size, int width) : data_(data), size_(size), width_(width) {}

  int64_t size() const { return size_; }  // tokens
  int width() const { return width_; }    // bytes of a token
  const uint8_t* data() const { return data_; }

  // 0 <= first, first + count <= size().
  Tokens Part(int64_t first, int64_t count) const { return {data_ + first * width_, count, width_}; }
  // Tokens first .. first + out.size() - 1, widened.
  void CopyTo(int64_t first, std::span<int64_t> out) const;
  // 0 for no tokens. Reads everything once.
  int64_t Largest() const;

 private:
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int width_ = 1;
};

}  // namespace optfleet::data
