#include "tests/coordinator/simulation/orders.h"

namespace optfleet::simulation {
namespace {

// A request that a restored backup has forgotten may still be under way, and is carried out again.
constexpr Duration kLongestUnderWay = std::chrono::seconds(20);

}  // namespace

void Orders::Begun(const Order& order) {
  const Key key{order.kind, order.subject};
  known_.erase(key);
  begun_since_backup_.insert(key);
}

void Orders::Told(const Order& order, Time now) {
  if (now >= in_doubt_until_) known_[{order.kind, order.subject}] = order.value;
}

std::optional<int32_t> Orders::Of(Order::Kind kind, const std::string& subject) const {
  const auto found = known_.find({kind, subject});
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

void Orders::BackupTaken() {
  in_backup_ = known_;
  begun_since_backup_.clear();
}

void Orders::BackupRestored(Time now) {
  known_ = in_backup_;
  for (const Key& key : begun_since_backup_) known_.erase(key);
  in_doubt_until_ = now + kLongestUnderWay;
}

}  // namespace optfleet::simulation
