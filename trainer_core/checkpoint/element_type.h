// Elements of safetensors files as numbers. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace optfleet::trainer {

// F64, F32 and BF16.
bool IsFloatType(std::string_view type);

// Element i of `data`. The type is one of the three.
double ReadElement(std::string_view type, const char* data, int64_t i);
// Rounded to nearest, ties to even; to BF16 by way of F32.
void WriteElement(std::string_view type, char* data, int64_t i, double value);

}  // namespace optfleet::trainer
