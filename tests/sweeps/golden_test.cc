// Each tests/sweeps/golden/*.case is a command and what it expands to:
//   ==> file NAME      lines of a file follow       ==> set KEY=VALUE   an override
//   ==> env NAME=VALUE a variable                   ==> expected        the expansion or the diagnostics
//   follow
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/common/golden.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kMark = "==> ";

struct Case {
  std::string head;  // everything up to the expectation
  SweepInput input;
};

void ReadDirective(const std::string& directive, Case* read, std::string** sink) {
  const size_t blank = directive.find(' ');
  const std::string kind = directive.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : directive.substr(blank + 1);
  *sink = nullptr;
  if (kind == "file") {
    read->input.files.push_back({rest, "", "/sweeps"});
    *sink = &read->input.files.back().text;
  } else if (kind == "set") {
    read->input.overrides.push_back(rest);
  } else if (kind == "env") {
    read->input.environment[rest.substr(0, rest.find('='))] = rest.substr(rest.find('=') + 1);
  } else {
    ADD_FAILURE() << "unknown directive " << directive;
  }
}

Case ReadCase(const std::string& text) {
  Case read;
  read.input.working_folder = "/here";
  std::istringstream lines(text);
  std::string line;
  std::string* sink = nullptr;
  while (std::getline(lines, line)) {
    read.head += line + "\n";
    if (line == std::string(kMark) + "expected") return read;
    if (line.starts_with(kMark))
      ReadDirective(line.substr(kMark.size()), &read, &sink);
    else if (sink != nullptr)
      *sink += line + "\n";
  }
  ADD_FAILURE() << "a case has no line '==> expected'";
  return read;
}

TEST(Golden, EveryCaseExpandsAsWritten) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(OPTFLEET_SOURCE_DIR "/tests/sweeps/golden"))
    paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  ASSERT_GE(paths.size(), 5U);
  for (const std::string& path : paths) {
    const Case read = ReadCase(testing::ReadFileOrFail(path));
    testing::ExpectFileHolds(path, read.head + testing::Render(ExpandSweep(read.input)));
  }
}

TEST(Golden, TheShippedQuickstartIsThirtyFourJobs) {
  SweepInput input;
  input.files.push_back({"sweeps/quickstart.yaml",
                         testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/sweeps/quickstart.yaml"),
                         "/repository/sweeps"});
  const auto result = ExpandSweep(input);
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs.size(), 34U);
  EXPECT_EQ(result.expansion->axes,
            (std::vector<std::string>{"model.width", "optimizer.name", "optimizer.learning_rate",
                                      "training.batch_size"}));
  for (const Job& job : result.expansion->jobs) {
    EXPECT_EQ(job.spec.budget.tokens, result.expansion->jobs.front().spec.budget.tokens);
    EXPECT_EQ(job.spec.data.path, "/repository/.deps/data/shakespeare.txt");
  }
}

}  // namespace
}  // namespace optfleet::sweeps
