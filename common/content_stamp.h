// What tells the contents of input files apart, whatever they are called: "1c291ca3-51234", CRC-32C in
// hexadecimal and size. Pure; usable from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace optfleet {

// A token file of `optfleet prepare` (docs/data.md) begins so. Its header holds the checksum of all the rest.
inline constexpr std::string_view kPreparedMagic = "OPTFTOK";
inline constexpr size_t kPreparedHeaderBytes = 128;

// Of all of a file's bytes. A prepared token file is told by its header, so that a large one costs nothing:
// who trains on it has found the header's checksum true of the rest.
std::string ContentStamp(std::string_view bytes);

// From its parts.
std::string StampText(uint32_t crc32c, int64_t size);

}  // namespace optfleet
