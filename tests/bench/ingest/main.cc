// Metric ingest over real gRPC on loopback, durable and exactly once, beside a plain program that inserts the
// same into SQLite: in turn, `rounds` times. Prints a line of JSON per round and one over all.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "common/log.h"
#include "tests/bench/ingest/cluster.h"
#include "tests/bench/ingest/plain.h"
#include "tests/bench/ingest/workers.h"
#include "tests/bench/support/database.h"
#include "tests/bench/support/disk.h"
#include "tests/bench/support/state_probe.h"
#include "tests/bench/support/steps.h"

namespace {

namespace bench = optfleet::bench;
using Json = nlohmann::ordered_json;

struct Options {
  std::string folder = ".";
  int64_t points = 12'000'000;
  int attempts = 100;
  int64_t hand_over = 256;
  int rounds = 5;
  bool keep = false;
};

Options Parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Metric ingest over gRPC beside a plain program"};
  app.add_option("--folder", options.folder, "Where the databases are made")->capture_default_str();
  app.add_option("--points", options.points, "Points of each round")->capture_default_str();
  app.add_option("--attempts", options.attempts, "Attempts that record at once")->capture_default_str();
  app.add_option("--hand-over", options.hand_over, "Consecutive steps in one call")->capture_default_str();
  app.add_option("--rounds", options.rounds, "How often both take their turn")->capture_default_str();
  app.add_flag("--keep", options.keep, "Keep the last databases");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

double RatePerSecond(const Options& options, double seconds) {
  return static_cast<double>(options.points) / seconds;
}

Json Ours(const Options& options, const bench::Flood& flood, double* seconds, int64_t* commits) {
  const std::string folder = options.folder + "/ingest-state";
  bench::Cluster cluster = bench::StartCluster(folder, options.attempts);
  const int64_t syncs = bench::SyncCount();
  const double cpu = bench::ProcessCpuSeconds();
  bench::StateProbe probe(options.folder);
  const bench::FloodResult result = bench::Report(cluster, flood);
  const bench::Spread state = probe.Stop();
  *seconds = result.seconds;
  *commits = bench::MetricsCommits(cluster);
  Json line = {{"points_per_s", std::llround(RatePerSecond(options, result.seconds))},
               {"seconds", result.seconds},
               {"cpu_s", bench::ProcessCpuSeconds() - cpu},
               {"calls", result.calls},
               {"refused", result.refused},
               {"commits", *commits},
               {"commit_interval_ms", result.seconds * 1e3 / static_cast<double>(*commits)},
               {"fsyncs", bench::SyncCount() - syncs - state.count},
               {"call_ms", ToJson(result.call_ms)},
               {"state_commit_ms", ToJson(state)}};
  cluster.coordinator.reset();
  bench::CheckRecords(folder + "/metrics.db", options.attempts, flood.steps);
  line["bytes"] = std::filesystem::file_size(folder + "/metrics.db");
  if (!options.keep) std::filesystem::remove_all(folder);
  return line;
}

Json Plain(const Options& options, const bench::Flood& flood, int64_t commit_points, double* seconds) {
  const std::string path = options.folder + "/plain.db";
  const int64_t syncs = bench::SyncCount();
  const double cpu = bench::ProcessCpuSeconds();
  *seconds = bench::InsertPlainly(path, options.attempts, flood, commit_points);
  const Json line = {{"points_per_s", std::llround(RatePerSecond(options, *seconds))},
                     {"seconds", *seconds},
                     {"cpu_s", bench::ProcessCpuSeconds() - cpu},
                     {"commit_points", commit_points},
                     {"fsyncs", bench::SyncCount() - syncs}};
  bench::RemoveDatabase(path);
  return line;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  optfleet::SetLogLevel(optfleet::Level::kWarn);
  const bench::Flood flood{
      .steps = options.points / static_cast<int64_t>(bench::kKeys.size()) / options.attempts,
      .hand_over = options.hand_over};
  const bench::Spread sync = bench::MeasureSync(options.folder, 200);
  std::printf("%s\n", Json{{"file_system", bench::FileSystemOf(options.folder)},
                           {"attempts", options.attempts},
                           {"hand_over", options.hand_over},
                           {"points", options.points},
                           {"fsync_4k_ms", ToJson(sync)}}
                          .dump()
                          .c_str());
  std::vector<double> rates;
  std::vector<double> ratios;
  std::vector<double> state_p99;
  for (int round = 0; round < options.rounds; ++round) {
    double ours = 0;
    double plain = 0;
    int64_t commits = 1;
    const Json our_line = Ours(options, flood, &ours, &commits);
    const Json plain_line = Plain(options, flood, options.points / commits, &plain);
    rates.push_back(RatePerSecond(options, ours));
    ratios.push_back(plain / ours);
    state_p99.push_back(our_line["state_commit_ms"]["p99"]);
    std::printf("%s\n", Json{{"round", round + 1}, {"ours", our_line}, {"plain", plain_line}}.dump().c_str());
    std::fflush(stdout);
  }
  std::printf("%s\n", Json{{"median_points_per_s", std::llround(Median(rates))},
                           {"median_share_of_plain", Median(ratios)},
                           {"median_state_commit_p99_ms", Median(state_p99)},
                           {"three_fsyncs_p99_ms", 3 * sync.p99}}
                          .dump()
                          .c_str());
  return 0;
}
