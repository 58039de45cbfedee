// How a sweep spends less than all of its jobs would take, as JSON (encode.h).
#include "coordinator/store/encode.h"
#include "coordinator/store/encode_json.h"

namespace optfleet::store {
namespace {

Json LengthToJson(const sweeps::StepsOrShare& length) {
  return {{"share", length.share}, {"steps", length.steps}};
}

sweeps::StepsOrShare LengthFromJson(const Json& json) {
  if (!json.is_object()) return {};
  return {.share = json.value("share", 0.0), .steps = json.value("steps", int64_t{0})};
}

Json StopToJson(const sweeps::StopPlan& stop) {
  Json json = Json::object();
  if (stop.median)
    json["median"] = {{"after", LengthToJson(stop.median->after)}, {"least_jobs", stop.median->least_jobs}};
  if (stop.plateau)
    json["plateau"] = {{"patience", LengthToJson(stop.plateau->patience)},
                       {"min_delta", stop.plateau->min_delta}};
  if (stop.divergence)
    json["divergence"] = {{"factor", FromNumber(stop.divergence->factor)},
                          {"limit", FromNumber(stop.divergence->limit)},
                          {"patience", stop.divergence->patience}};
  return json;
}

std::optional<sweeps::StopPlan> StopFromJson(const Json& json) {
  sweeps::StopPlan stop;
  if (const Json median = ObjectAt(json, "median"); !median.is_null())
    stop.median = {.after = LengthFromJson(ObjectAt(median, "after")),
                   .least_jobs = median.value("least_jobs", 3)};
  if (const Json plateau = ObjectAt(json, "plateau"); !plateau.is_null())
    stop.plateau = {.patience = LengthFromJson(ObjectAt(plateau, "patience")),
                    .min_delta = plateau.value("min_delta", 0.0)};
  if (const Json divergence = ObjectAt(json, "divergence"); !divergence.is_null())
    stop.divergence = {.factor = ToNumber(divergence.value("factor", Json("Infinity"))),
                       .limit = ToNumber(divergence.value("limit", Json("Infinity"))),
                       .patience = divergence.value("patience", 1)};
  return stop.empty() ? std::nullopt : std::optional(stop);
}

Json BoundToJson(const sweeps::JobsOrShare& bound) { return {{"share", bound.share}, {"jobs", bound.jobs}}; }

std::optional<sweeps::JobsOrShare> BoundFromJson(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return sweeps::JobsOrShare{.share = json.value("share", 0.0), .jobs = json.value("jobs", 0)};
}

Json GuardToJson(const sweeps::GuardPlan& guard) {
  Json json = {{"after", guard.after}, {"device_hours", guard.device_hours}};
  if (guard.diverged) json["diverged"] = BoundToJson(*guard.diverged);
  if (guard.failed) json["failed"] = BoundToJson(*guard.failed);
  return json;
}

std::optional<sweeps::GuardPlan> GuardFromJson(const Json& json) {
  if (json.is_null()) return std::nullopt;
  sweeps::GuardPlan guard{.diverged = BoundFromJson(ObjectAt(json, "diverged")),
                          .failed = BoundFromJson(ObjectAt(json, "failed"))};
  guard.after = json.value("after", guard.after);
  guard.device_hours = json.value("device_hours", 0.0);
  return guard;
}

}  // namespace

std::string EncodeSearch(const domain::SearchPolicy& search) {
  Json json = Json::object();
  if (search.halving)
    json["halving"] = {{"first_share", search.halving->first_share},
                       {"first_steps", search.halving->first_steps},
                       {"factor", search.halving->factor}};
  if (search.stop) json["stop"] = StopToJson(*search.stop);
  if (search.guard) json["guard"] = GuardToJson(*search.guard);
  return Dump(json);
}

domain::SearchPolicy DecodeSearch(const std::string& json) {
  if (json == "{}") return {};
  const Json parsed = Parse(json);
  domain::SearchPolicy search;
  search.stop = StopFromJson(ObjectAt(parsed, "stop"));
  search.guard = GuardFromJson(ObjectAt(parsed, "guard"));
  const Json halving = ObjectAt(parsed, "halving");
  if (halving.is_null()) return search;
  search.halving = sweeps::HalvingPlan{.first_share = halving.value("first_share", 0.0),
                                       .first_steps = halving.value("first_steps", int64_t{0}),
                                       .factor = halving.value("factor", 3)};
  return search;
}

}  // namespace optfleet::store
