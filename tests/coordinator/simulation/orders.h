// What people ordered to hold from now on: a sweep paused, a limit of what runs at a time, a worker drained.
// An order is known from the moment its answer leaves the coordinator until the next one about the same
// begins; in between, and where a restored backup may have forgotten it, anything may be so.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/time.h"

namespace optfleet::simulation {

struct Order {
  enum class Kind { kNone, kPause, kLimit, kDrain, kNoGuard };
  Kind kind = Kind::kNone;
  std::string subject;  // id of a sweep or of a worker
  int32_t value = 0;    // a domain::Pause, or the limit
};

class Orders {
 public:
  void Begun(const Order& order);
  void Told(const Order& order, Time now);
  // What holds; nothing if that is not known.
  std::optional<int32_t> Of(Order::Kind kind, const std::string& subject) const;
  // Of a pause or a drain.
  bool Holds(Order::Kind kind, const std::string& subject) const {
    return Of(kind, subject).value_or(0) != 0;
  }

  void BackupTaken();
  void BackupRestored(Time now);

 private:
  using Key = std::pair<Order::Kind, std::string>;
  std::map<Key, int32_t> known_;
  std::map<Key, int32_t> in_backup_;
  std::set<Key> begun_since_backup_;
  Time in_doubt_until_{};
};

}  // namespace optfleet::simulation
