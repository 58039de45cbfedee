// SHA-256 (FIPS 180-4): the identity of a spec. Not for secrets: no constant-time promise. Pure; the
// functions are usable from any thread. Where the processor has instructions for it they are used.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest Sha256(std::string_view bytes);
std::string ToHex(const Sha256Digest& digest);  // 64 lower-case hexadecimal digits
std::string Sha256Hex(std::string_view bytes);  // the same of a text

// The digests of texts one after the other: how a text begins like the one before is not hashed again. For
// one thread.
class Sha256Row {
 public:
  Sha256Digest Next(std::string_view bytes);

 private:
  using State = std::array<uint32_t, 8>;
  std::string last_;
  std::vector<State> behind_;  // each whole block of it
};

}  // namespace optfleet
