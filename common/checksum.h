// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected; RFC 3720 appendix B.4): the checksum of metrics.log
// frames and of checkpoint files. It finds damage, not malice. Pure; usable from any thread. About 2 GB/s.
// CRC-32 (IEEE 802.3, 0x04C11DB7, reflected) is that of zlib, and so of files that Python writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace optfleet {

// The checksum of `before` followed by `bytes`, where `previous` is the checksum of `before` (0 for nothing).
// So a long file is summed in pieces of any size.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t previous = 0);
uint32_t Crc32c(std::string_view bytes, uint32_t previous = 0);
uint32_t Crc32(std::span<const std::byte> bytes, uint32_t previous = 0);

}  // namespace optfleet
