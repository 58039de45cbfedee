#include "trainer_core/diagnostics/peak_flops.h"

namespace optfleet::trainer {
namespace {

struct Known {
  std::string_view part;  // of the name
  double teraflops;
};

// The first that fits: longer names before the shorter ones they contain.
constexpr Known kKnown[] = {{"A100", 312},  {"A800", 312}, {"H100 PCIe", 756}, {"H100 NVL", 835},
                            {"H100", 989},  {"H800", 989}, {"H200", 989},      {"GH200", 989},
                            {"B200", 2250}, {"L40S", 362}, {"L4", 121},        {"A10", 125},
                            {"A30", 165},   {"A40", 150},  {"RTX 4090", 165},  {"RTX 3090", 71}};

constexpr double kTera = 1e12;

bool IsWordCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// As whole words, so that an A1000 is no A100.
bool Contains(std::string_view name, std::string_view part) {
  for (size_t at = name.find(part); at != std::string_view::npos; at = name.find(part, at + 1)) {
    const size_t end = at + part.size();
    if ((at == 0 || !IsWordCharacter(name[at - 1])) && (end == name.size() || !IsWordCharacter(name[end])))
      return true;
  }
  return false;
}

}  // namespace

std::optional<double> PeakFlopsOf(std::string_view device_name) {
  for (const Known& known : kKnown)
    if (Contains(device_name, known.part)) return known.teraflops * kTera;
  return std::nullopt;
}

}  // namespace optfleet::trainer
