// Moments of the wire as values and as text. Pure.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "common/time.h"

namespace optfleet::commands {

Time TimeOf(const google::protobuf::Timestamp& time);

// "2026-01-31T10:14:03.412Z"
std::string IsoTime(Time time);

// How long ago in one unit, as tables show it: "34s", "5m", "3h", "2d". "0s" if it lies in the future.
std::string Age(Time then, Time now);

}  // namespace optfleet::commands
