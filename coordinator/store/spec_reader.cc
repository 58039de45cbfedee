#include "coordinator/store/spec_reader.h"

#include <algorithm>
#include <utility>

namespace optfleet::store {
namespace {

constexpr size_t kMostBases = 16;
constexpr const char* kSpec = "SELECT spec_json, spec_base FROM jobs WHERE sweep = ? AND number = ?";

}  // namespace

Result<SpecReader> SpecReader::Prepare(Connection* connection) {
  auto statement = connection->Prepare(kSpec);
  if (!statement.has_value()) return Fail(std::move(statement).error());
  return SpecReader(*std::move(statement));
}

Result<std::string> SpecReader::Read(const JobName& job) {
  const auto found = statement_.Bind(job.sweep, job.job).Step();
  if (!found.has_value()) return Fail(found.error());
  if (!*found) return Fail(Code::kNotFound, "there is no " + ToResource(job));
  std::string kept = statement_.Text(0);
  const bool is_whole = statement_.IsNull(1);
  const JobName base_name{job.sweep, static_cast<int32_t>(statement_.Int(1))};
  statement_.Reset();
  if (is_whole) return kept;
  const auto base = FindBase(base_name);
  if (!base.has_value()) return Fail(base.error());
  auto whole = (*base)->Apply(kept);
  if (whole) return *std::move(whole);
  return Fail(Code::kDataLoss, "state.db: the spec of " + ToResource(job) +
                                   " does not fit the job that it is kept by; restore a backup");
}

Result<const SpecBase*> SpecReader::FindBase(const JobName& job) {
  const auto known =
      std::find_if(bases_.begin(), bases_.end(), [&](const Base& base) { return base.job == job; });
  if (known != bases_.end()) return &known->spec;
  const auto found = statement_.Bind(job.sweep, job.job).Step();
  if (!found.has_value()) return Fail(found.error());
  if (!*found) return Fail(Code::kDataLoss, "state.db: " + ToResource(job) + " is missing; restore a backup");
  auto text = std::make_unique<std::string>(statement_.Text(0));
  statement_.Reset();
  if (bases_.size() == kMostBases) bases_.pop_back();
  const SpecBase spec(*text);
  bases_.push_front({job, std::move(text), spec});
  return &bases_.front().spec;
}

}  // namespace optfleet::store
