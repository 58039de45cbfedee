// What reading costs on many jobs and points, through the store that the API reads by: get, a page of
// results, a series in buckets of a short and of a long job. Prints JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <random>

#include "coordinator/store/read_store.h"
#include "tests/bench/reads/fill.h"
#include "tests/bench/support/disk.h"

namespace {

namespace bench = optfleet::bench;
namespace store = optfleet::store;
using Json = nlohmann::ordered_json;

struct Options {
  std::string folder = ".";
  bench::Filling filling{.jobs = 100'000, .points = 100'000'000, .long_jobs = 50};
  int asks = 500;
  bool keep = false;
  bool reuse = false;
};

Options Parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Reading from many jobs and points"};
  app.add_option("--folder", options.folder, "Where the databases are made")->capture_default_str();
  app.add_option("--jobs", options.filling.jobs, "Jobs of the sweep")->capture_default_str();
  app.add_option("--points", options.filling.points, "Points of all jobs")->capture_default_str();
  app.add_option("--long-jobs", options.filling.long_jobs, "Jobs that share half of the points")
      ->capture_default_str();
  app.add_option("--asks", options.asks, "Calls of each kind")->capture_default_str();
  app.add_flag("--keep", options.keep, "Keep the databases");
  app.add_flag("--reuse", options.reuse, "Read the databases that --keep left");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

// Times `ask(random job number)`, which says whether the answer was right.
template <typename Ask>
Json Time(const Options& options, int32_t first_job, int32_t last_job, Ask&& ask) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int32_t> job(first_job, last_job);
  std::vector<double> milliseconds;
  std::vector<double> cpu_milliseconds;  // what a machine with nothing else to do would take
  for (int i = 0; i < options.asks; ++i) {
    const int32_t number = job(random);
    const double cpu = bench::ThreadCpuSeconds();
    const auto begin = std::chrono::steady_clock::now();
    const bool right = ask(number);
    cpu_milliseconds.push_back((bench::ThreadCpuSeconds() - cpu) * 1e3);
    milliseconds.push_back(bench::MillisecondsSince(begin));
    if (!right) {
      std::fprintf(stderr, "job %d reads wrong\n", number);
      std::exit(1);
    }
  }
  return {{"wall_ms", ToJson(bench::SpreadOf(std::move(milliseconds)))},
          {"cpu_ms", ToJson(bench::SpreadOf(std::move(cpu_milliseconds)))}};
}

bool AskSeries(store::ReadStore* reader, int32_t job, int32_t buckets) {
  const auto series = reader->QuerySeries(
      {.job = {bench::kSweep, job}, .keys = {"loss"}, .first_step = 0, .buckets = buckets});
  return series.has_value() && series->size() == 1 && !series->front().steps.empty() &&
         series->front().steps.size() <= static_cast<size_t>(buckets);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  const bench::Filling& filling = options.filling;
  const std::string folder = options.folder + "/reads-state";
  Json line = {{"file_system", bench::FileSystemOf(options.folder)},
               {"jobs", filling.jobs},
               {"points", filling.points},
               {"long_jobs", filling.long_jobs},
               {"steps_of_a_long_job", bench::StepsOf(filling, 1)},
               {"steps_of_a_short_job", bench::StepsOf(filling, filling.jobs)}};
  if (!options.reuse) line["store_points_per_s"] = std::llround(bench::FillFolder(folder, filling));
  line["metrics_bytes"] = std::filesystem::file_size(folder + "/metrics.db");
  auto opened = store::ReadStore::Open(folder);
  if (!opened.has_value()) {
    std::fprintf(stderr, "%s\n", opened.error().message().c_str());
    return 1;
  }
  store::ReadStore* reader = opened->get();
  const int32_t jobs = filling.jobs;
  line["get_job"] = Time(options, 1, jobs, [&](int32_t job) {
    const auto view = reader->GetJob({bench::kSweep, job});
    return view.has_value() && view->latest.contains("loss");
  });
  line["results_page_of_100"] = Time(options, 1, jobs, [&](int32_t job) {
    const auto page = reader->ListJobs(bench::kSweep, optfleet::JobName{bench::kSweep, job}, 100);
    return page.has_value() && static_cast<int32_t>(page->size()) == std::min(100, jobs - job);
  });
  line["results_page_of_1000"] = Time(options, 1, jobs, [&](int32_t job) {
    const auto page = reader->ListJobs(bench::kSweep, optfleet::JobName{bench::kSweep, job}, 1000);
    return page.has_value() && static_cast<int32_t>(page->size()) == std::min(1000, jobs - job);
  });
  line["series_of_a_short_job"] =
      Time(options, filling.long_jobs + 1, jobs, [&](int32_t job) { return AskSeries(reader, job, 500); });
  line["series_of_a_long_job"] =
      Time(options, 1, filling.long_jobs, [&](int32_t job) { return AskSeries(reader, job, 500); });
  if (!options.keep) std::filesystem::remove_all(folder);
  std::printf("%s\n", line.dump(1).c_str());
  return 0;
}
