// What all parts of a simulated cluster share: time, chance, the trace, what was met, and the first
// violation.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "tests/coordinator/simulation/agenda.h"
#include "tests/coordinator/simulation/coverage.h"
#include "tests/coordinator/simulation/trace.h"

namespace optfleet::simulation {

// The only source of chance in a run. Not std::uniform_*: their results differ between libraries, and a seed
// should mean the same everywhere.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15 + 1) {}
  uint64_t Next() { return random_(); }
  uint64_t Below(uint64_t count) { return random_() % count; }
  double Share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  bool Chance(double probability) { return Share() < probability; }
  Duration Between(Duration least, Duration most) {
    return least + Duration(static_cast<int64_t>(Below(static_cast<uint64_t>((most - least).count()) + 1)));
  }

 private:
  std::mt19937_64 random_;
};

struct Violation {
  std::string invariant;  // its name, as in docs/testing.md
  std::string text;
  Time time;
};

struct Context {
  Context(uint64_t seed, Coverage* met) : dice(seed), coverage(met) {}

  void Violate(std::string invariant, std::string text) {
    if (violation) return;
    trace.Say(agenda.now(), "VIOLATION", [&] { return invariant + ": " + text; });
    violation = Violation{std::move(invariant), std::move(text), agenda.now()};
  }

  Agenda agenda;
  Dice dice;
  Trace trace;
  Coverage* coverage;
  bool faults = true;
  std::optional<Violation> violation;
};

}  // namespace optfleet::simulation
