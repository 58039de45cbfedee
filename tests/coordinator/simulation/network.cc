#include "tests/coordinator/simulation/network.h"

#include <memory>
#include <utility>

namespace optfleet::simulation {

using std::chrono::milliseconds;

struct Network::Pending {
  Reply done;  // empty once it was called
  bool delivered = false;
  void Finish(Result<std::string> result) {
    if (done) std::exchange(done, nullptr)(std::move(result));
  }
};

bool Network::IsCutOff(const std::string& who) const {
  const auto found = cut_off_.find(who);
  return found != cut_off_.end() && context_->agenda.now() < found->second;
}

Duration Network::Delay() {
  if (!context_->faults || !context_->dice.Chance(options_.delayed))
    return context_->dice.Between(milliseconds(1), milliseconds(20));
  context_->coverage->Met(Fault::kMessageDelayed);
  return context_->dice.Between(milliseconds(20), options_.longest_delay);
}

bool Network::Loses(const std::string& from, Fault fault) {
  if (IsCutOff(from)) return true;
  if (!context_->faults || !context_->dice.Chance(options_.lost)) return false;
  context_->coverage->Met(fault);
  return true;
}

void Network::Call(const std::string& from, const std::string& path, std::string request, Duration patience,
                   Reply done) {
  auto call = std::make_shared<Pending>(Pending{std::move(done)});
  const auto answered = [this, from, call](Result<std::string> result) {
    if (Loses(from, Fault::kAnswerLost)) return;
    context_->agenda.After(Delay(), [this, from, call, result = std::move(result)]() mutable {
      if (!IsCutOff(from)) call->Finish(std::move(result));
    });
  };
  const bool doubled = context_->faults && context_->dice.Chance(options_.doubled);
  if (doubled) context_->coverage->Met(Fault::kMessageDoubled);
  for (int copy = doubled ? 2 : 1; copy > 0; --copy) {
    if (Loses(from, Fault::kRequestLost)) continue;
    context_->agenda.After(Delay(), [this, from, path, call, request, answered] {
      if (IsCutOff(from)) return;
      if (!call->done && !call->delivered) context_->coverage->Met(Fault::kReportedFailedButDelivered);
      call->delivered = true;
      server_(path, request, answered);
    });
  }
  context_->agenda.After(patience,
                         [call] { call->Finish(Fail(Code::kUnavailable, "no answer within the deadline")); });
}

}  // namespace optfleet::simulation
