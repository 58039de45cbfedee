// Faults on purpose, for tests of a whole cluster: some calls of a method go wrong in one of three ways.
#pragma once

#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace optfleet::rpc {

enum class FaultKind {
  kRequestLost,     // not carried out; the caller hears UNAVAILABLE
  kAnswerLost,      // carried out; the caller hears DEADLINE_EXCEEDED
  kReportedFailed,  // carried out; the caller hears UNAVAILABLE
};

struct Fault {
  std::string method;  // "Synchronize", of whatever service; "*" for every method
  FaultKind kind = FaultKind::kRequestLost;
  double probability = 0;
};

// "METHOD:KIND:PROBABILITY", "Synchronize:answer_lost:0.2"; kinds request_lost, answer_lost, reported_failed.
Result<Fault> ParseFault(const std::string& text);

// Any thread.
class Faults {
 public:
  Faults(std::vector<Fault> faults, uint64_t seed) : faults_(std::move(faults)), random_(seed) {}
  bool empty() const { return faults_.empty(); }

  // What happens to a call of "/optfleet.v1.AgentService/Synchronize"; nothing in most cases.
  std::optional<FaultKind> Draw(std::string_view path);

 private:
  const std::vector<Fault> faults_;
  std::mutex mutex_;  // guards random_
  std::mt19937_64 random_;
};

}  // namespace optfleet::rpc
