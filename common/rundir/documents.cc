#include "common/rundir/documents.h"

#include <cmath>
#include <limits>

#include "common/checksum.h"
#include "common/rundir/layout.h"
#include "common/version.h"

namespace optfleet::rundir {
namespace {

// Takes typed members out of one JSON object and remembers the first thing that was wrong.
class Members {
 public:
  Members(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) Complain("is not an object");
  }

  std::string Text(const char* key) {
    const Json* value = Find(key, "a text", [](const Json& v) { return v.is_string(); });
    return value ? value->get<std::string>() : "";
  }
  int64_t Integer(const char* key) {
    const Json* value = Find(key, "a whole number", [](const Json& v) { return v.is_number_integer(); });
    return value ? value->get<int64_t>() : 0;
  }
  bool Boolean(const char* key) {
    const Json* value = Find(key, "true or false", [](const Json& v) { return v.is_boolean(); });
    return value && value->get<bool>();
  }
  double Number(const char* key) {
    const Json* value = Find(key, "a number", [](const Json& v) { return v.is_number(); });
    return value ? value->get<double>() : 0;
  }
  const Json* Object(const char* key) {
    return Find(key, "an object", [](const Json& v) { return v.is_object(); });
  }
  const Json* List(const char* key) {
    return Find(key, "a list", [](const Json& v) { return v.is_array(); });
  }
  bool Has(const char* key) const { return json_.is_object() && json_.contains(key); }

  void Complain(const std::string& what) {
    if (!problem_) problem_ = Error(Code::kDataLoss, where_ + " " + what);
  }
  // Adopts the problem of a nested object.
  void Adopt(const Members& inner) {
    if (!problem_) problem_ = inner.problem_;
  }
  const std::optional<Error>& problem() const { return problem_; }

 private:
  template <typename Fits>
  const Json* Find(const char* key, const char* expected, Fits fits) {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(key);
    if (found != json_.end() && fits(*found)) return &*found;
    Complain(std::string("needs `") + key + "`, " + expected);
    return nullptr;
  }

