#include "coordinator/engine/requests.h"

#include "common/sha256.h"

namespace optfleet::engine {

std::string ContentHash(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) {
    all += std::to_string(part.size());
    all += ':';
    all += part;
  }
  return Sha256Hex(all);
}

Result<std::optional<std::string>> FindRequest(const State& state, const std::string& id,
                                               const std::string& content_hash) {
  auto found = id.empty() ? state.requests.end() : state.requests.find(id);
  if (found == state.requests.end()) return std::optional<std::string>();
  if (found->second.content_hash != content_hash) {
    return Fail(Code::kInvalidArgument, "request_id " + id + " was used before with other content, for " +
                                            found->second.subject + "; use a new request_id");
  }
  return std::optional(found->second.subject);
}

void RememberRequest(State* state, const std::string& id, const std::string& content_hash,
                     const std::string& subject) {
  if (id.empty()) return;
  const domain::Request request{id, content_hash, subject, state->now};
  state->requests.emplace(id, request);
  state->changes.requests.push_back(request);
}

Error NoSuch(const std::string& resource) { return Error(Code::kNotFound, "there is no " + resource); }

Result<LiveSweep*> BeginOnSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id, const std::vector<int32_t>& jobs) {
  const auto earlier = FindRequest(*state, request_id, content_hash);
  if (!earlier.has_value()) return Fail(earlier.error());
  auto found = state->sweeps.find(sweep_id);
  if (found == state->sweeps.end() || state->expanding.contains(sweep_id))
    return Fail(NoSuch(SweepResource(sweep_id)));
  for (const int32_t job : jobs) {
    if (job < 1 || job > found->second.row.job_count) return Fail(NoSuch(ToResource(JobName{sweep_id, job})));
  }
  if (earlier->has_value()) return nullptr;
  RememberRequest(state, request_id, content_hash, SweepResource(sweep_id));
  return &found->second;
}

}  // namespace optfleet::engine
