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
// INVALID_ARGUMENT if that one said something else, UNAVAILABLE if it is being carried out in parts.
Result<std::optional<std::string>> FindRequest(const State& state, const std::string& id,
                                               const std::string& content_hash);

// Nothing happens for an empty id.
void RememberRequest(State* state, const std::string& id, const std::string& content_hash,
                     const std::string& subject);

// Subject of a request that led to these jobs, numbers ascending: "sweeps/ID/jobs/3-7,9", or the sweep if
// there are none. So a repeat can be told of them.
std::string SubjectOf(const std::string& sweep, const std::vector<int32_t>& jobs);
std::vector<int32_t> JobsOf(const std::string& subject);

// NOT_FOUND for a resource.
Error NoSuch(const std::string& resource);

// ABORTED for an input that was computed from what the sweep was before.
Error HasChanged(const std::string& sweep);

// A sweep that can be asked for something, and the subject if the same request was carried out before.
// NOT_FOUND if there is no such sweep.
struct AskedSweep {
  LiveSweep* sweep = nullptr;
  std::optional<std::string> earlier;
};
Result<AskedSweep> AskedOfSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id);

// What a request that cannot be refused any more begins with: a repeat leads to nullptr (nothing is to be
// done), a sweep or a job number that does not exist to NOT_FOUND; otherwise the request is remembered.
Result<LiveSweep*> BeginOnSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id, const std::vector<int32_t>& jobs = {});

}  // namespace optfleet::engine
