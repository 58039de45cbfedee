// Storage layouts of records beside each other: bytes, ingest, reading one series, and what a state commit
// waits meanwhile. Prints one line of JSON per layout. WAL, synchronous=FULL.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "tests/bench/layouts/layout.h"
#include "tests/bench/support/disk.h"
#include "tests/bench/support/state_probe.h"

namespace {

using optfleet::bench::Database;
using optfleet::bench::Layout;
using optfleet::bench::LayoutKind;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string folder = ".";
  int64_t points = 1'000'000;
  int attempts = 100;
  int hand_over = 64;  // consecutive steps of one attempt
  int64_t commit_points = 100'000;
  int cache_kib = 65536;
  int checkpoint_pages = 1000;
  std::vector<std::string> only;
};

Options Parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Storage layouts of records beside each other"};
  app.add_option("--folder", options.folder, "Where the databases are made")->capture_default_str();
  app.add_option("--points", options.points, "Points of each layout")->capture_default_str();
  app.add_option("--attempts", options.attempts, "Attempts that take turns")->capture_default_str();
  app.add_option("--hand-over", options.hand_over, "Consecutive steps at each turn")->capture_default_str();
  app.add_option("--commit-points", options.commit_points, "Points of a transaction")->capture_default_str();
  app.add_option("--cache-kib", options.cache_kib, "Pages that the writer keeps in memory")
      ->capture_default_str();
  app.add_option("--checkpoint-pages", options.checkpoint_pages, "Pages in the WAL before a checkpoint")
      ->capture_default_str();
  app.add_option("--only", options.only, "Names of layouts");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

// Writes all points; the seconds that it took.
double Ingest(const Options& options, Database* database, Layout* layout, int64_t* commits) {
  const auto per_step = static_cast<int64_t>(optfleet::bench::kKeys.size());
  const int64_t steps = options.points / per_step / options.attempts;
  optfleet::bench::Run run;
  int64_t uncommitted = 0;
  const auto begin = Clock::now();
  database->Execute("BEGIN IMMEDIATE");
  for (int64_t first = 1; first <= steps; first += options.hand_over) {
    const int64_t count = std::min<int64_t>(options.hand_over, steps - first + 1);
    for (int attempt = 1; attempt <= options.attempts; ++attempt) {
      optfleet::bench::Fill(attempt, first, static_cast<size_t>(count), &run);
      layout->Insert(run);
      uncommitted += count * per_step;
      if (uncommitted < options.commit_points) continue;
      database->Execute("COMMIT; BEGIN IMMEDIATE");
      ++*commits;
      uncommitted = 0;
    }
  }
  database->Execute("COMMIT");
  ++*commits;
  return optfleet::bench::SecondsSince(begin);
}

struct Bucket {
  double least = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();
  double last = 0;
};

// Milliseconds to read the loss of each of 20 attempts, whole and as 500 buckets; checks the values.
void Read(const Options& options, const Layout& layout, const std::string& path, Json* line) {
  Database reader = Database::OpenForReading(path);
  reader.Execute("PRAGMA cache_size = -2048");
  const int64_t steps =
      options.points / static_cast<int64_t>(optfleet::bench::kKeys.size()) / options.attempts;
  std::vector<double> whole;
  std::vector<double> thinned;
  for (int i = 0; i < 20; ++i) {
    const int attempt = 1 + i * 37 % options.attempts;
    std::vector<double> series;
    auto begin = Clock::now();
    layout.Read(&reader, attempt, 0, [&](int64_t, double value) { series.push_back(value); });
    whole.push_back(optfleet::bench::MillisecondsSince(begin));
    optfleet::bench::Run run;
    optfleet::bench::Fill(attempt, steps, 1, &run);
    if (static_cast<int64_t>(series.size()) != steps || series.back() != run.steps[0].values[0]) {
      std::fprintf(stderr, "attempt %d reads back wrong\n", attempt);
      std::exit(1);
    }
    begin = Clock::now();
    std::vector<Bucket> buckets(500);
    int64_t at = 0;
    layout.Read(&reader, attempt, 0, [&](int64_t, double value) {
      Bucket& bucket = buckets[static_cast<size_t>(at++ * 500 / steps)];
      bucket.least = std::fmin(bucket.least, value);
      bucket.largest = std::fmax(bucket.largest, value);
      bucket.last = value;
    });
    thinned.push_back(optfleet::bench::MillisecondsSince(begin));
  }
  (*line)["read_series_ms"] = ToJson(optfleet::bench::SpreadOf(whole));
  (*line)["read_buckets_ms"] = ToJson(optfleet::bench::SpreadOf(thinned));
}

void Measure(const Options& options, const LayoutKind& kind) {
  const std::string path = options.folder + "/layout.db";
  Json line = {{"layout", kind.name}, {"what", kind.what}};
  {
    Database database = Database::Create(path, options.cache_kib, options.checkpoint_pages);
    const auto layout = kind.make(&database);
    const int64_t syncs = optfleet::bench::SyncCount();
    const double cpu = optfleet::bench::ProcessCpuSeconds();
    int64_t commits = 0;
    optfleet::bench::StateProbe probe(options.folder);
    const double seconds = Ingest(options, &database, layout.get(), &commits);
    const auto state = probe.Stop();
    line["points"] = options.points;
    line["seconds"] = seconds;
    line["points_per_s"] = std::llround(static_cast<double>(options.points) / seconds);
    line["cpu_s"] = optfleet::bench::ProcessCpuSeconds() - cpu;
    line["commits"] = commits;
    line["commit_interval_ms"] = seconds * 1e3 / static_cast<double>(commits);
    line["fsyncs"] = optfleet::bench::SyncCount() - syncs;
    line["state_commit_ms"] = ToJson(state);
    const int64_t bytes = database.Checkpoint();
    line["bytes"] = bytes;
    line["bytes_per_point"] = static_cast<double>(bytes) / static_cast<double>(options.points);
    Read(options, *layout, path, &line);
  }
  optfleet::bench::RemoveDatabase(path);
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  const Json about = {{"file_system", optfleet::bench::FileSystemOf(options.folder)},
                      {"sqlite", sqlite3_libversion()},
                      {"attempts", options.attempts},
                      {"hand_over", options.hand_over},
                      {"commit_points", options.commit_points},
                      {"cache_kib", options.cache_kib},
                      {"checkpoint_pages", options.checkpoint_pages},
                      {"fsync_4k_ms", ToJson(optfleet::bench::MeasureSync(options.folder, 200))}};
  std::printf("%s\n", about.dump().c_str());
  auto kinds = optfleet::bench::RowLayouts();
  kinds.push_back(optfleet::bench::PackedLayout());
  for (const LayoutKind& kind : kinds) {
    const bool wanted = options.only.empty() ||
                        std::find(options.only.begin(), options.only.end(), kind.name) != options.only.end();
    if (wanted) Measure(options, kind);
  }
  return 0;
}
