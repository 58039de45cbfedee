#include "optctl/report/model_size.h"

namespace optfleet::report {

Json ModelJson(const std::string& spec_json) {
  const Json spec = Json::parse(spec_json, nullptr, false);
  if (!spec.is_object() || !spec.contains("model") || !spec["model"].is_object()) return nullptr;
  return Json{{"values", spec["model"]}};
}

}  // namespace optfleet::report
