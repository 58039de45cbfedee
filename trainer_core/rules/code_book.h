// The 256 values that an 8-bit optimizer state can take, and the nearest of them (Dettmers et al. 2021, arXiv
// 2110.02861, "dynamic tree quantisation"; the same tables as bitsandbytes.functional.create_dynamic_map).
//
// Seven decades from 1e-6 to 1; decade i holds 2^i values (2^(i+1) without signs), the middles of equal parts
// of [0.1, 1]; and 0 and 1. Plain tables: constant once made, usable from any thread.
#pragma once

#include <array>
#include <cstdint>

namespace optfleet::rules {

inline constexpr int kCodes = 256;

// How the nearest code is found without a search: the upper bits of a magnitude select a cell of a table,
// which names the lowest code that lies in it; no cell holds more than one boundary between codes.
inline constexpr int kCellShift = 16;                              // 7 bits of mantissa are left
inline constexpr uint32_t kFirstCell = 0x33800000u >> kCellShift;  // of 2^-24; below it all is code 0
inline constexpr int kCells = static_cast<int>((0x3f800000u >> kCellShift) - kFirstCell) + 1;  // to 1.0

struct CodeBook {
  std::array<float, kCodes> value{};  // ascending
  // Of magnitudes, whose codes count from 0: the first value, 0.0, up to 1.0.
  std::array<int32_t, kCells> lowest{};
  std::array<float, kCodes> boundary{};  // above boundary[c] a magnitude has a code above c
  int32_t zero = 0;                      // code of 0.0; codes below it are negative
};

const CodeBook& SignedCodes();    // 127 negative values, 0, 128 positive ones; -1 is not among them
const CodeBook& UnsignedCodes();  // 0 and 255 positive values

}  // namespace optfleet::rules
