#include "coordinator/store/encode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/json.h"

namespace optfleet::store {
namespace {

// Bytes that are not UTF-8 (a path, a log line) become replacement characters instead of an exception.
std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

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

Json Parse(const std::string& text) { return Json::parse(text, nullptr, false); }

Json FromNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

double ToNumber(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::string TextAt(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t IntAt(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
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
    for (const Json& job : stage.value("from", Json::array()))
      if (job.is_number_integer()) added.from.push_back(job.get<int32_t>());
    added.points = DecodePoints(stage.value("points", Json::array()));
  }
  return stages;
}

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

Json ObjectAt(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : Json();
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

}  // namespace

std::string EncodeSearch(const domain::SearchPolicy& search) {
  Json json = Json::object();
  if (search.halving)
    json["halving"] = {{"first_share", search.halving->first_share},
                       {"first_steps", search.halving->first_steps},
                       {"factor", search.halving->factor}};
  if (search.stop) json["stop"] = StopToJson(*search.stop);
  return Dump(json);
}

domain::SearchPolicy DecodeSearch(const std::string& json) {
  if (json == "{}") return {};
  const Json parsed = Parse(json);
  domain::SearchPolicy search;
  search.stop = StopFromJson(ObjectAt(parsed, "stop"));
  const Json halving = ObjectAt(parsed, "halving");
  if (halving.is_null()) return search;
  search.halving = sweeps::HalvingPlan{.first_share = halving.value("first_share", 0.0),
                                       .first_steps = halving.value("first_steps", int64_t{0}),
                                       .factor = halving.value("factor", 3)};
  return search;
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
