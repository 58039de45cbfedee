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

}  // namespace optfleet::engine
