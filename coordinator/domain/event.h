// One line of history: what happened to which thing and why. Append-only, in the transaction of the change
// itself.
#pragma once

#include <string>

#include "common/time.h"

namespace optfleet::domain {

struct Event {
  Time time;
  std::string subject;  // resource name
  std::string what;     // "queued", "assigned", "running", "finishing", "ended", "unreachable" and so on
  std::string reason;   // one sentence, may be empty
  friend bool operator==(const Event&, const Event&) = default;
};

// A mutating request that was carried out; a repeat is answered from here.
struct Request {
  std::string id;
  std::string content_hash;  // of everything else the request said
  std::string subject;       // resource name of what it made or changed
  Time time;
  friend bool operator==(const Request&, const Request&) = default;
};

}  // namespace optfleet::domain
