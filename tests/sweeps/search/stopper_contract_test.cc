// What holds for everything that ends or pauses jobs by their values: halving and each stopping rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>

#include "sweeps/search/halving.h"
#include "sweeps/search/rules.h"

namespace optfleet::sweeps {
namespace {

// One of them, told by reports. An answer is text: a reason, or the jobs that may go on.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string Feed(const Report& report) = 0;
  // A new one that was told what this one had saved.
  virtual std::unique_ptr<Subject> Restored(std::mt19937* random) const = 0;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<StoppingRule>()> make;  // none: halving
};

class RuleSubject final : public Subject {
 public:
  explicit RuleSubject(const Kind& kind) : kind_(kind), rule_(kind.make()) {}

  std::string Feed(const Report& report) override {
    reports_.push_back(report);
    return rule_->Add(report).value_or("");
  }

  std::unique_ptr<Subject> Restored(std::mt19937* random) const override {
    auto restored = std::make_unique<RuleSubject>(kind_);
    // Job after job, the jobs in any order; some reports twice.
    std::vector<Report> saved = reports_;
    const auto salt = static_cast<int32_t>((*random)() % 64);
    std::stable_sort(saved.begin(), saved.end(),
                     [salt](const Report& a, const Report& b) { return (a.job ^ salt) < (b.job ^ salt); });
    for (const Report& report : saved) {
      restored->Feed(report);
      if ((*random)() % 4 == 0) restored->Feed(report);
    }
    return restored;
  }

 private:
  Kind kind_;
  std::unique_ptr<StoppingRule> rule_;
  std::vector<Report> reports_;
};

class HalvingSubject final : public Subject {
 public:
  // The step is ten times the rung and one more.
  std::string Feed(const Report& report) override {
    const auto rung = static_cast<int32_t>(report.step / 10 - 1);
    halving_.Reach(report.job, rung, report.value);
    const bool is_known = std::any_of(saved_.begin(), saved_.end(), [&](const RungResult& result) {
      return result.job == report.job && result.rung == rung;
    });
    if (!is_known) saved_.push_back({report.job, rung, report.value, false});
    std::string answer;
    for (const int32_t job : halving_.Promote()) {
      answer += std::to_string(job) + " ";
      for (RungResult& result : saved_)
        if (result.job == job) result.promoted = halving_.StandingOf(job, result.rung)->promoted;
    }
    return answer;
  }

  std::unique_ptr<Subject> Restored(std::mt19937* random) const override {
    auto restored = std::make_unique<HalvingSubject>();
    restored->saved_ = saved_;
    std::vector<RungResult> saved = saved_;
    std::shuffle(saved.begin(), saved.end(), *random);
    for (const RungResult& result : saved) restored->halving_.Restore(result);
    return restored;
  }

 private:
  Halving halving_{3};
  std::vector<RungResult> saved_;
};

std::unique_ptr<Subject> Make(const Kind& kind) {
  if (!kind.make) return std::make_unique<HalvingSubject>();
  return std::make_unique<RuleSubject>(kind);
}

class StopperContract : public ::testing::TestWithParam<Kind> {
 protected:
  // Forty jobs with curves of their own that come as they come; now and then a value that is not finite.
  static std::vector<Report> Reports(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<Report> reports;
    std::vector<int64_t> steps(40);
    for (int i = 0; i < 300; ++i) {
      const size_t job = random() % steps.size();
      const int64_t step = steps[job] += 10;
      const double noise = random() % 100 / 50.0;
      const double value = random() % 40 == 0 ? std::numeric_limits<double>::quiet_NaN()
                                              : 3 + static_cast<double>(job % 7) / 3 + noise -
                                                    static_cast<double>(std::min<int64_t>(step, 60)) / 40;
      reports.push_back({static_cast<int32_t>(job), step, value});
    }
    return reports;
  }
};

TEST_P(StopperContract, TheSameReportsHaveTheSameAnswers) {
  const auto one = Make(GetParam());
  const auto other = Make(GetParam());
  int spoken = 0;
  for (const Report& report : Reports(1)) {
    const std::string answer = one->Feed(report);
    EXPECT_EQ(answer, other->Feed(report));
    spoken += answer.empty() ? 0 : 1;
  }
  EXPECT_GT(spoken, 5) << "else this suite says nothing";
}

TEST_P(StopperContract, WhatIsSaidAgainChangesNothing) {
  const auto once = Make(GetParam());
  const auto often = Make(GetParam());
  std::vector<Report> old;
  std::mt19937 random(5);
  for (const Report& report : Reports(2)) {
    EXPECT_EQ(once->Feed(report), often->Feed(report));
    old.push_back(report);
    // After a restart from a checkpoint steps come again, perhaps with other values.
    Report again = old[random() % old.size()];
    if (random() % 2 == 0) again.value *= 2;
    EXPECT_EQ(often->Feed(again), "") << "job " << again.job << " step " << again.step;
  }
}

TEST_P(StopperContract, WhatIsRestoredGoesOnAsIfNothingHadHappened) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    std::unique_ptr<Subject> restarted = Make(GetParam());
    const auto steady = Make(GetParam());
    for (const Report& report : Reports(seed)) {
      ASSERT_EQ(steady->Feed(report), restarted->Feed(report)) << "seed " << seed;
      if (random() % 50 == 0) restarted = restarted->Restored(&random);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, StopperContract,
    ::testing::Values(
        Kind{"Halving", nullptr},
        Kind{"Median", [] { return std::make_unique<MedianRule>(MedianPlan{.after = 20}); }},
        Kind{"Plateau", [] { return std::make_unique<PlateauRule>(PlateauPlan{.patience = 30}); }},
        Kind{"Divergence",
             [] { return std::make_unique<DivergenceRule>(DivergencePlan{.factor = 1.5, .limit = 6}); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace optfleet::sweeps
