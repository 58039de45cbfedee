#include "optctl/commands/request_id.h"

#include <array>
#include <cstdint>
#include <random>

#include "common/sha256.h"

namespace optfleet::commands {
namespace {

// `digits`: 32 hexadecimal digits; the version digit says how they came about (4 random, 8 of our own making:
// RFC 9562).
std::string AsUuid(std::string digits, char version) {
  digits[12] = version;
  digits[16] = "89ab"[(digits[16] >= 'a' ? digits[16] - 'a' + 10 : digits[16] - '0') & 3];
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
         digits.substr(16, 4) + "-" + digits.substr(20, 12);
}

}  // namespace

std::string RandomRequestId() {
  std::random_device random;
  std::string digits;
  for (int i = 0; i < 4; ++i) {
    const uint32_t word = random();
    for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(word >> shift) & 15];
  }
  return AsUuid(digits, '4');
}

std::string RequestIdOf(std::string_view content) { return AsUuid(Sha256Hex(content).substr(0, 32), '8'); }

}  // namespace optfleet::commands
