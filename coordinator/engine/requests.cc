#include "coordinator/engine/requests.h"

#include <sstream>
#include <string_view>
#include <utility>

#include "common/sha256.h"

namespace optfleet::engine {
namespace {

// What comes in parts by this request and is not finished; null if nothing does.
const Expanding* InParts(const State& state, const std::string& id) {
  if (id.empty()) return nullptr;
  for (const auto& [sweep, expanding] : state.expanding)
    if (expanding.request_id == id) return &expanding;
  for (const auto& [sweep, extending] : state.extending)
    if (extending.part.request_id == id) return &extending.part;
  return nullptr;
}

Error OtherContent(const std::string& id, const std::string& subject) {
  return Error(Code::kInvalidArgument, "request_id " + id + " was used before with other content, for " +
                                           subject + "; use a new request_id");
}

}  // namespace

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
  if (const Expanding* part = InParts(state, id)) {
    if (part->content_hash != content_hash) return Fail(OtherContent(id, "what is being carried out"));
    return Fail(Code::kUnavailable, "request_id " + id + " is being carried out; repeat the call");
  }
  auto found = id.empty() ? state.requests.end() : state.requests.find(id);
  if (found == state.requests.end()) return std::optional<std::string>();
  if (found->second.content_hash != content_hash) return Fail(OtherContent(id, found->second.subject));
  return std::optional(found->second.subject);
}

void RememberRequest(State* state, const std::string& id, const std::string& content_hash,
                     const std::string& subject) {
  if (id.empty()) return;
  const domain::Request request{id, content_hash, subject, state->now};
  state->requests.emplace(id, request);
  state->changes.requests.push_back(request);
}

std::string SubjectOf(const std::string& sweep, const std::vector<int32_t>& jobs) {
  std::string text = SweepResource(sweep);
  for (size_t i = 0; i < jobs.size();) {
    size_t last = i;
    while (last + 1 < jobs.size() && jobs[last + 1] == jobs[last] + 1) ++last;
    text += (i == 0 ? "/jobs/" : ",") + std::to_string(jobs[i]);
    if (last > i) text += "-" + std::to_string(jobs[last]);
    i = last + 1;
  }
  return text;
}

std::vector<int32_t> JobsOf(const std::string& subject) {
  constexpr std::string_view kJobs = "/jobs/";
  std::vector<int32_t> jobs;
  const size_t begin = subject.find(kJobs);
  if (begin == std::string::npos) return jobs;
  std::istringstream ranges(subject.substr(begin + kJobs.size()));
  for (std::string range; std::getline(ranges, range, ',');) {
    const size_t dash = range.find('-');
    const int32_t last = std::stoi(dash == std::string::npos ? range : range.substr(dash + 1));
    for (int32_t number = std::stoi(range); number <= last; ++number) jobs.push_back(number);
  }
  return jobs;
}

Error HasChanged(const std::string& sweep) {
  return Error(Code::kAborted, SweepResource(sweep) + " has changed meanwhile; repeat the call");
}

Error NoSuch(const std::string& resource) { return Error(Code::kNotFound, "there is no " + resource); }

Result<AskedSweep> AskedOfSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id) {
  auto earlier = FindRequest(*state, request_id, content_hash);
  if (!earlier.has_value()) return Fail(earlier.error());
  auto found = state->sweeps.find(sweep_id);
  if (found == state->sweeps.end() || state->expanding.contains(sweep_id))
    return Fail(NoSuch(SweepResource(sweep_id)));
  return AskedSweep{&found->second, *std::move(earlier)};
}

Result<LiveSweep*> BeginOnSweep(State* state, const std::string& request_id, const std::string& content_hash,
                                const std::string& sweep_id, const std::vector<int32_t>& jobs) {
  const auto asked = AskedOfSweep(state, request_id, content_hash, sweep_id);
  if (!asked.has_value()) return Fail(asked.error());
  for (const int32_t job : jobs) {
    if (job < 1 || job > asked->sweep->row.job_count) return Fail(NoSuch(ToResource(JobName{sweep_id, job})));
  }
  if (asked->earlier) return nullptr;
  RememberRequest(state, request_id, content_hash, SweepResource(sweep_id));
  return asked->sweep;
}

}  // namespace optfleet::engine
