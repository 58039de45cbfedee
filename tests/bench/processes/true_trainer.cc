// opt-true-trainer: an attempt that does nothing and succeeds, so that all that is left is what starting and
// ending it costs. What /bin/true is to programs.
//
//   opt-true-trainer attempt DIR [--lock-fd N]      writes result.json
//   opt-true-trainer version --json
//
// With $OPTFLEET_TRUE_JOURNAL it appends "start ATTEMPT.INCARNATION" and "end ..." to that file.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/version.h"

namespace {

using optfleet::Json;
namespace rundir = optfleet::rundir;

void Journal(const char* what, const rundir::JobDocument& job) {
  const char* path = std::getenv("OPTFLEET_TRUE_JOURNAL");
  const int file = path == nullptr ? -1 : ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  const std::string line =
      std::string(what) + " " + job.attempt + "." + std::to_string(job.fence.incarnation) + "\n";
  if (::write(file, line.data(), line.size()) < 0) std::perror(path);
  ::close(file);
}

int Attempt(const std::string& folder) {
  const auto job = rundir::ReadJob(folder);
  if (!job) return 1;
  Journal("start", *job);
  rundir::ResultDocument result;
  result.outcome = optfleet::Outcome::kSucceeded;
  const auto written =
      rundir::WriteFileAtomically(folder, rundir::kResultFile, rundir::ToJson(result).dump());
  Journal("end", *job);
  return written ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "version") {
      std::puts(Json{{"version", optfleet::kVersion}, {"run_directory", optfleet::kRunDirectoryVersion}}
                    .dump()
                    .c_str());
      return 0;
    }
    if (arguments[i] == "attempt" && i + 1 < arguments.size()) return Attempt(arguments[i + 1]);
  }
  std::fputs("use: opt-true-trainer attempt DIR [--lock-fd N]\n", stderr);
  return 2;
}
