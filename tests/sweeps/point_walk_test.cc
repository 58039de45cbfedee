// A walk over a grid looks closely at one point of each class only (sweeps/point_classes.h). Here every point
// is resolved, hashed and spelled by itself, and the sweep must be the same.
#include "sweeps/point_walk.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "spec/resolve.h"
#include "sweeps/stage_blocks.h"
#include "tests/common/golden.h"
#include "tests/sweeps/case.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

// The first stage, point by point.
class Plain {
 public:
  Plain(const SweepInput& input, const Expansion& known)
      : diagnostics_(SourcesOf(input)),
        references_(input.environment),
        composition_(Composition::Of(input, &references_, &diagnostics_)),
        blocks_(composition_, known.objective, &diagnostics_) {
    for (const std::string& key : known.axes)
      if (key != "stage") axes_.push_back(spec::FindField(key));
    for (const spec::Field* axis : axes_) spellings_.emplace_back(*axis, blocks_.Of(0));
  }

  void Walk() {
    ForEachPoint(
        blocks_.Of(0), [&](const Grid& grid, size_t block) { return Add(grid, block); },
        [&](bool is_excluded) { excluded += is_excluded ? 1 : 0; });
  }

  std::vector<Job> jobs;
  std::vector<std::pair<int64_t, int32_t>> merged;
  int64_t excluded = 0;

 private:
  bool Add(const Grid& grid, size_t block) {
    ++point_;
    spec::TrainingSpec spec = grid.spec();
    EXPECT_TRUE(spec::Resolve(&spec).empty());
    const std::string hash = spec::Hash(spec);
    if (const auto equal = job_of_hash_.find(hash); equal != job_of_hash_.end()) {
      merged.emplace_back(point_, equal->second);
      return true;
    }
    Job job;
    job.number = static_cast<int32_t>(jobs.size()) + 1;
    job.block = static_cast<int32_t>(block) + 1;
    if (composition_.has_stages()) job.values.push_back(composition_.StageOf(0).name);
    for (size_t i = 0; i < axes_.size(); ++i) {
      const bool given = FindLeaf(blocks_.Of(0)[block].leaves, axes_[i]->key) != nullptr;
      job.values.push_back(spellings_[i].Of(axes_[i]->get(given ? grid.spec() : spec)));
    }
    job.spec = spec;
    job.hash = hash;
    job_of_hash_.emplace(hash, job.number);
    jobs.push_back(std::move(job));
    return true;
  }

  Diagnostics diagnostics_;
  References references_;
  Composition composition_;
  StageBlocks blocks_;
  std::vector<const spec::Field*> axes_;
  std::vector<Spelling> spellings_;
  std::map<std::string, int32_t> job_of_hash_;
  int64_t point_ = 0;
};

// Returns how many jobs were compared.
size_t ExpectAsPointByPoint(const SweepInput& input, const std::string& name) {
  const ExpandResult result = ExpandSweep(input);
  if (!result.expansion) return 0;
  const Expansion& expansion = *result.expansion;
  Plain plain(input, expansion);
  plain.Walk();
  EXPECT_EQ(expansion.jobs.size(), plain.jobs.size()) << name;
  for (size_t i = 0; i < std::min(expansion.jobs.size(), plain.jobs.size()); ++i) {
    const Job& job = expansion.jobs[i];
    const Job& same = plain.jobs[i];
    EXPECT_EQ(job.number, same.number) << name;
    EXPECT_EQ(job.block, same.block) << name;
    EXPECT_EQ(job.values, same.values) << name;
    EXPECT_EQ(job.hash, same.hash) << name << " job " << i + 1;
    EXPECT_TRUE(job.spec == same.spec) << name << " job " << i + 1;
  }
  std::vector<std::pair<int64_t, int32_t>> merged;
  for (const MergedPoint& one : expansion.merged_points) merged.emplace_back(one.point, one.job);
  EXPECT_EQ(merged, plain.merged) << name;
  EXPECT_EQ(expansion.excluded_points, plain.excluded) << name;
  return plain.jobs.size();
}

void ExpectJobs(size_t jobs, const std::string& text) {
  EXPECT_EQ(ExpectAsPointByPoint(testing::OneFile(testing::kEnough + text), text), jobs);
}

TEST(PointWalk, GoldenCasesAreAsPointByPoint) {
  size_t jobs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OPTFLEET_SOURCE_DIR "/tests/sweeps/golden")) {
    const auto read = testing::ReadSweepCase(testing::ReadFileOrFail(entry.path().string()));
    // With `equal_points: keep` hashes are others (EqualPointsThatAreKept).
    if (read.head.find("equal_points") == std::string::npos)
      jobs += ExpectAsPointByPoint(read.input, entry.path().string());
  }
  EXPECT_GT(jobs, 0U);
}

// Both what nothing depends on and what decides.
TEST(PointWalk, ValuesThatDecideInsideAndOutside) {
  ExpectJobs(
      2U * 3 * 2 * 2,
      "training.seed: [0, 1]\ntraining.batch_size: [8, 16, 32]\noptimizer.learning_rate: [1e-3, 2e-3]\n"
      "schedule.warmup: [0, 10%]\n");
}

TEST(PointWalk, ValuesThatAreReadByFewAreMergedElsewhere) {
  ExpectJobs(1 + 3 + 3, "optimizer.name: [sgd, adamw, lion]\noptimizer.beta2: [0.9, 0.95, 0.99]\n");
}

