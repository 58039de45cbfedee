// How optctl ends. Scripts rely on these numbers: a code never changes its meaning.
#pragma once

#include "common/result.h"

namespace optfleet::commands {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,  // any failure without a code of its own
  kExitUsage = 2,    // wrong arguments or an invalid file; nothing was sent
  kExitNotFound = 3,
  kExitPermission = 4,
  kExitUnreachable = 5,  // no coordinator answered in time
  kExitConflict = 6,     // the state does not allow it, or the name is taken with other content
  kExitJobsFailed = 10,  // --exit-status: the sweep ended and some of its jobs failed
  kExitInterrupted = 130,
};

inline int ExitCodeOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
      return kExitUsage;
    case Code::kNotFound:
      return kExitNotFound;
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
      return kExitPermission;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return kExitUnreachable;
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
    case Code::kAborted:
      return kExitConflict;
    case Code::kCancelled:
      return kExitInterrupted;
    default:
      return kExitFailure;
  }
}

}  // namespace optfleet::commands
