// The JSON documents of a run directory as values: job, started, result, exit, checkpoint manifest. The page
// docs/run-directory.md is their contract. Writing is atomic (temporary name, fsync, rename, fsync of the
// folder); reading is strict about version and types and lenient about unknown keys. Pure but for the
// Read/Write functions; usable from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/fence.h"
#include "common/json.h"
#include "common/outcome.h"
#include "common/result.h"

namespace optfleet::rundir {

struct SlotGrant {
  std::string kind = "cpu";  // "cpu" or "gpu"
  int32_t index = 0;
  int32_t threads = 1;
  int64_t memory_bytes = 0;  // 0: no limit
  std::string device_uuid;
  int32_t share = 100;  // percent of the device, of which threads and memory_bytes are part
};

struct ResumePoint {
  std::string parent;      // resource name of the attempt
  std::string checkpoint;  // absolute path of the checkpoint's folder
  int64_t step = 0;
  int64_t record = 0;
};

struct JobDocument {
  std::string attempt;  // resource name
  Fence fence;
  Json spec;  // canonical spec; this library does not look into it
  SlotGrant slot;
  std::vector<SlotGrant> more_slots;  // of a gang; empty for a run on one slot
  std::optional<ResumePoint> resume;
  int64_t deadline_unix_ms = 0;  // 0: none
  int64_t pause_step = 0;        // to pause after, with a checkpoint; 0: nowhere
  std::string boot_id;           // of the machine when the folder was made; empty: not known

  std::vector<int32_t> SlotIndexes() const;  // of all
};

struct StartedDocument {
  int64_t shim_pid = 0;
  int64_t trainer_pid = 0;
  uint64_t trainer_start_ticks = 0;
  std::string boot_id;
};

struct ResultDocument {
  Outcome outcome = Outcome::kFailed;
  std::string reason;
  int64_t last_record = 0;
  int64_t last_step = 0;
  std::map<std::string, double> final;  // may hold NaN and infinities
  Json numerics = Json::object();
};

struct ExitDocument {
  int code = 0;
  int signal = 0;  // 0: exited with code
  bool core = false;
  double user_seconds = 0;
  double system_seconds = 0;
  double wall_seconds = 0;
  int64_t peak_rss_bytes = 0;
};

struct ManifestFile {
  std::string name;
  int64_t size = 0;
  uint32_t crc32c = 0;
};
struct ManifestDocument {
  std::string format;  // "optfleet-trainer-1"; readers of other formats refuse it
  int64_t step = 0;
  int64_t record = 0;
  std::vector<ManifestFile> files;
  std::optional<double> val_loss = {};  // of its step, if that was validated; finite
};

Json ToJson(const JobDocument& document);
Json ToJson(const StartedDocument& document);
Json ToJson(const ResultDocument& document);
Json ToJson(const ExitDocument& document);
Json ToJson(const ManifestDocument& document);
Result<JobDocument> JobFromJson(const Json& json);
Result<StartedDocument> StartedFromJson(const Json& json);
Result<ResultDocument> ResultFromJson(const Json& json);
Result<ExitDocument> ExitFromJson(const Json& json);
Result<ManifestDocument> ManifestFromJson(const Json& json);

// NOT_FOUND if the file is not there; DATA_LOSS if it cannot be parsed; FAILED_PRECONDITION for an unknown
// version. `folder` is the run directory or, for a manifest, the checkpoint's folder.
Result<JobDocument> ReadJob(const std::string& folder);
Result<StartedDocument> ReadStarted(const std::string& folder);
Result<ResultDocument> ReadResult(const std::string& folder);
Result<ExitDocument> ReadExit(const std::string& folder);
Result<ManifestDocument> ReadManifest(const std::string& folder);

// Writes text under `name` in `folder`: temporary name, fsync, rename, fsync of the folder. All or nothing
// also on a full disk.
Status WriteFileAtomically(const std::string& folder, const std::string& name, std::string_view text);
// The same without the syncs, for what is asked about in this boot only: whole for every process, also after
// -9, but a power cut may leave it torn, empty or absent.
Status WriteFileForThisBoot(const std::string& folder, const std::string& name, std::string_view text);
Result<std::string> ReadWholeFile(const std::string& path);

// The manifest of a checkpoint whose files all have their sizes and checksums; files that it does not name do
// not matter. DATA_LOSS with path and what is wrong.
Result<ManifestDocument> ReadGoodManifest(const std::string& checkpoint);

// The good checkpoints of a run directory, whose folders also have the names of their steps. Sorted by step,
// newest first; damaged ones are left out and named in `damaged` (path and what is wrong), which may be null.
struct Checkpoint {
  std::string path;  // absolute if `folder` is
  ManifestDocument manifest;
};
std::vector<Checkpoint> GoodCheckpoints(const std::string& folder, std::vector<std::string>* damaged);

// Steps of the checkpoints that are kept for good, also when the run directory goes. None without the file.
Result<std::vector<int64_t>> ReadKeptSteps(const std::string& folder);
Status WriteKeptSteps(const std::string& folder, const std::vector<int64_t>& steps);

}  // namespace optfleet::rundir
