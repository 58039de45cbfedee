// Idempotent requests: a repeat is answered as the first time, the same id with other content is refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/engine/state.h"

namespace optfleet::engine {

// The identity of a request: SHA-256 of its parts, each with its length, so that no two lists of parts run
// together.
std::string ContentHash(const std::vector<std::string>& parts);

// The subject of the earlier request with this id; nullopt if there was none or the id is empty.
// INVALID_ARGUMENT if that one said something else.
Result<std::optional<std::string>> FindRequest(const State& state, const std::string& id,
                                               const std::string& content_hash);

// Nothing happens for an empty id.
void RememberRequest(State* state, const std::string& id, const std::string& content_hash,
                     const std::string& subject);

// NOT_FOUND for a resource.
Error NoSuch(const std::string& resource);

// What every request about a sweep begins with: a repeat leads to nullptr (nothing is to be done), a sweep or
// a job number that does not exist to NOT_FOUND; otherwise the request is remembered.
Result<LiveSweep*> BeginOnSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id, const std::vector<int32_t>& jobs = {});

}  // namespace optfleet::engine
