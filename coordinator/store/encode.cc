#include "coordinator/store/encode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "coordinator/store/encode_json.h"

namespace optfleet::store {
namespace {

constexpr const char* kNoFigures = "{}";

// Nearly all texts need no escape; those that do go through the library.
void AppendText(const std::string& text, std::string* json) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (plain) {
    json->append("\"").append(text).append("\"");
  } else {
    *json += Dump(text);
  }
}

Json FiguresToJson(const domain::Figures& figures) {
  Json json = Json::object();
  for (const auto& [key, value] : figures) json[key] = FromNumber(value);
  return json;
}

domain::Figures FiguresFromJson(const Json& json) {
  domain::Figures figures;
  if (!json.is_object()) return figures;
  for (const auto& [key, value] : json.items()) figures[key] = ToNumber(value);
  return figures;
}

// Of a job whose steps were not all computed alike. Earlier trainers named one stamp, the last, by itself.
void AddStampsBefore(const Json& stamps, domain::RunGround* ground) {
  const std::string here = ground->device_model;
  for (const Json& stamp : stamps.is_array() ? stamps : Json::array({stamps})) {
    if (IntAt(stamp, "version") != ground->numerics_version) ground->resumed_from_other_version = true;
    if (TextAt(stamp, "device_model") != here) ground->device_model.clear();
  }
}

}  // namespace

std::string EncodeFigures(const domain::Figures& figures) {
  return figures.empty() ? kNoFigures : Dump(FiguresToJson(figures));
}

domain::Figures DecodeFigures(const std::string& json) {
  if (json == kNoFigures) return {};
  return FiguresFromJson(Parse(json));
}

std::string EncodeParameters(const std::vector<domain::Parameter>& parameters) {
  std::string json = "[";
  for (const auto& parameter : parameters) {
    json += json.size() > 1 ? ",{\"key\":" : "{\"key\":";
    AppendText(parameter.key, &json);
    json += ",\"value\":";
    AppendText(parameter.value, &json);
    json += '}';
  }
  return json + "]";
}

std::vector<domain::Parameter> DecodeParameters(const std::string& json) {
  std::vector<domain::Parameter> parameters;
  if (json.empty()) return parameters;
  for (const Json& item : Parse(json)) parameters.push_back({TextAt(item, "key"), TextAt(item, "value")});
  return parameters;
}

std::string EncodeFiles(const std::vector<domain::SourceFile>& files) {
  Json json = Json::array();
  for (const auto& file : files)
    json.push_back({{"path", file.path}, {"text", file.text}, {"folder", file.folder}});
  return Dump(json);
}

std::vector<domain::SourceFile> DecodeFiles(const std::string& json) {
  std::vector<domain::SourceFile> files;
  for (const Json& item : Parse(json)) {
    files.push_back({TextAt(item, "path"), TextAt(item, "text"), TextAt(item, "folder")});
  }
  return files;
}

std::string EncodeTexts(const std::vector<std::string>& texts) { return Dump(Json(texts)); }

