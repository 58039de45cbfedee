#include "worker/app/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "common/names.h"
#include "common/text.h"
#include "common/version.h"

namespace optfleet::worker {
namespace {

constexpr const char* kExamples =
    "Gives the devices of this machine to a coordinator.\n\n"
    "  opt-worker --coordinator head:7070\n"
    "  opt-worker --coordinator head:7070 --slots 4 --threads 2 --memory 8GiB\n";

// The folder of this program: the others lie beside it.
std::string Beside(const char* name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / name).string();
}

std::string DefaultRoot() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
    return std::string(state) + "/optfleet/worker";
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "/var/lib") + "/.local/state/optfleet/worker";
}

struct Texts {
  std::string trainer, trainer_arguments, memory, host_memory, level = "info";
  int slots = 0;
  double grace_seconds = 30;
  std::string on_exit = "leave", on_partition = "keep";
};

void Declare(CLI::App* app, CommandLine* line, Texts* texts) {
  auto* address = app->add_option("--coordinator", line->coordinator.address, "HOST:PORT of the coordinator");
  app->add_option("--coordinator-file", line->coordinator.file,
                  "file in which the coordinator writes its address")
      ->excludes(address);
  app->add_option("--id", line->id, "id of this worker (default: the host's name); kept in the root");
  app->add_option("--root", line->root, "folder of the run directories")->capture_default_str();
  app->add_option("--trainer", texts->trainer,
                  "program that trains (default: opt-trainer beside this program)");
  app->add_option("--trainer-args", texts->trainer_arguments,
                  "its arguments before `attempt FOLDER`, parted by blanks");
  app->add_option("--shim", line->shim, "opt-shim (default: beside this program)");
  app->add_option("--slots", texts->slots, "number of CPU slots (default: one per core; none beside GPUs)")
      ->check(CLI::Range(0, 4096));
  app->add_option("--threads", line->slots.threads, "threads of a slot")->check(CLI::Range(1, 1024));
  app->add_option("--memory", texts->memory,
                  "memory of a CPU slot, as 4GiB (default: a share of 80 % of the machine's)");
  app->add_option("--label", line->labels, "NAME=VALUE that sweeps may ask for, as zone=a; may be repeated");
  app->add_option("--host-memory", texts->host_memory,
                  "memory of the machine for all attempts, as 64GiB (default: all of it)");
  app->add_option("--nvml", line->slots.nvml, "NVIDIA's management library")->capture_default_str();
  app->add_option("--on-exit", texts->on_exit,
                  "what SIGTERM means for trainers: leave them running, or stop them")
      ->check(CLI::IsMember({"leave", "stop"}))
      ->capture_default_str();
  app->add_option("--on-partition", texts->on_partition,
                  "without contact for a lease: keep training, or stop")
      ->check(CLI::IsMember({"keep", "stop"}))
      ->capture_default_str();
  app->add_option("--grace", texts->grace_seconds, "seconds from asking a trainer to stop to SIGKILL")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  app->add_option("--metrics", line->metrics, "HOST:PORT for Prometheus (port 0: any)");
  app->add_option("--log-file", line->log.path, "log file, rotated (default: standard error)");
  app->add_option("--log-level", texts->level, "trace, debug, info, warn or error")->capture_default_str();
  app->add_flag("--log-json", line->log.json, "one JSON object per line");
  app->add_flag("--parent-death", line->parent_death, "take the death of the parent process as SIGTERM");
  app->set_version_flag("--version", std::string("opt-worker ") + kVersion);
}

Status Finish(const CLI::App& app, const Texts& texts, CommandLine* line) {
  if (line->coordinator.address.empty() && line->coordinator.file.empty())
    return Fail(Code::kInvalidArgument,
                "name the coordinator with --coordinator HOST:PORT or --coordinator-file FILE");
  if (!line->id.empty() && !IsValidId(line->id))
    return Fail(Code::kInvalidArgument,
                "--id `" + line->id + "` is not an id; `" + MakeId(line->id) + "` would be one");
  if (app.count("--slots") > 0) line->slots.cpu_slots = texts.slots;
  if (!texts.memory.empty()) {
    const auto bytes = ParseBytes(texts.memory);
    if (!bytes) return Fail(bytes.error().In("--memory"));
    line->slots.memory_bytes = *bytes;
  }
  if (!texts.host_memory.empty()) {
    const auto bytes = ParseBytes(texts.host_memory);
    if (!bytes) return Fail(bytes.error().In("--host-memory"));
    line->host_memory_bytes = *bytes;
  }
  for (const std::string& label : line->labels) {
    if (!IsLabel(label))
      return Fail(Code::kInvalidArgument, "--label `" + label + "` must read NAME=VALUE, as zone=a");
  }
  const auto level = LevelFromName(texts.level);
  if (!level) return Fail(level.error());
  line->log.level = *level;
  line->stop_on_exit = texts.on_exit == "stop";
  line->stop_on_partition = texts.on_partition == "stop";
  line->grace = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(texts.grace_seconds));
  line->trainer = {texts.trainer.empty() ? Beside("opt-trainer") : texts.trainer};
  std::istringstream arguments(texts.trainer_arguments);
  for (std::string argument; arguments >> argument;) line->trainer.push_back(argument);
  if (line->shim.empty()) line->shim = Beside("opt-shim");
  return {};
}

}  // namespace

tl::expected<CommandLine, Leaving> ParseCommandLine(int count, const char* const* arguments) {
  CommandLine line;
  line.root = DefaultRoot();
  Texts texts;
  CLI::App app(kExamples, "opt-worker");
  Declare(&app, &line, &texts);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    const int code = app.exit(error, text, text);
    return tl::make_unexpected(Leaving{code == 0 ? 0 : 2, text.str()});
  }
  if (const auto status = Finish(app, texts, &line); !status)
    return tl::make_unexpected(Leaving{2, status.error().message() + "\n"});
  return line;
}

Result<int64_t> ParseBytes(const std::string& text) {
  if (const auto bytes = ParseSize(text)) return *bytes;
  return Fail(Code::kInvalidArgument, "`" + text + "` is not a size; write it as 512MiB or 4GiB");
}

}  // namespace optfleet::worker
