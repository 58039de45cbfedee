#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>

#include "common/log.h"
#include "common/names.h"
#include "common/version.h"
#include "worker/app/command_line.h"
#include "worker/app/daemon.h"
#include "worker/app/trainer_check.h"
#include "worker/devices/slots.h"
#include "worker/process/root.h"

namespace optfleet::worker {
namespace {

std::string HostName() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// The parent may have died before the wish was made.
void FollowParent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::raise(SIGTERM);
}

Result<int> Main(CommandLine line) {
  OPTFLEET_RETURN_IF_ERROR(StartLog(line.log));
  OPTFLEET_RETURN_IF_ERROR(CheckProgram(line.trainer[0], "trainer", "--trainer"));
  OPTFLEET_RETURN_IF_ERROR(CheckProgram(line.shim, "opt-shim", "--shim"));
  auto root = Root::Open(line.root, line.id, MakeId(HostName()));
  if (!root) return Fail(root.error());
  auto slots = FindSlots(line.slots);
  if (!slots) return Fail(slots.error());
  if (!line.host_memory_bytes) {
    const auto machine = ReadMachine();
    if (!machine) return Fail(machine.error());
    line.host_memory_bytes = machine->memory_bytes;
  }
  const Identity identity{root->id(), root->session(), HostName()};
  Log(Level::kInfo, "worker.started",
      {{"worker", identity.worker_id},
       {"version", kVersion},
       {"root", root->path()},
       {"slots", slots->size()}});
  Daemon daemon(line, std::move(*root), std::move(*slots), identity);
  OPTFLEET_RETURN_IF_ERROR(daemon.Listen());
  return daemon.Run();
}

}  // namespace
}  // namespace optfleet::worker

int main(int count, char** arguments) {
  const pid_t parent = ::getppid();
  const auto line = optfleet::worker::ParseCommandLine(count, arguments);
  if (!line) {
    std::fputs(line.error().text.c_str(), line.error().code == 0 ? stdout : stderr);
    return line.error().code;
  }
  if (line->parent_death) optfleet::worker::FollowParent(parent);
  const auto code = optfleet::worker::Main(*line);
  if (code) return *code;
  std::fprintf(stderr, "opt-worker: %s\n", code.error().message().c_str());
  return code.error().code() == optfleet::Code::kInvalidArgument ? 2 : 1;
}
