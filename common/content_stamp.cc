#include "common/content_stamp.h"

#include <array>
#include <cstdio>

#include "common/checksum.h"

namespace optfleet {

std::string ContentStamp(std::string_view bytes) {
  const bool by_header = bytes.size() >= kPreparedHeaderBytes && bytes.starts_with(kPreparedMagic);
  return StampText(Crc32c(by_header ? bytes.substr(0, kPreparedHeaderBytes) : bytes),
                   static_cast<int64_t>(bytes.size()));
}

std::string StampText(uint32_t crc32c, int64_t size) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%08x-%lld", crc32c, static_cast<long long>(size));
  return text.data();
}

}  // namespace optfleet
