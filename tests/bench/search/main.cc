// Searches over recorded curves in virtual time: one JSON line for each method and seed.
//
//   build/release/bin/optfleet_bench_search --curves tests/sweeps/search/curves/shakespeare.csv --seeds 100
//
// A seed is an order of the jobs and noise on every value. `found` is what the job that the search calls best
// comes to without the noise, `regret` its distance from the best of all in parts of that, `device_share` the
// device time spent, in parts of what all jobs take.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "common/json.h"
#include "tests/sweeps/search/curves.h"
#include "tests/sweeps/search/methods.h"

namespace optfleet::bench {
namespace {

constexpr int32_t kParts = 50;  // of each step from one recorded rate to the next

struct Options {
  std::string curves;
  std::string without;
  std::vector<std::string> methods;
  sweeps::testing::StudyPlan plan;
  int32_t seeds = 50;
};

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

int Run(const Options& options) {
  auto recorded =
      sweeps::testing::Without(sweeps::testing::ReadCurves(ReadAll(options.curves)), options.without);
  if (options.plan.is_fine) recorded = sweeps::testing::Refined(recorded, kParts);
  for (const std::string& method : options.methods) {
    for (int32_t seed = 1; seed <= options.seeds; ++seed) {
      const auto found = sweeps::testing::Search(recorded, method, options.plan, seed);
      if (!found) {
        std::fprintf(stderr, "no method %s\n", method.c_str());
        return 2;
      }
      const Json line{
          {"peer", "optfleet"},       {"method", method},        {"seed", seed},
          {"found", found->found},    {"regret", found->regret}, {"device_share", found->device_share},
          {"seconds", found->seconds}};
      std::printf("%s\n", line.dump().c_str());
    }
  }
  return 0;
}

}  // namespace
}  // namespace optfleet::bench

int main(int argc, char** argv) {
  optfleet::bench::Options options;
  options.methods = {"grid", "random", "sobol", "tpe", "halving", "median"};
  CLI::App app{"Replays searches on recorded curves; one JSON line for each method and seed."};
  app.add_option("--curves", options.curves, "Table of curves")->required()->check(CLI::ExistingFile);
  app.add_option("--methods", options.methods, "Of grid, random, sobol, tpe, halving, median, halving_tpe");
  app.add_option("--seeds", options.seeds, "From 1 to this");
  app.add_option("--without", options.without, "Optimizer whose jobs are left out");
  app.add_flag("--fine", options.plan.is_fine, "Rates are continuous: curves between the recorded ones");
  app.add_option("--slots", options.plan.slots, "Trainers at a time");
  app.add_option("--start-seconds", options.plan.start_seconds,
                 "Of a slot, each time a job starts or goes on");
  app.add_option("--jobs", options.plan.jobs, "Of random, sobol and tpe");
  app.add_option("--noise", options.plan.noise, "Standard deviation of each value");
  app.add_option("--first-steps", options.plan.halving.first_steps, "First rung");
  app.add_option("--factor", options.plan.halving.factor, "From rung to rung");
  CLI11_PARSE(app, argc, argv);
  return optfleet::bench::Run(options);
}
