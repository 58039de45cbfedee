// The inner part of SHA-256, in C++ and in a processor's own instructions. For sha256.cc and its test only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace optfleet::sha256 {

inline constexpr size_t kBlockBytes = 64;
using State = std::array<uint32_t, 8>;

// FIPS 180-4 section 4.2.2: of the cube roots of the first 64 primes.
extern const std::array<uint32_t, 64> kRound;

// Takes one block of kBlockBytes into the state.
using Compress = void (*)(const unsigned char* block, State* state);

void CompressPlainly(const unsigned char* block, State* state);
// The SHA instructions of this processor; null if it has none.
Compress CompressByInstructions();

}  // namespace optfleet::sha256
