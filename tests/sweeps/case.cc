#include "tests/sweeps/case.h"

#include <sstream>

namespace optfleet::testing {
namespace {

constexpr std::string_view kMark = "==> ";

// Returns where the lines that follow belong; null: nowhere.
std::string* ReadDirective(const std::string& directive, SweepCase* read) {
  const size_t blank = directive.find(' ');
  const std::string kind = directive.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : directive.substr(blank + 1);
  if (kind == "file") {
    read->input.files.push_back({rest, "", "/sweeps"});
    return &read->input.files.back().text;
  }
  if (kind == "set") {
    read->input.overrides.push_back(rest);
  } else if (kind == "env") {
    const size_t equals = rest.find('=');
    read->input.environment[rest.substr(0, equals)] =
        equals == std::string::npos ? "" : rest.substr(equals + 1);
  } else {
    read->unknown = directive;
  }
  return nullptr;
}

}  // namespace

SweepCase ReadSweepCase(std::string_view text) {
  SweepCase read;
  read.input.working_folder = "/here";
  std::istringstream lines{std::string(text)};
  std::string line;
  std::string* sink = nullptr;
  while (std::getline(lines, line)) {
    read.head += line + "\n";
    read.is_complete = line == std::string(kMark) + "expected";
    if (read.is_complete) return read;
    if (line.starts_with(kMark))
      sink = ReadDirective(line.substr(kMark.size()), &read);
    else if (sink != nullptr)
      *sink += line + "\n";
  }
  return read;
}

}  // namespace optfleet::testing
