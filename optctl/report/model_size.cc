#include "optctl/report/model_size.h"

#include "spec/json.h"
#include "spec/parameters.h"
#include "spec/resolve.h"

namespace optfleet::report {

Json ModelJson(const std::string& spec_json) {
  const Json json = Json::parse(spec_json, nullptr, false);
  if (!json.is_object() || !json.contains("model") || !json["model"].is_object()) return nullptr;
  Json out = {{"values", json["model"]}};
  auto spec = spec::FromJson(json);
  if (!spec || !spec::Resolve(&*spec).empty()) return out;
  out["parameters"] = spec::CountParameters(spec->model);
  out["state_bytes"] = spec::BytesOfState(*spec).total();
  return out;
}

}  // namespace optfleet::report
