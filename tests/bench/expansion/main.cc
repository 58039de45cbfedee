// What sweeps/ takes: one JSON line for each grid, from its text to all jobs (resolved, checked, hashed,
// equal ones merged, with their values on the axes), and one for each long file, from its text to typed
// leaves.
//
//   build/release/bin/optfleet_bench_expansion --points 1000000 --lines 10000
//
// Seconds are of the processor, so that a busy machine changes them little. With a bound (--most-...) the
// exit code is 1 if a figure is above it; a build without optimization has no bounds.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include "common/json.h"
#include "common/yaml.h"
#include "sweeps/compose.h"
#include "sweeps/expand.h"
#include "tests/bench/expansion/files.h"

namespace optfleet::bench {
namespace {

#ifdef NDEBUG
constexpr bool kHasBounds = true;
#else
constexpr bool kHasBounds = false;
#endif

constexpr size_t kPortion = 1000;
constexpr double kNoBound = 1e9;

struct Options {
  int points = 100'000;
  int lines = 10'000;
  int rounds = 1;
  std::string only;  // grid; all grids and files if empty
  double most_us_a_point = kNoBound;
  double most_read_ms = kNoBound;
  double most_mib = kNoBound;
};

class Counter : public sweeps::JobSink {
 public:
  void Begin(const sweeps::Expansion&) override {}
  bool Take(std::vector<sweeps::Job> jobs) override {
    jobs_ += static_cast<int64_t>(jobs.size());
    return true;
  }
  int64_t jobs() const { return jobs_; }

 private:
  int64_t jobs_ = 0;
};

sweeps::SweepInput InputOf(const NamedFile& file) {
  sweeps::SweepInput input;
  input.files.push_back({file.shape + ".yaml", file.text, "/folder"});
  return input;
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The least of several rounds.
double CpuSeconds(int rounds, const std::function<void()>& run) {
  double least = kNoBound;
  for (int round = 0; round < rounds; ++round) {
    const std::clock_t begin = std::clock();
    run();
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

// Whether all bounds hold.
class Report {
 public:
  void Print(const Json& line) const { std::printf("%s\n", line.dump().c_str()); }
  void Hold(const std::string& what, double figure, double most) {
    if (!kHasBounds || figure <= most) return;
    std::fprintf(stderr, "%s: %.3g, at most %.3g is allowed\n", what.c_str(), figure, most);
    all_hold_ = false;
  }
  bool all_hold() const { return all_hold_; }

 private:
  bool all_hold_ = true;
};

bool Expand(const NamedFile& file, const Options& options, Report* report) {
  sweeps::ExpandResult result;
  int64_t jobs = 0;
  const double seconds = CpuSeconds(options.rounds, [&] {
    Counter counter;
    result = sweeps::ExpandSweepInto(InputOf(file), kPortion, &counter);
    jobs = counter.jobs();
  });
  if (!result.expansion) {
    std::fprintf(stderr, "%s", result.diagnostics.Render().c_str());
    return false;
  }
  const double microseconds = 1e6 * seconds / static_cast<double>(result.expansion->points);
  report->Print({{"bench", "expand"},
                 {"grid", file.shape},
                 {"points", result.expansion->points},
                 {"jobs", jobs},
                 {"cpu_seconds", seconds},
                 {"us_a_point", microseconds},
                 {"peak_mib_so_far", PeakMib()}});
  report->Hold("us a point of " + file.shape, microseconds, file.work * options.most_us_a_point);
  return true;
}

bool Read(const NamedFile& file, const Options& options, Report* report) {
  const sweeps::SweepInput input = InputOf(file);
  bool fine = true;
  const double yaml = CpuSeconds(options.rounds, [&] {
    Diagnostics diagnostics(sweeps::SourcesOf(input));
    fine = fine && ParseYaml(0, file.text, &diagnostics).has_value();
  });
  const double seconds = CpuSeconds(options.rounds, [&] {
    Diagnostics diagnostics(sweeps::SourcesOf(input));
    sweeps::References references(input.environment);
    (void)sweeps::Composition::Of(input, &references, &diagnostics);
    const bool as_meant = diagnostics.empty() != file.has_mistakes;
    if (!as_meant) std::fprintf(stderr, "%s: %s", file.shape.c_str(), diagnostics.Render().c_str());
    fine = fine && as_meant;
  });
  report->Print({{"bench", "read"},
                 {"file", file.shape},
                 {"lines", std::count(file.text.begin(), file.text.end(), '\n')},
                 {"cpu_ms", 1e3 * seconds},
                 {"yaml_ms", 1e3 * yaml}});
  report->Hold("ms to read " + file.shape, 1e3 * seconds, options.most_read_ms);
  return fine;
}

int Run(const Options& options) {
  Report report;
  const auto files = options.only.empty() ? LongFiles(options.lines) : std::vector<NamedFile>();
  for (const NamedFile& file : files)
    if (!Read(file, options, &report)) return 2;
  for (const NamedFile& file : Grids(options.points))
    if ((options.only.empty() || options.only == file.shape) && !Expand(file, options, &report)) return 2;
  report.Hold("MiB at the most", PeakMib(), options.most_mib);
  return report.all_hold() ? 0 : 1;
}

}  // namespace
}  // namespace optfleet::bench

int main(int argc, char** argv) {
  optfleet::bench::Options options;
  CLI::App app{"Expands large grids and reads long sweep files; one JSON line for each."};
  app.add_option("--points", options.points, "Of each grid, about")->check(CLI::Range(1000, 1'000'000));
  app.add_option("--lines", options.lines, "Of each long file, about")->check(CLI::Range(10, 1'000'000));
  app.add_option("--rounds", options.rounds, "Of which the fastest counts")->check(CLI::Range(1, 100));
  app.add_option("--only", options.only, "This grid alone: \"nothing in common\"");
  app.add_option("--most-us-a-point", options.most_us_a_point,
                 "Bound of a grid whose points have much in common");
  app.add_option("--most-read-ms", options.most_read_ms, "Bound of each file");
  app.add_option("--most-mib", options.most_mib, "Bound of the resident memory at its peak");
  CLI11_PARSE(app, argc, argv);
  return optfleet::bench::Run(options);
}