TEST(PointWalk, ZeroIsAnotherClass) {
  ExpectJobs(1 + 4, "optimizer.weight_decay: [0, 0.1, 0.2]\noptimizer.decay_on: [all, matrices]\n");
  ExpectJobs(4U, "optimizer.name: sgd\noptimizer.momentum: [0, 0.5]\ntraining.clip_norm: [0, 1]\n");
}

TEST(PointWalk, AGroupThatInherits) {
  ExpectJobs(4U,
             "optimizer.groups.norm.learning_rate: [inherit, 1e-3]\noptimizer.learning_rate: [1e-3, 2e-3]\n");
}

TEST(PointWalk, ValuesThatOthersAreComputedFrom) {
  const std::string text =
      "budget.steps: 100\ndata.path: data-${training.seed}.bin\n"
      "optimizer.learning_rate: [1e-3, 2e-3, 4e-3]\ntraining.seed: [1, 2]\n"
      "training.batch_size: ${round(8000 * optimizer.learning_rate)}\n";
  EXPECT_EQ(ExpectAsPointByPoint(testing::OneFile(text), text), 6U);
}

TEST(PointWalk, ValuesThatConditionsAndExclusionsLookAt) {
  ExpectJobs(3U,
             "optimizer.learning_rate: [1e-3, 2e-3]\n"
             "optimizer.beta2: {values: [0.9, 0.99], when: optimizer.learning_rate > 1e-3}\n");
  ExpectJobs(3U,
             "optimizer.learning_rate: [1e-3, 2e-3]\ntraining.seed: [1, 2]\n"
             "exclude:\n  - {optimizer.learning_rate: 2e-3, training.seed: 1}\n");
}

TEST(PointWalk, LinkedValuesOfBothKinds) {
  ExpectJobs(6U,
             "zip: {training.batch_size: [8, 16, 8], optimizer.learning_rate: [1e-3, 2e-3, 3e-3]}\n"
             "training.seed: [1, 2]\n");
}

TEST(PointWalk, BlocksPresetsAndSamples) {
  ExpectJobs(4 + 4 + 2,
             "training.seed: [1, 2]\nsweep:\n  - {model.preset: [tiny-gpt2, tiny-llama]}\n"
             "  - {optimizer.learning_rate: [1e-2, 2e-2]}\n  - {}\n");
  ExpectJobs(16U,
             "sample: {points: 8}\noptimizer.name: [adamw, lion]\n"
             "optimizer.learning_rate: {from: 1e-4, to: 1e-2, spacing: log}\n"
             "optimizer.weight_decay: {from: 0, to: 0.2}\n");
}

// More classes than are remembered, each met again for every seed.
TEST(PointWalk, MoreClassesThanAreRemembered) {
  std::string widths;
  for (int width = 4; width <= 4 * 40; width += 4)
    widths += (widths.empty() ? "" : ", ") + std::to_string(width);
  std::string batches;
  for (int batch = 1; batch <= 103; ++batch) batches += (batches.empty() ? "" : ", ") + std::to_string(batch);
  ExpectJobs(2U * 40 * 103, "training.seed: [1, 2]\nmodel.width: [" + widths + "]\ntraining.batch_size: [" +
                                batches + "]\n");
}

TEST(PointWalk, EqualPointsThatAreKept) {
  const auto result =
      testing::Expanded("equal_points: keep\noptimizer.name: [sgd, adamw]\noptimizer.beta2: [0.9, 0.95]\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  const auto& jobs = result.expansion->jobs;
  ASSERT_EQ(jobs.size(), 4U);
  EXPECT_TRUE(jobs[0].spec == jobs[1].spec);
  EXPECT_NE(jobs[0].hash, jobs[1].hash);
  EXPECT_EQ(jobs[0].hash, spec::Hash(jobs[0].spec));
  EXPECT_EQ(jobs[1].hash, Sha256Hex(jobs[0].hash + " 1"));
}

// The first point of a rule is named, and all are counted, though only one of a class is looked at closely.
TEST(PointWalk, MistakesAreCountedByPoints) {
  const std::string mistakes = testing::MistakesOf(
      "training.seed: [1, 2, 3]\ntraining.batch_size: [8, 12]\ntraining.micro_batch: 8\n"
      "optimizer.learning_rate: [1e-3, 2e-3]\n");
  EXPECT_NE(mistakes.find("6 of the 12 points"), std::string::npos) << mistakes;
  EXPECT_NE(mistakes.find("first: training.seed=1, training.batch_size=12, optimizer.learning_rate=1e-3"),
            std::string::npos)
      << mistakes;
}

TEST(PointNumbers, FindWhatWasAdded) {
  PointNumbers numbers;
  for (int32_t i = 1; i <= 10'000; ++i) {
    const auto added = numbers.Add(Sha256(std::to_string(i)));
    ASSERT_EQ(added.number, i);
    ASSERT_TRUE(added.is_new);
  }
  for (int32_t i = 1; i <= 10'000; ++i) {
    const auto found = numbers.Add(Sha256(std::to_string(i)));
    ASSERT_EQ(found.number, i);
    ASSERT_FALSE(found.is_new);
  }
  // What they begin with is the same in both: the hashes themselves decide.
  Sha256Digest hash = Sha256("1");
  hash.back() = static_cast<uint8_t>(hash.back() + 1);
  EXPECT_EQ(numbers.Add(hash).number, 10'001);
  EXPECT_EQ(numbers.size(), 10'001);
}

}  // namespace
}  // namespace optfleet::sweeps
