// What a training step pays to record 12 figures: the shipping recorder and metrics log, flat out and with a
// step every 2 ms. Two lines of JSON. `compare.py` beside it runs wandb offline in turn.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "common/rundir/layout.h"
#include "tests/bench/support/disk.h"
#include "tests/bench/support/steps.h"
#include "trainer_core/metrics/recorder.h"

namespace {

namespace bench = optfleet::bench;
using optfleet::trainer::Recorder;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string folder = ".";
  int64_t steps = 1'000'000;
  int64_t paced = 2000;
};

Options Parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Cost of recording a step"};
  app.add_option("--folder", options.folder, "Where the log is written")->capture_default_str();
  app.add_option("--steps", options.steps, "Steps flat out")->capture_default_str();
  app.add_option("--paced", options.paced, "Steps at one every 2 ms")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

// As a training loop does: the figures with their names, the time, then Add.
void Record(Recorder* recorder, const bench::Step& step) {
  std::array<std::pair<std::string_view, double>, bench::kKeys.size()> points;
  for (size_t i = 0; i < bench::kKeys.size(); ++i) points[i] = {bench::kKeys[i], step.values[i]};
  const auto now = std::chrono::time_point_cast<optfleet::Duration>(std::chrono::system_clock::now());
  if (!recorder->Add(step.step, now, points).has_value()) std::abort();
}

void Measure(const std::string& name, const std::string& folder, int64_t steps,
             std::chrono::microseconds pace) {
  std::filesystem::remove(folder + "/" + optfleet::rundir::kMetricsLog);
  auto log = optfleet::rundir::LogWriter::Create(folder);
  if (!log.has_value()) std::abort();
  bench::Run run;
  bench::Fill(1, 1, 1000, &run);
  std::vector<double> microseconds;
  microseconds.reserve(static_cast<size_t>(steps));
  Json line = {{"peer", "optfleet"}, {"case", name}};
  {
    Recorder recorder(*std::move(log));
    const int64_t syncs = bench::SyncCount();
    const double cpu = bench::ProcessCpuSeconds();
    for (int64_t i = 0; i < steps; ++i) {
      bench::Step& step = run.steps[static_cast<size_t>(i % 1000)];
      step.step = i + 1;
      const auto begin = Clock::now();
      Record(&recorder, step);
      microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
      if (pace.count() > 0) std::this_thread::sleep_until(begin + pace);
    }
    double total = 0;
    for (const double one : microseconds) total += one;
    line["mean_us"] = total / static_cast<double>(steps);
    line["waited_ms"] = std::chrono::duration<double, std::milli>(recorder.waited()).count();
    const auto last = recorder.Sync();
    if (!last.has_value() || *last != steps) std::abort();
    line["cpu_us_all_threads"] = (bench::ProcessCpuSeconds() - cpu) * 1e6 / static_cast<double>(steps);
    line["fsyncs"] = bench::SyncCount() - syncs;
  }
  line["us"] = ToJson(bench::SpreadOf(std::move(microseconds)));
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
  std::filesystem::remove(folder + "/" + optfleet::rundir::kMetricsLog);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  const std::string folder = options.folder + "/step-cost";
  std::filesystem::create_directories(folder);
  Measure("flat_out", folder, options.steps, std::chrono::microseconds(0));
  Measure("paced_2ms", folder, options.paced, std::chrono::microseconds(2000));
  std::filesystem::remove_all(folder);
  return 0;
}
