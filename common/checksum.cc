#include "common/checksum.h"

#include <array>

namespace optfleet {
namespace {

// Both reflected.
constexpr uint32_t kCastagnoli = 0x82F63B78;
constexpr uint32_t kIeee = 0xEDB88320;
constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

// tables[k][b] is the effect of byte b followed by k zero bytes, so that eight bytes are folded in one step.
constexpr Tables MakeTables(uint32_t polynomial) {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
    tables[0][byte] = sum;
  }
  for (size_t slice = 1; slice < kSlices; ++slice)
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  return tables;
}

constexpr Tables kCastagnoliTables = MakeTables(kCastagnoli);
constexpr Tables kIeeeTables = MakeTables(kIeee);

uint32_t At(std::span<const std::byte> bytes, size_t index) {
  return std::to_integer<uint32_t>(bytes[index]);
}

template <const Tables& tables>
uint32_t FoldEight(std::span<const std::byte> bytes, uint32_t sum) {
  sum ^= At(bytes, 0) | At(bytes, 1) << 8 | At(bytes, 2) << 16 | At(bytes, 3) << 24;
  return tables[7][sum & 0xFF] ^ tables[6][(sum >> 8) & 0xFF] ^ tables[5][(sum >> 16) & 0xFF] ^
         tables[4][sum >> 24] ^ tables[3][At(bytes, 4)] ^ tables[2][At(bytes, 5)] ^ tables[1][At(bytes, 6)] ^
         tables[0][At(bytes, 7)];
}

template <const Tables& tables>
uint32_t Sum(std::span<const std::byte> bytes, uint32_t previous) {
  uint32_t sum = ~previous;
  while (bytes.size() >= kSlices) {
    sum = FoldEight<tables>(bytes, sum);
    bytes = bytes.subspan(kSlices);
  }
  for (const std::byte byte : bytes)
    sum = (sum >> 8) ^ tables[0][(sum ^ std::to_integer<uint32_t>(byte)) & 0xFF];
  return ~sum;
}

}  // namespace

uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t previous) {
  return Sum<kCastagnoliTables>(bytes, previous);
}

uint32_t Crc32(std::span<const std::byte> bytes, uint32_t previous) {
  return Sum<kIeeeTables>(bytes, previous);
}

uint32_t Crc32c(std::string_view bytes, uint32_t previous) {
  return Crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())), previous);
}

}  // namespace optfleet