std::vector<std::string> DecodeTexts(const std::string& json) {
  std::vector<std::string> texts;
  for (const Json& item : Parse(json)) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::string EncodeTextMap(const std::map<std::string, std::string>& texts) {
  Json json = Json::object();
  for (const auto& [key, value] : texts) json[key] = value;
  return Dump(json);
}

std::map<std::string, std::string> DecodeTextMap(const std::string& json) {
  std::map<std::string, std::string> texts;
  const Json parsed = Parse(json);
  if (!parsed.is_object()) return texts;
  for (const auto& [key, value] : parsed.items()) texts[key] = TextAt(parsed, key.c_str());
  return texts;
}

std::string EncodeInts(const std::vector<int64_t>& numbers) {
  std::string json = "[";
  for (const int64_t number : numbers) json += (json.size() > 1 ? "," : "") + std::to_string(number);
  return json + "]";
}

std::vector<int64_t> DecodeInts(const std::string& json) {
  std::vector<int64_t> numbers;
  for (const Json& item : Parse(json)) {
    if (item.is_number_integer()) numbers.push_back(item.get<int64_t>());
  }
  return numbers;
}

std::string EncodeSlots(const std::vector<domain::Slot>& slots) {
  Json json = Json::array();
  for (const domain::Slot& slot : slots) {
    json.push_back({{"index", slot.index},
                    {"kind", slot.kind == domain::SlotKind::kGpu ? "gpu" : "cpu"},
                    {"threads", slot.threads},
                    {"memory_bytes", slot.memory_bytes},
                    {"device_uuid", slot.device_uuid},
                    {"model", slot.model}});
  }
  return Dump(json);
}

std::vector<domain::Slot> DecodeSlots(const std::string& json) {
  std::vector<domain::Slot> slots;
  for (const Json& item : Parse(json)) {
    slots.push_back({.index = static_cast<int32_t>(IntAt(item, "index")),
                     .kind = TextAt(item, "kind") == "gpu" ? domain::SlotKind::kGpu : domain::SlotKind::kCpu,
                     .threads = static_cast<int32_t>(IntAt(item, "threads")),
                     .memory_bytes = IntAt(item, "memory_bytes"),
                     .device_uuid = TextAt(item, "device_uuid"),
                     .model = TextAt(item, "model")});
  }
  return slots;
}

// Only what differs from the defaults; keys in the order of their names.
std::string EncodeResources(const domain::Resources& resources) {
  const domain::Resources plain;
  Json json = Json::object();
  if (resources.slots != plain.slots) json["slots"] = resources.slots;
  if (resources.kind) json["device"] = *resources.kind == domain::SlotKind::kGpu ? "gpu" : "cpu";
  if (resources.share != plain.share) json["share"] = resources.share;
  if (resources.memory_bytes != 0) json["memory_bytes"] = resources.memory_bytes;
  if (resources.memory_is_predicted) json["memory_is_predicted"] = true;
  if (resources.host_memory_bytes != 0) json["host_memory_bytes"] = resources.host_memory_bytes;
  if (!resources.labels.empty()) json["labels"] = resources.labels;
  return Dump(json);
}

domain::Resources DecodeResources(const std::string& json) {
  const Json parsed = Parse(json);
  domain::Resources resources;
  if (!parsed.is_object()) return resources;
  if (parsed.contains("slots")) resources.slots = static_cast<int32_t>(IntAt(parsed, "slots"));
  if (parsed.contains("device"))
    resources.kind = TextAt(parsed, "device") == "gpu" ? domain::SlotKind::kGpu : domain::SlotKind::kCpu;
  if (parsed.contains("share")) resources.share = static_cast<int32_t>(IntAt(parsed, "share"));
  resources.memory_bytes = IntAt(parsed, "memory_bytes");
  resources.memory_is_predicted = parsed.contains("memory_is_predicted");
  resources.host_memory_bytes = IntAt(parsed, "host_memory_bytes");
  if (parsed.contains("labels")) resources.labels = DecodeTexts(Dump(parsed["labels"]));
  return resources;
}

std::string EncodeKeep(const domain::KeepPolicy& keep) {
  Json json = Json::object();
  if (keep.best_jobs) json["best_jobs"] = *keep.best_jobs;
  if (keep.best) json["best"] = *keep.best;
  if (keep.last) json["last"] = *keep.last;
  return Dump(json);
}

domain::KeepPolicy DecodeKeep(const std::string& json) {
  if (json == "{}") return {};
  const Json parsed = Parse(json);
  const auto at = [&](const char* key) {
    const bool given = parsed.is_object() && parsed.contains(key) && parsed[key].is_number_integer();
    return given ? std::optional(parsed[key].get<int32_t>()) : std::nullopt;
  };
  return {at("best_jobs"), at("best"), at("last")};
}

std::string EncodeStages(const domain::Stages& stages) {
  Json json = Json::object();
  if (stages.all.empty()) return Dump(json);
  json["begun"] = stages.begun;
  if (!stages.problem.empty()) json["problem"] = stages.problem;
  for (const domain::Stage& stage : stages.all) {
    Json& added =
        json["stages"].emplace_back(Json{{"name", stage.name}, {"base", stage.base}, {"from", stage.from}});
    if (stage.round > 0) added["round"] = stage.round;
    if (!stage.points.empty()) added["points"] = stage.points;
  }
  return Dump(json);
}

namespace {

// By block, point and coordinate.
std::vector<std::vector<std::vector<double>>> DecodePoints(const Json& json) {
  std::vector<std::vector<std::vector<double>>> blocks;
  for (const Json& block : json) {
    auto& points = blocks.emplace_back();
    for (const Json& point : block) {
      auto& coordinates = points.emplace_back();
      for (const Json& one : point) coordinates.push_back(one.is_number() ? one.get<double>() : 0);
    }
  }
  return blocks;
}

}  // namespace

domain::Stages DecodeStages(const std::string& json) {
  if (json == "{}") return {};
  const Json parsed = Parse(json);
  domain::Stages stages;
  if (!parsed.is_object() || !parsed.contains("stages") || !parsed["stages"].is_array()) return stages;
  stages.begun = parsed.value("begun", 0);
  stages.problem = parsed.value("problem", "");
  for (const Json& stage : parsed["stages"]) {
    domain::Stage& added = stages.all.emplace_back();
    if (!stage.is_object()) continue;
    added.name = stage.value("name", "");
    added.base = stage.value("base", "");
    added.round = stage.value("round", 0);
    for (const Json& job : stage.value("from", Json::array()))
      if (job.is_number_integer()) added.from.push_back(job.get<int32_t>());
    added.points = DecodePoints(stage.value("points", Json::array()));
  }
  return stages;
}

std::string EncodeEnd(const domain::ReportedEnd& end) {
  return Dump({{"outcome", OutcomeName(end.outcome)},
               {"reason", end.reason},
               {"retryable", end.retryable},
               {"cause", FailureCauseName(end.cause)},
               {"last_record", end.last_record},
               {"final", FiguresToJson(end.final)},
               {"numerics_json", end.numerics_json}});
}

domain::ReportedEnd DecodeEnd(const std::string& json) {
  const Json parsed = Parse(json);
  domain::ReportedEnd end;
  end.outcome = OutcomeFromName(TextAt(parsed, "outcome")).value_or(Outcome::kFailed);
  end.reason = TextAt(parsed, "reason");
  end.retryable = parsed.is_object() && parsed.value("retryable", false);
  end.cause = FailureCauseFromName(TextAt(parsed, "cause")).value_or(FailureCause::kUnknown);
  end.last_record = IntAt(parsed, "last_record");
  if (parsed.is_object() && parsed.contains("final")) end.final = FiguresFromJson(parsed["final"]);
  end.numerics_json = TextAt(parsed, "numerics_json");
  return end;
}

domain::RunGround DecodeGround(const std::string& numerics_json) {
  const Json parsed = Parse(numerics_json);
  domain::RunGround ground;
  ground.numerics_version = static_cast<int>(IntAt(parsed, "version"));
  ground.device_model = TextAt(parsed, "device_model");
  if (!parsed.is_object()) return ground;
  if (parsed.contains("resumed_from")) AddStampsBefore(parsed["resumed_from"], &ground);
  if (parsed.contains("files") && parsed["files"].is_object())
    for (const auto& [key, stamp] : parsed["files"].items())
      if (stamp.is_string()) ground.files[key] = stamp.get<std::string>();
  return ground;
}

}  // namespace optfleet::store
