#include "worker/engine/conclusion.h"

#include <signal.h>
#include <string.h>

#include "common/rundir/layout.h"

namespace optfleet::worker {
namespace {

constexpr size_t kLongestQuote = 400;
constexpr int kExitBadSpec = 2;

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return "";
  const size_t before = text.find_last_of("\r\n", end);
  const std::string line = text.substr(before == std::string::npos ? 0 : before + 1, end - before);
  return line.size() <= kLongestQuote ? line : line.substr(0, kLongestQuote) + "...";
}

std::string SignalName(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation ? std::string("SIG") + abbreviation : "unknown";
}

std::string SignalReason(const rundir::ExitDocument& exit) {
  std::string reason =
      "killed by signal " + std::to_string(exit.signal) + " (" + SignalName(exit.signal) + ")";
  if (exit.signal == SIGKILL)
    reason += "; by a person, a process or the kernel when memory was short, which cannot be told apart";
  if (exit.core) reason += "; a core was written";
  return reason;
}

std::string CodeReason(int code, const std::string& output_tail) {
  std::string reason = "the trainer left with exit code " + std::to_string(code);
  if (code == rundir::kExitUnknownVersion)
    reason = "the trainer does not know this version of the run directory";
  if (code == rundir::kExitFolderUnusable) reason = "the run directory could not be used";
  if (code == rundir::kExitExecFailed) reason = "the trainer could not be started";
  if (code == rundir::kExitDeviceFault) reason = "the device failed";
  if (code == kExitBadSpec) reason = "the trainer refused the spec";
  const std::string line = LastLine(output_tail);
  return line.empty() ? reason : reason + ": " + line;
}

bool CodeIsFinal(int code) {
  return code == kExitBadSpec || code == rundir::kExitUnknownVersion || code == rundir::kExitFolderUnusable ||
         code == rundir::kExitExecFailed;
}

FailureCause CauseOf(int code) {
  if (code == kExitBadSpec) return FailureCause::kUserError;
  if (code == rundir::kExitDeviceFault) return FailureCause::kDeviceFault;
  return CodeIsFinal(code) ? FailureCause::kWorker : FailureCause::kCrashed;
}

// SIGSEGV and the like are the trainer's own; the rest came from outside.
FailureCause CauseOfSignal(int signal) {
  const bool own =
      signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
  return own ? FailureCause::kCrashed : FailureCause::kKilled;
}

Conclusion Failed(std::string reason, bool retryable, FailureCause cause) {
  return {DirectoryState::kEnded, Outcome::kFailed, std::move(reason), retryable, cause, false};
}

Conclusion ByResult(const DirectoryFacts& facts) {
  const auto& result = *facts.result;
  if (result.last_record > facts.last_record)
    return Failed("metrics.log is damaged: it holds " + std::to_string(facts.last_record) +
                      " whole records of " + std::to_string(result.last_record) +
                      (facts.log_damage.empty() ? "" : "; " + facts.log_damage),
                  true, FailureCause::kWorker);
  const bool failed = result.outcome == Outcome::kFailed;
  return {DirectoryState::kEnded,
          result.outcome,
          result.reason,
          failed,
          failed ? FailureCause::kCrashed : FailureCause::kUnknown,
          true};
}

Conclusion ByExit(const DirectoryFacts& facts) {
  const auto& exit = *facts.exit;
  if (exit.signal == 0 && exit.code == 0 && facts.result) return ByResult(facts);
  if (exit.signal != 0) return Failed(SignalReason(exit), true, CauseOfSignal(exit.signal));
  if (exit.code == 0)
    return Failed("the trainer left with exit code 0 but without result.json", true, FailureCause::kCrashed);
  return Failed(CodeReason(exit.code, facts.output_tail), !CodeIsFinal(exit.code), CauseOf(exit.code));
}

}  // namespace

Conclusion Conclude(const DirectoryFacts& facts) {
  if (facts.trainer_held) return {.state = DirectoryState::kRunning, .reason = ""};
  if (facts.exit) return ByExit(facts);
  if (facts.shim_held) return {.state = DirectoryState::kStarting, .reason = ""};
  if (facts.result) return ByResult(facts);
  // Of what ran before a power cut started.json may be gone, so that nothing is begun in such a folder.
  if (facts.other_boot)
    return Failed("the machine was started again before the attempt ended", true, FailureCause::kKilled);
  if (facts.started) return Failed("shim and trainer were both killed", true, FailureCause::kKilled);
  return {.state = DirectoryState::kPrepared, .reason = ""};
}

}  // namespace optfleet::worker
