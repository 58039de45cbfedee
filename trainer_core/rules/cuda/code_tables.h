// The code books of 8-bit states as a kernel holds them in shared memory: 10 KiB. Plain data, copied as
// bytes.
#pragma once

#include <cstdint>

#include "trainer_core/rules/code_book.h"

namespace optfleet::rules::cuda {

struct CodeTable {
  float value[kCodes];
  float boundary[kCodes];
  int32_t zero;
  uint8_t lowest[(kCells + 3) / 4 * 4];  // a code fits a byte
};

struct CodeTables {
  CodeTable with_sign;
  CodeTable without_sign;
};
static_assert(sizeof(CodeTables) % sizeof(uint32_t) == 0, "kernels copy it in words");

CodeTables MakeCodeTables();

}  // namespace optfleet::rules::cuda