  const Json& json_;
  std::string where_;
  std::optional<Error> problem_;
};

Status CheckVersion(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find("version") : json.end();
  if (!json.is_object() || found == json.end() || !found->is_number_integer())
    return Fail(Code::kDataLoss, std::string(name) + " needs `version`, a whole number");
  if (*found != kRunDirectoryVersion)
    return Fail(Code::kFailedPrecondition,
                std::string(name) + " has version " + found->dump() + ", this program knows version " +
                    std::to_string(kRunDirectoryVersion) + ": use programs of one release");
  return {};
}

// Of a manifest without its own.
uint32_t SumOf(Json json) {
  json.erase("crc32c");
  return Crc32c(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json NumberToJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

std::optional<double> NumberFromJson(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

template <typename Document>
Result<Document> Finish(const Members& members, Document document) {
  if (members.problem()) return Fail(*members.problem());
  return document;
}

SlotGrant SlotFromJson(const Json& json, Members* outer) {
  Members members(json, "slot");
  SlotGrant slot;
  slot.kind = members.Text("kind");
  slot.index = static_cast<int32_t>(members.Integer("index"));
  slot.threads = static_cast<int32_t>(members.Integer("threads"));
  slot.memory_bytes = members.Integer("memory_bytes");
  slot.device_uuid = members.Has("device_uuid") ? members.Text("device_uuid") : "";
  if (members.Has("share")) slot.share = static_cast<int32_t>(members.Integer("share"));
  if (slot.kind != "cpu" && slot.kind != "gpu") members.Complain("needs `kind`, \"cpu\" or \"gpu\"");
  outer->Adopt(members);
  return slot;
}

Json SlotToJson(const SlotGrant& slot) {
  Json json{{"kind", slot.kind},
            {"index", slot.index},
            {"threads", slot.threads},
            {"memory_bytes", slot.memory_bytes},
            {"device_uuid", slot.device_uuid}};
  if (slot.share != SlotGrant().share) json["share"] = slot.share;
  return json;
}

ResumePoint ResumeFromJson(const Json& json, Members* outer) {
  Members members(json, "resume");
  ResumePoint resume;
  resume.parent = members.Text("parent");
  resume.checkpoint = members.Text("checkpoint");
  resume.step = members.Integer("step");
  resume.record = members.Integer("record");
  outer->Adopt(members);
  return resume;
}

// Parses the file `name` of `folder` with `from`; the path stands in front of every error.
template <typename Document>
Result<Document> ReadDocument(const std::string& folder, const char* name,
                              Result<Document> (*from)(const Json&)) {
  const std::string path = folder + "/" + name;
  const auto text = ReadWholeFile(path);
  if (!text) return Fail(text.error());
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail(Code::kDataLoss, path + " is not JSON");
  auto document = from(json);
  if (!document) return Fail(document.error().In(path));
  return document;
}

}  // namespace

std::vector<int32_t> JobDocument::SlotIndexes() const {
  std::vector<int32_t> indexes{slot.index};
  for (const SlotGrant& more : more_slots) indexes.push_back(more.index);
  return indexes;
}

Json ToJson(const JobDocument& document) {
  Json json{{"version", kRunDirectoryVersion},
            {"attempt", document.attempt},
            {"fence", {{"incarnation", document.fence.incarnation}, {"attempt", document.fence.attempt}}},
            {"spec", document.spec},
            {"slot", SlotToJson(document.slot)}};
  for (const SlotGrant& slot : document.more_slots) json["more_slots"].push_back(SlotToJson(slot));
  if (document.resume)
    json["resume"] = {{"parent", document.resume->parent},
                      {"checkpoint", document.resume->checkpoint},
                      {"step", document.resume->step},
                      {"record", document.resume->record}};
  json["deadline_unix_ms"] = document.deadline_unix_ms;
  if (document.pause_step > 0) json["pause_step"] = document.pause_step;
  if (!document.boot_id.empty()) json["boot_id"] = document.boot_id;
  return json;
}

Json ToJson(const StartedDocument& document) {
  return {{"version", kRunDirectoryVersion},
          {"shim_pid", document.shim_pid},
          {"trainer_pid", document.trainer_pid},
          {"trainer_start_ticks", document.trainer_start_ticks},
          {"boot_id", document.boot_id}};
}

Json ToJson(const ResultDocument& document) {
  Json final = Json::object();
  for (const auto& [key, value] : document.final) final[key] = NumberToJson(value);
  return {{"version", kRunDirectoryVersion}, {"outcome", OutcomeName(document.outcome)},
          {"reason", document.reason},       {"last_record", document.last_record},
          {"last_step", document.last_step}, {"final", final},
          {"numerics", document.numerics}};
}

Json ToJson(const ExitDocument& document) {
  return {{"version", kRunDirectoryVersion},
          {"code", document.code},
          {"signal", document.signal},
          {"core", document.core},
          {"user_seconds", document.user_seconds},
          {"system_seconds", document.system_seconds},
          {"peak_rss_bytes", document.peak_rss_bytes},
          {"wall_seconds", document.wall_seconds}};
}

Json ToJson(const ManifestDocument& document) {
  Json files = Json::array();
  for (const auto& file : document.files)
    files.push_back({{"name", file.name}, {"size", file.size}, {"crc32c", file.crc32c}});
  Json json{{"version", kRunDirectoryVersion},
            {"format", document.format},
            {"step", document.step},
            {"record", document.record},
            {"files", files}};
  if (document.val_loss) json["val_loss"] = *document.val_loss;
  json["crc32c"] = SumOf(json);
  return json;
}

Result<JobDocument> JobFromJson(const Json& json) {
  OPTFLEET_RETURN_IF_ERROR(CheckVersion(json, "a job"));
  Members members(json, "a job");
  JobDocument document;
  document.attempt = members.Text("attempt");
  if (const Json* fence = members.Object("fence")) {
    Members inner(*fence, "fence");
    document.fence = {inner.Integer("incarnation"), static_cast<int32_t>(inner.Integer("attempt"))};
    members.Adopt(inner);
  }
  if (const Json* spec = members.Object("spec")) document.spec = *spec;
  if (const Json* slot = members.Object("slot")) document.slot = SlotFromJson(*slot, &members);
  if (members.Has("more_slots"))
    if (const Json* slots = members.List("more_slots"))
      for (const Json& slot : *slots) document.more_slots.push_back(SlotFromJson(slot, &members));
  if (members.Has("resume"))
    if (const Json* resume = members.Object("resume")) document.resume = ResumeFromJson(*resume, &members);
  if (members.Has("deadline_unix_ms")) document.deadline_unix_ms = members.Integer("deadline_unix_ms");
  if (members.Has("pause_step")) document.pause_step = members.Integer("pause_step");
  if (members.Has("boot_id")) document.boot_id = members.Text("boot_id");
  return Finish(members, std::move(document));
}

Result<StartedDocument> StartedFromJson(const Json& json) {
  OPTFLEET_RETURN_IF_ERROR(CheckVersion(json, "a start"));
  Members members(json, "a start");
  StartedDocument document;
  document.shim_pid = members.Integer("shim_pid");
  document.trainer_pid = members.Integer("trainer_pid");
  document.trainer_start_ticks = static_cast<uint64_t>(members.Integer("trainer_start_ticks"));
  document.boot_id = members.Text("boot_id");
  return Finish(members, std::move(document));
}

Result<ResultDocument> ResultFromJson(const Json& json) {
  OPTFLEET_RETURN_IF_ERROR(CheckVersion(json, "a result"));
  Members members(json, "a result");
  ResultDocument document;
  const std::string outcome_name = members.Text("outcome");
  const auto outcome = OutcomeFromName(outcome_name);
  if (!outcome || *outcome == Outcome::kLost)
    members.Complain("has an unknown outcome `" + outcome_name + "`");
  document.outcome = outcome.value_or(Outcome::kFailed);
  document.reason = members.Text("reason");
  document.last_record = members.Integer("last_record");
  document.last_step = members.Integer("last_step");
  if (const Json* final = members.Object("final"))
    for (const auto& [key, value] : final->items()) {
      const auto number = NumberFromJson(value);
      if (!number) members.Complain("has a final figure `" + key + "` that is not a number");
      document.final[key] = number.value_or(0);
    }
  if (members.Has("numerics"))
    if (const Json* numerics = members.Object("numerics")) document.numerics = *numerics;
  return Finish(members, std::move(document));
}

Result<ExitDocument> ExitFromJson(const Json& json) {
  OPTFLEET_RETURN_IF_ERROR(CheckVersion(json, "an exit"));
  Members members(json, "an exit");
  ExitDocument document;
  document.code = static_cast<int>(members.Integer("code"));
  document.signal = static_cast<int>(members.Integer("signal"));
  document.core = members.Boolean("core");
  document.user_seconds = members.Number("user_seconds");
  document.system_seconds = members.Number("system_seconds");
  document.peak_rss_bytes = members.Integer("peak_rss_bytes");
  document.wall_seconds = members.Number("wall_seconds");
  return Finish(members, document);
}

Result<ManifestDocument> ManifestFromJson(const Json& json) {
  OPTFLEET_RETURN_IF_ERROR(CheckVersion(json, "a manifest"));
  Members members(json, "a manifest");
  ManifestDocument document;
  document.format = members.Text("format");
  document.step = members.Integer("step");
  document.record = members.Integer("record");
  if (const Json* files = members.List("files"))
    for (const Json& entry : *files) {
      Members inner(entry, "a file of the manifest");
      document.files.push_back(
          {inner.Text("name"), inner.Integer("size"), static_cast<uint32_t>(inner.Integer("crc32c"))});
      members.Adopt(inner);
    }
  if (members.Has("val_loss")) document.val_loss = members.Number("val_loss");
  // Absent in manifests that other trainers write.
  if (members.Has("crc32c") && members.Integer("crc32c") != SumOf(json))
    members.Complain("has a wrong checksum of itself");
  return Finish(members, std::move(document));
}

Result<JobDocument> ReadJob(const std::string& folder) {
  return ReadDocument(folder, kJobFile, &JobFromJson);
}
Result<StartedDocument> ReadStarted(const std::string& folder) {
  return ReadDocument(folder, kStartedFile, &StartedFromJson);
}
Result<ResultDocument> ReadResult(const std::string& folder) {
  return ReadDocument(folder, kResultFile, &ResultFromJson);
}
Result<ExitDocument> ReadExit(const std::string& folder) {
  return ReadDocument(folder, kExitFile, &ExitFromJson);
}
Result<ManifestDocument> ReadManifest(const std::string& folder) {
  return ReadDocument(folder, kManifestFile, &ManifestFromJson);
}

}  // namespace optfleet::rundir
