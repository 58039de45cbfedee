// `optctl plan --index`: a job as a file of its own is that job.
#include <gtest/gtest.h>

#include "optctl/commands/plan_view.h"
#include "tests/sweeps/shipped.h"

namespace optfleet::commands {
namespace {

sweeps::ExpandResult Expanded(std::string text, std::string folder) {
  sweeps::SweepFile file;
  file.path = "sweep.yaml";
  file.text = std::move(text);
  file.folder = std::move(folder);
  sweeps::SweepInput input;
  input.files.push_back(std::move(file));
  return sweeps::ExpandSweep(input);
}

std::string HashOfFile(const std::string& text) {
  const auto result = Expanded(text, {});
  EXPECT_TRUE(result.expansion) << text << result.diagnostics.Render();
  return result.expansion && result.expansion->jobs.size() == 1 ? result.expansion->jobs[0].hash : "";
}

TEST(JobFile, OfEveryJobOfTheShippedSweepsIsThatJob) {
  int jobs = 0;
  for (const sweeps::SweepInput& input : testing::ShippedSweeps(OPTFLEET_SOURCE_DIR)) {
    const std::string& name = input.files.back().path;
    const auto result = sweeps::ExpandSweep(input);
    ASSERT_TRUE(result.expansion) << name << result.diagnostics.Render();
    for (const sweeps::Job& job : result.expansion->jobs) {
      EXPECT_EQ(HashOfFile(JobFile(job)), job.hash) << name << " job " << job.number;
      ++jobs;
    }
  }
  EXPECT_GT(jobs, 50);
}

constexpr const char* kPreset =
    "model: {preset: tiny-llama, norm: layernorm}\ndata.path: \"/a \\\"b\\\": c\"\nbudget.steps: 3\n";

TEST(JobFile, WritesOutWhatAPresetStandsForAndQuotesTexts) {
  const auto result = Expanded(kPreset, {});
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  const sweeps::Job& job = result.expansion->jobs.at(0);
  EXPECT_EQ(JobFile(job).find("preset"), std::string::npos);
  EXPECT_EQ(HashOfFile(JobFile(job)), job.hash);
}

}  // namespace
}  // namespace optfleet::commands
