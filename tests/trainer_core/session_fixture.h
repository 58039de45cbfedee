// Whole runs in run directories of their own, inside the test's process.
#pragma once

#include <gtest/gtest.h>

#include "common/rundir/documents.h"
#include "spec/json.h"
#include "tests/trainer_core/small_runs.h"
#include "trainer_core/checkpoint/checkpoint.h"
#include "trainer_core/loop/device.h"
#include "trainer_core/loop/session.h"

namespace optfleet::trainer {

struct Trained {
  std::string folder;
  rundir::ResultDocument result;
};

// A clock on which every look takes a second, so that every step does.
inline std::function<std::chrono::steady_clock::time_point()> OneSecondALook() {
  return [now = std::chrono::steady_clock::time_point()]() mutable { return now += std::chrono::seconds(1); };
}

class SessionTest : public testing::Test {
 protected:
  struct Options {
    int64_t memory_bytes = 0;
    int64_t stop_at = 0;  // asks for a stop in the record of this step
    std::string resume = {};
    int64_t deadline_unix_ms = 0;
    int64_t pause_step = 0;
    std::function<std::chrono::steady_clock::time_point()> now = {};
    int threads = 2;
  };

  Result<Trained> Train(const spec::TrainingSpec& spec, const Options& options) {
    SessionOptions session;
    session.folder = data_ / ("run-" + std::to_string(++runs_));
    std::filesystem::create_directory(session.folder);
    session.spec = spec;
    session.slot.threads = options.threads;
    session.slot.memory_bytes = options.memory_bytes;
    session.deadline_unix_ms = options.deadline_unix_ms;
    session.pause_step = options.pause_step;
    session.now = options.now;
    if (!options.resume.empty()) {
      const auto manifest = rundir::ReadManifest(options.resume);
      session.resume = {"parent", options.resume, manifest.value().step, manifest.value().record};
    }
    Control control;
    session.on_record = [&](int64_t step, const Points&) {
      if (step == options.stop_at) control.RequestStop({Outcome::kPreempted, true, "test"});
    };
    auto memory = PrepareDevice(session.slot);
    if (!memory.has_value()) return Fail(memory.error());
    auto result = RunSession(session, **memory, &control);
    if (!result.has_value()) return Fail(result.error());
    return Trained{session.folder, *result};
  }

  static std::string Checkpoint(const Trained& run, int64_t step) {
    char name[32];
    snprintf(name, sizeof name, "step-%012d", static_cast<int>(step));
    return run.folder + "/checkpoints/" + name;
  }

  // What each record says, without the figures that are measured.
  static std::vector<std::string> Records(const Trained& run) {
    rundir::LogReader reader(run.folder + "/metrics.log");
    std::vector<std::string> lines;
    const auto records = reader.Read(10000);
    for (const auto& record : records.value()) {
      std::string line = std::to_string(record.step);
      for (const auto& point : record.points) {
        const std::string& key = reader.keys()[point.key];
        if (key.find("second") != std::string::npos || key == "memory_bytes") continue;
        char value[64];
        snprintf(value, sizeof value, " %s=%a", key.c_str(), point.value);
        line += value;
      }
      lines.push_back(line);
    }
    return lines;
  }

  static std::vector<double> Column(const Trained& run, const std::string& key) {
    rundir::LogReader reader(run.folder + "/metrics.log");
    std::vector<double> values;
    const auto records = reader.Read(10000);
    for (const auto& record : records.value())
      for (const auto& point : record.points)
        if (reader.keys()[point.key] == key) values.push_back(point.value);
    return values;
  }

  // Stopped and resumed at each of the steps it records and computes what it does undisturbed.
  void ExpectSurvivesStops(const spec::TrainingSpec& spec, int64_t steps) {
    spec::TrainingSpec kept = spec;
    kept.checkpoint.every_steps = steps;
    const auto whole = Train(kept, {.now = OneSecondALook()});
    ASSERT_TRUE(whole.has_value()) << whole.error().message();
    ASSERT_EQ(whole->result.last_step, steps);
    const auto expected = Records(*whole);
    for (const int64_t stop : {1, 5}) {
      const auto first = Train(kept, {.stop_at = stop, .now = OneSecondALook()});
      ASSERT_TRUE(first.has_value()) << first.error().message();
      const auto second = Train(kept, {.resume = Checkpoint(*first, stop), .now = OneSecondALook()});
      ASSERT_TRUE(second.has_value()) << second.error().message();
      auto series = Records(*first);
      for (const auto& record : Records(*second)) series.push_back(record);
      EXPECT_EQ(series, expected) << "stopped at " << stop;
      EXPECT_EQ(ReadText(Checkpoint(*second, steps) + "/weights.safetensors"),
                ReadText(Checkpoint(*whole, steps) + "/weights.safetensors"));
    }
  }

  TemporaryFolder data_;
  int runs_ = 0;
};

}  // namespace optfleet::trainer
