#include "common/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/sha256_blocks.h"

namespace optfleet {
namespace sha256 {

constexpr std::array<uint32_t, 64> kRound{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace {

uint32_t BigEndian(const unsigned char* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

std::array<uint32_t, 64> MessageSchedule(const unsigned char* block) {
  std::array<uint32_t, 64> words{};
  for (size_t i = 0; i < 16; ++i) words[i] = BigEndian(block + 4 * i);
  for (size_t i = 16; i < 64; ++i) {
    const uint32_t far = std::rotr(words[i - 15], 7) ^ std::rotr(words[i - 15], 18) ^ (words[i - 15] >> 3);
    const uint32_t near = std::rotr(words[i - 2], 17) ^ std::rotr(words[i - 2], 19) ^ (words[i - 2] >> 10);
    words[i] = words[i - 16] + far + words[i - 7] + near;
  }
  return words;
}

}  // namespace

void CompressPlainly(const unsigned char* block, State* state) {
  const auto words = MessageSchedule(block);
  auto [a, b, c, d, e, f, g, h] = *state;
  for (size_t i = 0; i < 64; ++i) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t first = h + sum1 + ((e & f) ^ (~e & g)) + kRound[i] + words[i];
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const State after{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < after.size(); ++i) (*state)[i] += after[i];
}

}  // namespace sha256

namespace {

using sha256::kBlockBytes;
using sha256::State;

// FIPS 180-4 section 5.3.3: the first 32 bits of the fractional parts of the square roots of the first eight
// primes.
constexpr State kInitial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// As fast as this machine can.
void CompressBlock(const unsigned char* block, State* state) {
  static const sha256::Compress by_instructions = sha256::CompressByInstructions();
  if (by_instructions != nullptr)
    by_instructions(block, state);
  else
    sha256::CompressPlainly(block, state);
}

const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Of `bits` in all, the last of which, less than a block, are `rest`; the state is behind the others.
// Padding: a one bit, zeros, and the length in bits as the last eight bytes of a block.
Sha256Digest Finish(State state, std::string_view rest, uint64_t bits) {
  std::array<unsigned char, 2 * kBlockBytes> block{};
  if (!rest.empty()) std::memcpy(block.data(), rest.data(), rest.size());
  block[rest.size()] = 0x80;
  const size_t end = rest.size() + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  for (size_t i = 0; i < 8; ++i) block[end - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
  for (size_t at = 0; at < end; at += kBlockBytes) CompressBlock(block.data() + at, &state);
  Sha256Digest digest{};
  for (size_t word = 0; word < state.size(); ++word)
    for (size_t i = 0; i < 4; ++i)
      digest[4 * word + i] = static_cast<unsigned char>(state[word] >> (24 - 8 * i));
  return digest;
}

// Whole blocks that both begin with.
size_t BlocksInCommon(std::string_view a, std::string_view b) {
  const size_t shorter = std::min(a.size(), b.size());
  size_t at = 0;
  while (at + kBlockBytes <= shorter && std::memcmp(a.data() + at, b.data() + at, kBlockBytes) == 0)
    at += kBlockBytes;
  return at / kBlockBytes;
}

}  // namespace

Sha256Digest Sha256(std::string_view bytes) {
  State state = kInitial;
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= kBlockBytes; bytes.remove_prefix(kBlockBytes)) CompressBlock(BytesOf(bytes), &state);
  return Finish(state, bytes, bits);
}

std::string ToHex(const Sha256Digest& digest) {
  std::array<char, 2 * std::tuple_size_v<Sha256Digest>> hex{};
  for (size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 0xF];
  }
  return std::string(hex.data(), hex.size());
}

std::string Sha256Hex(std::string_view bytes) { return ToHex(Sha256(bytes)); }

Sha256Digest Sha256Row::Next(std::string_view bytes) {
  const size_t known = BlocksInCommon(last_, bytes);
  const size_t whole = bytes.size() / kBlockBytes;
  behind_.resize(whole);
  for (size_t i = known; i < whole; ++i) {
    behind_[i] = i == 0 ? kInitial : behind_[i - 1];
    CompressBlock(BytesOf(bytes) + i * kBlockBytes, &behind_[i]);
  }
  last_ = bytes;
  return Finish(whole == 0 ? kInitial : behind_.back(), bytes.substr(whole * kBlockBytes),
                uint64_t{bytes.size()} * 8);
}

}  // namespace optfleet
