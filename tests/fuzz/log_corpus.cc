// Writes what the log fuzzer begins with: metrics logs as the writer makes them.
//
//   log_corpus SOURCE_FOLDER TARGET_FOLDER
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/rundir/metrics_log.h"
#include "tests/fuzz/corpus.h"

namespace optfleet::fuzz {
namespace {

namespace fs = std::filesystem;

std::string Log(int records, int keys) {
  std::string bytes = rundir::LogEncoder::Header();
  rundir::LogEncoder encoder;
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("key/" + std::to_string(i));
  for (int number = 1; number <= records; ++number) {
    std::vector<std::pair<std::string_view, double>> points;
    for (int i = 0; i < std::min(number, keys); ++i)
      points.emplace_back(names[static_cast<size_t>(i)], 1.0 / number);
    encoder.Append(number, 10 * number, TimeFromUnixMicros(number), points, &bytes);
  }
  return bytes;
}

void WriteLogs(const fs::path& folder) {
  for (const int records : {0, 1, 3, 12})
    for (const char how : {0, 1, 3, 7, 103}) {
      const std::string name = std::to_string(records) + "-" + std::to_string(how);
      Write(folder / name, how + Log(records, 5));
    }
}

}  // namespace
}  // namespace optfleet::fuzz

int main(int count, char** arguments) {
  if (count != 3) return std::fputs("log_corpus SOURCE_FOLDER TARGET_FOLDER\n", stderr), 2;
  using namespace optfleet::fuzz;
  const std::filesystem::path target(arguments[2]);
  WriteLogs(target / "log");
  Write(target / "log.dict", Words({"OPTFLOG\\x01", "\\x01\\x00\\x00\\x01\\x00", "key/0"}));
}
