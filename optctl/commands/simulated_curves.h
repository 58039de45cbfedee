// Curves of the jobs of a sweep: made up, or those of a table. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/result.h"
#include "spec/fields.h"
#include "sweeps/expand.h"
#include "sweeps/search/curve_table.h"
#include "sweeps/search/synthetic.h"

namespace optfleet::commands {

double TokensPerStep(const spec::TrainingSpec& spec);

// The jobs of a sweep as made-up curves see them. Numbers are axes whose values are numbers or lengths in
// steps; what stands under `budget` or `evaluation`, and the seeds, changes no curve but by its steps.
class SyntheticJobs {
 public:
  // Jobs have a value at each rung, and where rules stop jobs at each validation, of which there are some 200
  // at most. `throughput`: tokens per second; nothing: a step takes a second.
  SyntheticJobs(const sweeps::Expansion& sweep, std::optional<double> throughput);

  void Add(const sweeps::Job& job);      // one that the landscape is made for
  sweeps::SyntheticSpace Space() const;  // of those that were added
  // Of any job, on the axes of that space.
  sweeps::SyntheticJob Of(const sweeps::Job& job) const;
  bool IsNumber(const spec::Field* axis) const { return !other_.contains(axis); }

 private:
  std::vector<int64_t> ValidationsOf(const sweeps::Job& job) const;

  const sweeps::Expansion& sweep_;
  std::optional<double> throughput_;
  std::vector<const spec::Field*> axes_;  // that change curves
  std::set<const spec::Field*> other_;    // that are no number in some job
  struct Values {
    std::vector<std::optional<double>> numbers;  // by axes_
    std::vector<std::string> texts;
    sweeps::SyntheticJob job;  // without both
  };
  Values ValuesOf(const sweeps::Job& job) const;
  sweeps::SyntheticJob Placed(const Values& values) const;
  std::vector<Values> added_;
};

// The rows of a table by the jobs whose curves they are. A column is a key (`optimizer.learning_rate`), its
// last part (`learning_rate`) or the group of a name (`optimizer` for `optimizer.name`); a cell is empty
// where a job does not read the key. Rows of equal cells are a mistake. `sweep` says which key is meant by a
// short name.
class RowFinder {
 public:
  static Result<RowFinder> Of(const sweeps::Expansion& sweep, const sweeps::CurveTable& table);

  std::optional<size_t> RowOf(const sweeps::Job& job) const;

  // Each key that differs between the jobs that were looked at must have a column, but for seeds.
  void Look(const sweeps::Job& job);
  Status Check() const;

 private:
  std::vector<const spec::Field*> columns_;
  std::map<std::vector<std::string>, size_t> by_cells_;
  std::map<const spec::Field*, std::set<std::string>>
      values_;  // of axes without a column, of the jobs looked at
};

}  // namespace optfleet::commands
