// Conversations that go well: where the wire fuzzer begins.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/fuzz/conversation.h"

namespace optfleet::fuzz {

// When a coordinator that has them begins, in seconds since 1970. A new database takes it as its incarnation,
// which stands in every fence.
inline constexpr int64_t kBegin = 1'700'000'000;

// Afterwards there is sweep s with jobs that run, wait and have ended, worker w0 and its records and kept
// checkpoints.
std::vector<WireCall> BeginConversation();

// By name; each begins where that one ends. Together they call every method.
std::map<std::string, std::vector<WireCall>> Conversations();

}  // namespace optfleet::fuzz
