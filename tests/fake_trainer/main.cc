// opt-fake-trainer [--behaviour FILE] attempt DIR [--lock-fd N]
// opt-fake-trainer version --json
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/rundir/layout.h"
#include "common/version.h"
#include "tests/fake_trainer/trainer.h"

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  std::string behaviour, folder;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (arguments[i] == "version") {
      std::puts(
          optfleet::Json{{"version", optfleet::kVersion}, {"run_directory", optfleet::kRunDirectoryVersion}}
              .dump()
              .c_str());
      return 0;
    }
    if (arguments[i] == "--behaviour") behaviour = next;
    if (arguments[i] == "attempt") folder = next;
    if (arguments[i] == "--lock-fd") ::fcntl(std::atoi(next.c_str()), F_SETFD, FD_CLOEXEC);
  }
  if (folder.empty()) {
    std::fputs("use: opt-fake-trainer [--behaviour FILE] attempt DIR [--lock-fd N]\n", stderr);
    return 2;
  }
  const auto code = optfleet::fake::RunAttempt(folder, behaviour);
  if (code) return *code;
  std::fprintf(stderr, "opt-fake-trainer: %s\n", code.error().message().c_str());
  return code.error().code() == optfleet::Code::kFailedPrecondition ? optfleet::rundir::kExitUnknownVersion
                                                                    : 1;
}
