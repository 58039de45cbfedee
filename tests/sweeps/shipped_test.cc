// The sweeps that are shipped expand; those of seed 4 are the study's own, point by point.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "spec/canonical.h"
#include "sweeps/dialects/translate.h"
#include "sweeps/expand.h"
#include "tests/common/golden.h"
#include "tests/sweeps/shipped.h"

namespace optfleet::sweeps {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kSweeps = OPTFLEET_SOURCE_DIR "/sweeps/";
const std::string kStudy = OPTFLEET_SOURCE_DIR "/tests/sweeps/dialects/olmo/";

SweepInput Files(const std::string& folder, const std::vector<std::string>& names,
                 const std::string& override) {
  SweepInput input;
  for (const std::string& name : names)
    input.files.push_back({name, testing::ReadFileOrFail(folder + name + ".yaml"), folder});
  if (!override.empty()) input.overrides = {override};
  input.working_folder = "/work";
  return input;
}

// Specs, without the hashes of copies: equal points count once.
std::set<std::string> SpecsOf(const ExpandResult& result, const std::string& what) {
  std::set<std::string> hashes;
  EXPECT_TRUE(result.expansion) << what << "\n" << result.diagnostics.Render();
  if (result.expansion)
    for (const Job& job : result.expansion->jobs) hashes.insert(spec::Hash(job.spec));
  return hashes;
}

TEST(Shipped, EverySweepExpands) {
  const auto all = testing::ShippedSweeps(OPTFLEET_SOURCE_DIR);
  for (const SweepInput& input : all)
    EXPECT_THAT(SpecsOf(ExpandSweep(input), input.files.back().path), Not(IsEmpty()));
  EXPECT_GE(all.size(), 55U);
}

struct Question {
  std::vector<std::string> files;  // ours
  std::string study;               // theirs
  size_t jobs;                     // distinct ones
};

const std::vector<Question> kQuestions = {
    {{"lr"}, "lr", 54},
    {{"lr", "no_qkz"}, "lr_no_qkz", 54},
    {{"momentum"}, "momentum", 42},
    {{"momentum", "no_qkz"}, "momentum_no_qkz", 42},
    {{"beta"}, "beta", 22},
    {{"eps"}, "eps", 17},
    {{"wd"}, "wd", 42},
    {{"warmup"}, "warmup", 42},
    {{"bs"}, "bs", 24},
    {{"adalayer_sgd"}, "adalayer+sgd", 10},
    {{"adafactor_sgd"}, "adafactor+sgd", 10},
    {{"adalayer_freeze"}, "adalayer_freeze", 9},
};

TEST(Shipped, SeedFourIsTheStudy) {
  for (const std::string model : {"150m", "150m-long", "300m", "600m", "1.2b"})
    for (const Question& question : kQuestions) {
      std::vector<std::string> names = {"base", model};
      names.insert(names.end(), question.files.begin(), question.files.end());
      const auto ours = SpecsOf(ExpandSweep(Files(kSweeps + "seeds/4/", names, "data.path=/data/c4.npy")),
                                model + " " + question.study);
      const Translation theirs = TranslateOlmo(Files(
          kStudy, {"base", "models/" + model, "sweeps/" + question.study}, "data.paths=[/data/c4.npy]"));
      ASSERT_THAT(theirs.diagnostics.Render(), IsEmpty());
      EXPECT_THAT(ours, SizeIs(question.jobs)) << model << " " << question.study;
      // Its own steps are those of the 150m model, in ours, too.
      EXPECT_EQ(ours, SpecsOf(ExpandSweep(theirs.input), question.study)) << model << " " << question.study;
    }
}

}  // namespace
}  // namespace optfleet::sweeps
