// How well steps are predicted, on steps that were recorded (docs/prediction.md): each sweep from those
// before it in the file, as a plan would. Prints a table; fails where predictions are further off than asked.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/median.h"
#include "spec/json.h"
#include "spec/run_time.h"

namespace optfleet {
namespace {

constexpr int64_t kSteps = 1000;

struct Recorded {
  std::string sweep;
  spec::MeasuredRun run;
};

std::vector<Recorded> Read(const std::string& path) {
  std::ifstream file(path);
  std::vector<Recorded> all;
  Json whole = Json::object();  // the spec of the line; the file has what changes from line to line
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line);
    whole.merge_patch(json.at("spec"));
    auto spec = spec::FromJson(whole);
    if (!spec) throw std::runtime_error(spec.error().message());
    spec::MeasuredRun run;
    run.spec = *std::move(spec);
    run.steps = kSteps;
    run.train_seconds = json.at("seconds").get<double>() * static_cast<double>(kSteps);
    all.push_back({json.at("sweep").get<std::string>(), std::move(run)});
  }
  return all;
}

struct Off {
  spec::TimeSource source = spec::TimeSource::kNone;
  double predicted = 0, measured = 0;  // seconds of a step
  double factor() const { return std::exp(std::abs(std::log(predicted / measured))); }
};

Off Predict(const spec::RunTimes& times, const spec::MeasuredRun& run) {
  spec::TrainingSpec spec = run.spec;
  spec.budget = {.steps = 1};
  const spec::RunTime time = times.Of(spec);
  return {time.source, time.train_seconds, run.train_seconds / static_cast<double>(run.steps)};
}

std::string RowOf(const std::string& sweep, const std::vector<Off>& jobs) {
  double predicted = 0, measured = 0;
  int64_t scaled = 0;
  std::vector<double> factors;
  for (const Off& job : jobs) {
    predicted += job.predicted;
    measured += job.measured;
    scaled += job.source == spec::TimeSource::kScaled ? 1 : 0;
    factors.push_back(job.factor());
  }
  return fmt::format("| {} | {} | {} | {:+.0f} % | {:.0f} % | {:.0f} % |", sweep, jobs.size(), scaled,
                     (predicted / measured - 1) * 100, (Median(factors) - 1) * 100,
                     (*std::max_element(factors.begin(), factors.end()) - 1) * 100);
}

// Of the jobs of one source: how many, the median factor, and the share within `bound`.
bool Summarize(const std::vector<Off>& all, spec::TimeSource source, double bound, double share) {
  std::vector<double> factors;
  for (const Off& job : all)
    if (job.source == source) factors.push_back(job.factor());
  if (factors.empty()) return false;
  const auto within = std::count_if(factors.begin(), factors.end(), [&](double f) { return f <= 1 + bound; });
  const double part = static_cast<double>(within) / static_cast<double>(factors.size());
  fmt::print("{}: {} jobs, half of them within {:.0f} %, {:.0f} % of them within {:.0f} %\n",
             spec::NameOf(source), factors.size(), (Median(factors) - 1) * 100, part * 100, bound * 100);
  return part >= share;
}

int Run(const std::string& path, double bound, double share) {
  const std::vector<Recorded> all = Read(path);
  std::vector<Off> known;
  fmt::print("| sweep | jobs | scaled | together | half within | worst |\n|---|---|---|---|---|---|\n");
  for (size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    while (end < all.size() && all[end].sweep == all[begin].sweep) ++end;
    if (begin == 0) continue;
    std::vector<spec::MeasuredRun> before;
    for (size_t i = 0; i < begin; ++i) before.push_back(all[i].run);
    const spec::RunTimes times(std::move(before), /*on_gpu=*/false);
    std::vector<Off> jobs;
    for (size_t i = begin; i < end; ++i) jobs.push_back(Predict(times, all[i].run));
    fmt::print("{}\n", RowOf(all[begin].sweep, jobs));
    known.insert(known.end(), jobs.begin(), jobs.end());
  }
  const bool measured = Summarize(known, spec::TimeSource::kMeasured, bound, share);
  const bool scaled = Summarize(known, spec::TimeSource::kScaled, bound, share);
  return measured && scaled ? 0 : 1;
}

}  // namespace
}  // namespace optfleet

int main(int argc, char** argv) {
  CLI::App app("How well steps that were recorded are predicted by those before them");
  std::string path;
  double bound = 0.25, share = 0;
  app.add_option("file", path, "JSON lines of tests/integration/record_steps.py")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--within", bound, "Factor above 1 that counts as near");
  app.add_option("--share", share, "Share of the jobs that must be so near, of each source");
  CLI11_PARSE(app, argc, argv);
  return optfleet::Run(path, bound, share);
}
