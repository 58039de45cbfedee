#include "spec/memory_ledger.h"

namespace optfleet::spec {

void MemoryLedger::Enter(MemoryPhase phase) {
  phase_ = phase;
  const auto at = static_cast<size_t>(phase);
  if (total_ <= peaks_[at]) return;
  peaks_[at] = total_;
  prediction_.phases[at] = live_;
}

Holding MemoryLedger::Hold(MemoryPart part, int64_t bytes) {
  HoldMany(part, bytes, bytes + Rounding(bytes));
  return {part, bytes};
}

void MemoryLedger::HoldMany(MemoryPart part, int64_t bytes, int64_t rounded) {
  live_.*part += bytes;
  live_.slack += rounded - bytes;
  total_ += rounded;
  Enter(phase_);
}

void MemoryLedger::Drop(Holding holding) {
  live_.*holding.part -= holding.bytes;
  live_.slack -= Rounding(holding.bytes);
  total_ -= holding.bytes + Rounding(holding.bytes);
}

}  // namespace optfleet::spec
