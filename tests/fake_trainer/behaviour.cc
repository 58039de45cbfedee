#include "tests/fake_trainer/behaviour.h"

#include <cstdlib>

#include "common/rundir/documents.h"

namespace optfleet::fake {
namespace {

Status Apply(const Json& json, Behaviour* behaviour) {
  const std::pair<const char*, int64_t*> numbers[] = {
      {"step_ms", &behaviour->step_ms},
      {"only_attempt", &behaviour->only_attempt},
      {"crash_at_step", &behaviour->crash_at_step},
      {"crash_signal", &behaviour->crash_signal},
      {"exit_at_step", &behaviour->exit_at_step},
      {"exit_code", &behaviour->exit_code},
      {"hang_at_step", &behaviour->hang_at_step},
      {"diverge_at_step", &behaviour->diverge_at_step},
      {"out_of_memory_at_step", &behaviour->out_of_memory_at_step},
      {"checkpoint_ms", &behaviour->checkpoint_ms},
      {"damage_checkpoint", &behaviour->damage_checkpoint}};
  for (const auto& [key, value] : json.items()) {
    bool known = key == "no_socket" && value.is_boolean();
    if (known) behaviour->no_socket = value.get<bool>();
    for (const auto& [name, member] : numbers)
      if (key == name && value.is_number_integer()) {
        *member = value.get<int64_t>();
        known = true;
      }
    if (!known) return Fail(Code::kInvalidArgument, "behaviour: bad key or value: " + key);
  }
  return {};
}

Status ApplyFile(const std::string& path, Behaviour* behaviour) {
  const auto text = rundir::ReadWholeFile(path);
  if (!text) return Fail(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return Fail(Code::kInvalidArgument, path + " is not a JSON object");
  return Apply(json, behaviour);
}

}  // namespace

Result<Behaviour> ReadBehaviour(const std::string& path, const Json& spec, int64_t attempt) {
  Behaviour behaviour;
  if (!path.empty()) OPTFLEET_RETURN_IF_ERROR(ApplyFile(path, &behaviour));
  if (const char* named = std::getenv("OPTFLEET_FAKE_BEHAVIOUR"))
    OPTFLEET_RETURN_IF_ERROR(ApplyFile(named, &behaviour));
  if (spec.is_object() && spec.contains("fake")) OPTFLEET_RETURN_IF_ERROR(Apply(spec["fake"], &behaviour));
  if (behaviour.only_attempt != 0 && behaviour.only_attempt != attempt) {
    Behaviour good;
    good.step_ms = behaviour.step_ms;
    good.checkpoint_ms = behaviour.checkpoint_ms;
    return good;
  }
  return behaviour;
}

}  // namespace optfleet::fake
