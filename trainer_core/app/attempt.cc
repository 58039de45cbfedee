#include "trainer_core/app/attempt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <thread>

#include "common/log.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "spec/json.h"
#include "spec/resolve.h"
#include "trainer_core/control/control_server.h"
#include "trainer_core/loop/device.h"
#include "trainer_core/loop/session.h"

namespace optfleet::trainer {
namespace {

Status HoldLock(const AttemptOptions& options) {
  if (options.lock_descriptor < 0) {
    auto lock = rundir::TakeLock(options.folder + "/" + rundir::kTrainerLock);
    if (!lock.has_value()) return Fail(lock.error());
    return {};  // held until the process ends
  }
  if (fcntl(options.lock_descriptor, F_SETFD, FD_CLOEXEC) != 0) return Fail(ErrnoError(errno, "--lock-fd"));
  return {};
}

Result<spec::TrainingSpec> SpecOf(const rundir::JobDocument& job) {
  auto spec = spec::FromJson(job.spec);
  if (!spec.has_value()) return Fail(spec.error().In("job.json: spec"));
  const auto problems = spec::Resolve(&*spec);
  if (!problems.empty())
    return Fail(Error(Code::kInvalidArgument, problems.front().message).In("job.json: spec"));
  return spec;
}

// The result is the only account of the run: a full disk is waited out.
Status WriteResult(const std::string& folder, const rundir::ResultDocument& result) {
  const std::string text = rundir::ToJson(result).dump(1) + "\n";
  while (true) {
    Status written = rundir::WriteFileAtomically(folder, rundir::kResultFile, text);
    if (written.has_value() || written.error().code() != Code::kResourceExhausted) return written;
    Log(Level::kWarn, "result.disk_full",
        {{"error", written.error().message()}, {"next", "again in a second"}});
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

Status Train(const AttemptOptions& options) {
  OPTFLEET_RETURN_IF_ERROR(HoldLock(options));
  auto job = rundir::ReadJob(options.folder);
  if (!job.has_value()) return Fail(job.error());
  auto spec = SpecOf(*job);
  if (!spec.has_value()) return Fail(spec.error());
  Control control;
  auto server = ControlServer::Start(options.folder, &control);
  if (!server.has_value()) return Fail(server.error());
  if (!job->more_slots.empty()) {
    return Fail(Code::kFailedPrecondition, "resources.slots is " + std::to_string(job->SlotIndexes().size()) +
                                               ", and this trainer trains on one slot; set it to 1");
  }
  auto memory = PrepareDevice(job->slot);
  if (!memory.has_value()) return Fail(memory.error());
  const SessionOptions session{options.folder,        *spec,           job->slot,        job->resume,
                               job->deadline_unix_ms, job->pause_step, options.on_record};
  auto result = RunSession(session, **memory, &control);
  if (!result.has_value()) return Fail(result.error());
  Log(Level::kInfo, "training.ended",
      {{"outcome", OutcomeName(result->outcome)}, {"step", result->last_step}, {"reason", result->reason}});
  return WriteResult(options.folder, *result);
}

}  // namespace

// Errors of CUDA and NCCL, but for a failed assertion of a kernel: that is a mistake of the run (an index out
// of range).
bool IsDeviceFault(const Error& error) {
  const std::string& text = error.message();
  const bool of_device =
      text.find("CUDA error") != std::string::npos || text.find("NCCL error") != std::string::npos;
  return of_device && text.find("device-side assert") == std::string::npos;
}

int ExitCodeOf(const Error& error) {
  switch (error.code()) {
    case Code::kInvalidArgument:
    case Code::kFailedPrecondition:
    case Code::kUnimplemented:
      return 2;
    default:
      return 1;
  }
}

int RunAttempt(const AttemptOptions& options) {
  // Asked first and alone: the version decides whether anything else in the folder means what it says.
  const auto job = rundir::ReadJob(options.folder);
  if (!job.has_value() && job.error().code() == Code::kFailedPrecondition) {
    fprintf(stderr, "opt-trainer: %s\n", job.error().message().c_str());
    return rundir::kExitUnknownVersion;
  }
  const Status trained = Train(options);
  if (trained.has_value()) return 0;
  fprintf(stderr, "opt-trainer: %s\n", trained.error().message().c_str());
  return IsDeviceFault(trained.error()) ? rundir::kExitDeviceFault : ExitCodeOf(trained.error());
}

}  // namespace optfleet::trainer
