#include "tests/coordinator/simulation/coverage.h"

namespace optfleet::simulation {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(Fault::kCount)> kNames = {
    "request lost",
    "answer lost",
    "message doubled",
    "message delayed",
    "delivered though reported failed",
    "partition",
    "partition past the lease",
    "coordinator killed",
    "coordinator power cut",
    "coordinator torn write",
    "crash before commit",
    "crash inside commit",
    "crash between commit and send",
    "crash inside metrics commit",
    "crash between metrics and engine",
    "crash while opening",
    "worker killed",
    "worker power cut",
    "shim killed",
    "trainer killed",
    "shim and trainer killed",
    "trainer frozen",
    "coordinator disk full",
    "coordinator disk error",
    "coordinator disk slow",
    "metrics disk error",
    "worker disk full",
    "clock set forward",
    "clock set back",
    "coordinator asleep",
    "worker asleep",
    "worker drained",
    "backup restored",
    "metrics thrown away",
};

std::string Row(std::string_view name, int64_t count) {
  std::string line = "  " + std::string(name);
  line.resize(std::max<size_t>(line.size() + 1, 48), ' ');
  return line + std::to_string(count) + "\n";
}

}  // namespace

std::string_view Name(Fault fault) { return kNames[static_cast<size_t>(fault)]; }

std::string Coverage::Text() const {
  std::string text = "counts\n";
  for (const auto& [what, count] : counts_) text += Row(what, count);
  text += "faults\n";
  for (size_t i = 0; i < faults_.size(); ++i) text += Row(kNames[i], faults_[i]);
  text += "(state, input) pairs: " + std::to_string(pairs_.size()) + "\n";
  for (const auto& [pair, count] : pairs_)
    text += Row(std::string(pair.first) + " <- " + std::string(pair.second), count);
  return text;
}

}  // namespace optfleet::simulation
