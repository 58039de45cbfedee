#include "coordinator/rpc/faults.h"

#include <array>
#include <charconv>
#include <utility>

namespace optfleet::rpc {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 3> kKinds{
    {{"request_lost", FaultKind::kRequestLost},
     {"answer_lost", FaultKind::kAnswerLost},
     {"reported_failed", FaultKind::kReportedFailed}}};

}  // namespace

Result<Fault> ParseFault(const std::string& text) {
  const Error wrong(Code::kInvalidArgument,
                    "`" + text +
                        "` must read METHOD:KIND:PROBABILITY, as Synchronize:answer_lost:0.2; "
                        "kinds are request_lost, answer_lost and reported_failed");
  const size_t first = text.find(':');
  const size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  if (second == std::string::npos || first == 0) return Fail(wrong);
  Fault fault;
  fault.method = text.substr(0, first);
  const std::string kind = text.substr(first + 1, second - first - 1);
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + second + 1, end, fault.probability);
  if (error != std::errc() || stopped != end || fault.probability < 0 || fault.probability > 1)
    return Fail(wrong);
  for (const auto& [name, value] : kKinds) {
    if (name != kind) continue;
    fault.kind = value;
    return fault;
  }
  return Fail(wrong);
}

std::optional<FaultKind> Faults::Draw(std::string_view path) {
  const std::string_view method = path.substr(path.rfind('/') + 1);
  const std::lock_guard lock(mutex_);
  for (const Fault& fault : faults_) {
    if (fault.method != "*" && fault.method != method) continue;
    if (std::uniform_real_distribution<>(0, 1)(random_) < fault.probability) return fault.kind;
  }
  return std::nullopt;
}

}  // namespace optfleet::rpc
