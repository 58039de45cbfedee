// SHA-256 (FIPS 180-4): the identity of a spec. Not for secrets: no constant-time promise. Pure; usable from
// any thread.
#pragma once

#include <string>
#include <string_view>

namespace optfleet {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace optfleet
