// SHA-256 by the SHA extensions of x86 (Intel, "Intel SHA Extensions", 2013): two rounds an instruction.
#include "common/sha256_blocks.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace optfleet::sha256 {

#if defined(__x86_64__)
namespace {

#define OPTFLEET_SHA __attribute__((target("sha,sse4.1"), always_inline)) inline

// The state as the instructions want it: a, b, e, f and c, d, g, h, the first in the highest lane.
struct Lanes {
  __m128i abef;
  __m128i cdgh;
};

OPTFLEET_SHA __m128i Load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

// Four rounds with the words `now`, which then become the words sixteen further on. `next`, `third` and
// `last` are those that follow.
OPTFLEET_SHA void FourRounds(size_t first, __m128i* now, __m128i next, __m128i third, __m128i last,
                             Lanes* lanes) {
  const __m128i sum = _mm_add_epi32(*now, Load(&kRound[first]));
  lanes->cdgh = _mm_sha256rnds2_epu32(lanes->cdgh, lanes->abef, sum);
  lanes->abef = _mm_sha256rnds2_epu32(lanes->abef, lanes->cdgh, _mm_shuffle_epi32(sum, 0x0E));
  const __m128i near = _mm_add_epi32(_mm_sha256msg1_epu32(*now, next), _mm_alignr_epi8(last, third, 4));
  *now = _mm_sha256msg2_epu32(near, last);
}

__attribute__((target("sha,sse4.1"))) void CompressOnX86(const unsigned char* block, State* state) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i badc = _mm_shuffle_epi32(Load(state->data()), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(Load(state->data() + 4), 0x1B);
  const Lanes before = {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
  Lanes lanes = before;
  __m128i w0 = _mm_shuffle_epi8(Load(block), big_endian);
  __m128i w1 = _mm_shuffle_epi8(Load(block + 16), big_endian);
  __m128i w2 = _mm_shuffle_epi8(Load(block + 32), big_endian);
  __m128i w3 = _mm_shuffle_epi8(Load(block + 48), big_endian);
  for (size_t round = 0; round < 64; round += 16) {
    FourRounds(round, &w0, w1, w2, w3, &lanes);
    FourRounds(round + 4, &w1, w2, w3, w0, &lanes);
    FourRounds(round + 8, &w2, w3, w0, w1, &lanes);
    FourRounds(round + 12, &w3, w0, w1, w2, &lanes);
  }
  const __m128i feba = _mm_shuffle_epi32(_mm_add_epi32(lanes.abef, before.abef), 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(_mm_add_epi32(lanes.cdgh, before.cdgh), 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state->data()), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state->data() + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#undef OPTFLEET_SHA

// Leaf 7 of cpuid says in bit 29 of ebx whether there are SHA extensions.
bool HasShaExtensions() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1U << 29)) != 0 &&
         __builtin_cpu_supports("ssse3") != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

}  // namespace

Compress CompressByInstructions() {
  static const bool has = HasShaExtensions();
  return has ? &CompressOnX86 : nullptr;
}

#else

Compress CompressByInstructions() { return nullptr; }

#endif

}  // namespace optfleet::sha256
