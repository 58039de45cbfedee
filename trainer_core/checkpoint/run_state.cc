#include "trainer_core/checkpoint/run_state.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "common/rundir/documents.h"
#include "spec/fields.h"

namespace optfleet::trainer {
namespace {

std::string ToHex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<std::string> FromHex(const std::string& text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const char* begin = text.data() + i;
    const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
    if (error != std::errc() || end != begin + 2) break;
    bytes += static_cast<char>(value);
  }
  if (bytes.size() * 2 != text.size())
    return Fail(Code::kDataLoss, "state.json: random_state is not hexadecimal");
  return bytes;
}

std::string Shown(const Json& spec, const std::string& key) {
  const auto pointer = Json::json_pointer(key);
  return spec.contains(pointer) ? spec.at(pointer).dump() : "not given";
}

std::string Dotted(std::string key) {
  key.erase(0, 1);
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

// Whether a difference in a key makes another run.
bool Counts(const std::string& key) {
  const auto files = spec::FileKeys();
  return !key.starts_with("/checkpoint/") &&
         std::find(files.begin(), files.end(), Dotted(key)) == files.end();
}

// The first keys in which two specs differ: "optimizer.learning_rate 0.001 then, 0.002 now".
std::string Difference(const Json& then, const Json& now) {
  constexpr size_t kMostShown = 5;
  if (then.empty()) return "";
  std::set<std::string> keys;
  for (const Json* spec : {&then, &now}) {
    const Json flat = spec->flatten();  // items() does not keep it alive
    for (const auto& [key, value] : flat.items())
      if (Counts(key) && Shown(then, key) != Shown(now, key)) keys.insert(key);
  }
  std::string text;
  size_t shown = 0;
  for (const std::string& key : keys) {
    if (++shown > kMostShown) return text + " and " + std::to_string(keys.size() - kMostShown) + " more";
    std::string dotted = key.substr(1);
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    text +=
        (text.empty() ? "" : ", ") + dotted + " " + Shown(then, key) + " then, " + Shown(now, key) + " now";
  }
  return text;
}

}  // namespace

Json ToJson(const RunState& state) {
  Json best = Json::array();
  for (const RankedStep& ranked : state.best)
    best.push_back({{"step", ranked.step}, {"val_loss", ranked.val_loss}});
  Json json{{"step", state.step},
            {"steps", state.steps},
            {"record", state.record},
            {"data_position", state.data_position},
            {"skipped_in_row", state.skipped_in_row},
            {"train_seconds", state.train_seconds},
            {"last_loss", state.last_loss},
            {"random_state", ToHex(state.random_state)},
            {"spec_hash", state.spec_hash},
            {"run_hash", state.run_hash},
            {"spec", state.spec},
            {"data", {{"size", state.data.size}, {"crc32c", state.data.crc32c}}},
            {"best", best},
            {"average_samples", state.average_samples},
            {"diagnostics", state.diagnostics},
            {"numerics", state.numerics}};
  if (state.val_loss.has_value()) json["val_loss"] = *state.val_loss;
  if (state.start.has_value()) json["start"] = {{"size", state.start->size}, {"crc32c", state.start->crc32c}};
  return json;
}

Result<RunState> RunStateFromJson(const Json& json) {
  RunState state;
  std::string random_hex;
  try {
    json.at("step").get_to(state.step);
    json.at("record").get_to(state.record);
    json.at("data_position").get_to(state.data_position);
    json.at("skipped_in_row").get_to(state.skipped_in_row);
    json.at("train_seconds").get_to(state.train_seconds);
    json.at("last_loss").get_to(state.last_loss);
    json.at("random_state").get_to(random_hex);
    json.at("spec_hash").get_to(state.spec_hash);
    json.at("data").at("size").get_to(state.data.size);
    json.at("data").at("crc32c").get_to(state.data.crc32c);
    state.diagnostics = json.value("diagnostics", Json::object());
    state.numerics = json.at("numerics");
    state.steps = json.value("steps", int64_t{0});
    state.run_hash = json.value("run_hash", "");
    state.spec = json.value("spec", Json::object());
    for (const Json& ranked : json.value("best", Json::array()))
      state.best.push_back({ranked.at("step").get<int64_t>(), ranked.at("val_loss").get<double>()});
    state.average_samples = json.value("average_samples", int64_t{0});
    if (json.contains("start"))
      state.start = {json.at("start").at("size").get<int64_t>(),
                     json.at("start").at("crc32c").get<uint32_t>()};
    if (json.contains("val_loss")) state.val_loss = json.at("val_loss").get<double>();
  } catch (const Json::exception& error) {
    return Fail(Code::kDataLoss, std::string("state.json: ") + error.what());
  }
  auto random_state = FromHex(random_hex);
  if (!random_state.has_value()) return Fail(random_state.error());
  state.random_state = std::move(*random_state);
  return state;
}

Result<RunState> ReadRunState(const std::string& checkpoint_folder) {
  auto text = rundir::ReadWholeFile(checkpoint_folder + "/" + kStateFile);
  if (!text.has_value()) return Fail(text.error());
  auto state = RunStateFromJson(Json::parse(*text, nullptr, /*allow_exceptions=*/false));
  if (!state.has_value()) return Fail(state.error().In(checkpoint_folder));
  return state;
}

Status CheckSameRun(const RunState& state, const RunState& now) {
  // Checkpoints of before this version do not know the hash of their run.
  const bool same =
      state.run_hash.empty() ? state.spec_hash == now.spec_hash : state.run_hash == now.run_hash;
  if (!same) {
    const std::string differs = Difference(state.spec, now.spec);
    return Fail(
        Code::kFailedPrecondition,
        "the checkpoint was written under another spec (" +
            (differs.empty() ? state.spec_hash.substr(0, 12) + ", this run has " + now.spec_hash.substr(0, 12)
                             : differs) +
            "); start without it");
  }
  if (!(state.data == now.data)) {
    return Fail(Code::kFailedPrecondition,
                "data.path or data.validation_path has changed since the checkpoint was written (" +
                    std::to_string(state.data.size) + " bytes then, " + std::to_string(now.data.size) +
                    " now, or other content); restore the files or start without the checkpoint");
  }
  if (state.steps > 0 && now.steps > 0 && state.steps != now.steps) {
    return Fail(Code::kFailedPrecondition, "the checkpoint is of a run of " + std::to_string(state.steps) +
                                               " steps, and this one has " + std::to_string(now.steps) +
                                               "; start without it");
  }
  return {};
}

}  // namespace optfleet::trainer
