// Words for the enums of the wire, the same in tables, JSON and messages: "running", "out_of_memory".
#pragma once

#include <string>

#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

std::string NameOf(v1::Sweep::State state);
std::string NameOf(v1::Job::State state);
std::string NameOf(v1::Attempt::State state);
std::string NameOf(v1::Worker::State state);
std::string NameOf(v1::Slot::Kind kind);
std::string NameOf(v1::Outcome outcome);  // empty if unspecified

// The outcome once there is one, else the state: what a person wants to see in one column.
std::string Condition(const v1::Sweep& sweep);    // "paused" is told from "active"
std::string Condition(const v1::Worker& worker);  // "draining" and "excluded" are told from "ready"
std::string Condition(const v1::Job& job);
std::string Condition(const v1::Attempt& attempt);
std::string Condition(const v1::Checkpoint& checkpoint);  // "kept", "pinned" or "deleting"

}  // namespace optfleet::commands
