#include "common/rundir/process_identity.h"

#include <signal.h>

#include <cerrno>
#include <sstream>

namespace optfleet::rundir {

Result<uint64_t> StartTicks(int64_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const auto text = ReadWholeFile(path);
  // A process that ends while its file is read gives ESRCH.
  if (!text) return Fail(Code::kNotFound, "no process " + std::to_string(pid));
  // The name in field 2 may hold anything, blanks and parentheses, too; the last `)` ends it.
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return Fail(Code::kNotFound, path + " cannot be read");
  std::istringstream fields(text->substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  uint64_t ticks = 0;
  if (!(fields >> ticks)) return Fail(Code::kNotFound, path + " cannot be read");
  return ticks;
}

Result<std::string> BootId() {
  auto text = ReadWholeFile("/proc/sys/kernel/random/boot_id");
  if (text && !text->empty() && text->back() == '\n') text->pop_back();
  return text;
}

bool TrainerExists(const StartedDocument& started) {
  const auto boot = BootId();
  if (!boot || *boot != started.boot_id || started.trainer_pid <= 1) return false;
  const auto ticks = StartTicks(started.trainer_pid);
  return ticks && *ticks == started.trainer_start_ticks;
}

Status SignalTrainer(const StartedDocument& started, int signal) {
  if (!TrainerExists(started)) return Fail(Code::kNotFound, "that trainer is no more");
  if (::kill(static_cast<pid_t>(-started.trainer_pid), signal) != 0)
    return Fail(ErrnoError(errno, "signal to process group " + std::to_string(started.trainer_pid)));
  return {};
}

}  // namespace optfleet::rundir
