// Rules that stop a job before its end, from its validations and those of others. They only say so, with a
// reason; what becomes of it is the caller's.
//
// Pure: each is a value of one thread. What a rule knows is what it was given; the order of reports of
// different jobs leaves no trace in it, so that after a restart all reports are given again, job after job. A
// report whose step is not above the last of its job changes nothing and is answered with nothing.
//
// Each is told once whether less or more is better; inside, less is (Objective::CostOf).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace optfleet::sweeps {

struct Report {
  int32_t job = 0;
  int64_t step = 0;  // or tokens: whatever grows, and means the same in every job of the sweep
  double value = 0;  // what is not finite is worst
};

class StoppingRule {
 public:
  virtual ~StoppingRule() = default;
  // Why the job should stop now, if it should: a part of a sentence, with the figures.
  virtual std::optional<std::string> Add(const Report& report) = 0;
};

// Median stopping (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2): a job stops at step s if its
// best value so far is worse than the median of the averages, over their values up to s, of the other jobs
// that got to s.
//
// A number is kept for each job at each step at which any job reported: 16 MB for 100,000 jobs of 20
// validations at common steps.
struct MedianPlan {
  int64_t after = 0;       // steps that every job may go
  int32_t least_jobs = 3;  // other jobs that got to s; with fewer nothing is said
  friend bool operator==(const MedianPlan&, const MedianPlan&) = default;
};

class MedianRule final : public StoppingRule {
 public:
  explicit MedianRule(const MedianPlan& plan, bool maximize = false) : plan_(plan), maximize_(maximize) {}
  std::optional<std::string> Add(const Report& report) override;

 private:
  struct Average {
    int64_t step = 0;
    double value = 0;  // of all reports up to there
  };
  struct Job {
    double sum = 0;
    double best = std::numeric_limits<double>::infinity();
    std::vector<Average> averages;  // ascending steps, one for each report
  };
  using Values = std::vector<double>;  // ascending

  static const Average* LastUpTo(const Job& job, int64_t step);  // null if there is none
  // Averages up to that step of the jobs that got there, of a step that is new now or was known.
  Values* ValuesAt(int64_t step);
  std::optional<std::string> Judge(const Job& job, int64_t step, const Values& others) const;

  MedianPlan plan_;
  bool maximize_;
  std::unordered_map<int32_t, Job> jobs_;
  std::map<int64_t, Values> values_;  // by every step at which any job reported
};

// A job stops when its best value has not become better by more than min_delta for that many steps.
struct PlateauPlan {
  int64_t patience = 0;
  double min_delta = 0;
  friend bool operator==(const PlateauPlan&, const PlateauPlan&) = default;
};

class PlateauRule final : public StoppingRule {
 public:
  explicit PlateauRule(const PlateauPlan& plan, bool maximize = false) : plan_(plan), maximize_(maximize) {}
  std::optional<std::string> Add(const Report& report) override;

 private:
  struct Job {
    double best = std::numeric_limits<double>::infinity();
    int64_t best_step = 0;  // where it last became better by more than min_delta; the first report, if never
    int64_t last_step = 0;
  };

  PlateauPlan plan_;
  bool maximize_;
  std::unordered_map<int32_t, Job> jobs_;
};

// A job stops when so many reports in a row are above `factor` times its own best value, above `limit`, or
// not finite. A best value that is not above 0 has no multiples: only `limit` counts then. Where more is
// better, what is below `limit` counts, and there is no `factor`.
struct DivergencePlan {
  double factor = std::numeric_limits<double>::infinity();  // above 1
  double limit = std::numeric_limits<double>::infinity();   // infinity: none
  int32_t patience = 1;
  friend bool operator==(const DivergencePlan&, const DivergencePlan&) = default;
};

class DivergenceRule final : public StoppingRule {
 public:
  explicit DivergenceRule(const DivergencePlan& plan, bool maximize = false)
      : plan_(plan), maximize_(maximize) {}
  std::optional<std::string> Add(const Report& report) override;

 private:
  struct Job {
    double best = std::numeric_limits<double>::infinity();
    int64_t last_step = 0;
    int32_t above = 0;  // reports in a row
  };

  bool IsPastLimit(double value) const;
  std::string Reason(const Job& job, const Report& report) const;

  DivergencePlan plan_;
  bool maximize_;
  std::unordered_map<int32_t, Job> jobs_;
};

}  // namespace optfleet::sweeps
