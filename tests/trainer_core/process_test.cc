// opt-trainer as a process: killed, stopped by a signal, started wrongly. OPTFLEET_TEST_TRAINER names the
// program.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/metrics_log.h"
#include "spec/json.h"
#include "tests/trainer_core/small_runs.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;

// Waits for the first step-N folder below `checkpoints`, which is made here so that it can be watched from
// the start.
class CheckpointWatch {
 public:
  explicit CheckpointWatch(const std::string& run_folder) : folder_(run_folder + "/checkpoints") {
    std::filesystem::create_directory(folder_);
    descriptor_ = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(descriptor_, folder_.c_str(), IN_MOVED_TO);
  }
  ~CheckpointWatch() { close(descriptor_); }

  bool WaitForOne() const {
    pollfd watched{descriptor_, POLLIN, 0};
    return poll(&watched, 1, 60'000) == 1;
  }

 private:
  std::string folder_;
  int descriptor_;
};

class ProcessTest : public testing::Test {
 protected:
  std::string MakeRun(const spec::TrainingSpec& spec, std::optional<rundir::ResumePoint> resume = {}) {
    const std::string folder = data_ / ("run-" + std::to_string(++runs_));
    std::filesystem::create_directory(folder);
    rundir::JobDocument job;
    job.attempt = "sweeps/test/jobs/1/attempts/" + std::to_string(runs_);
    job.fence = {1, runs_};
    job.spec = spec::ToJson(spec);
    job.slot.threads = 2;
    job.resume = std::move(resume);
    EXPECT_TRUE(
        rundir::WriteFileAtomically(folder, rundir::kJobFile, rundir::ToJson(job).dump()).has_value());
    return folder;
  }

  pid_t Start(const std::string& folder) {
    const char* program = std::getenv("OPTFLEET_TEST_TRAINER");
    const pid_t pid = fork();
    if (pid == 0) {
      const int log = open((folder + "/trainer.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      dup2(log, STDOUT_FILENO);
      dup2(log, STDERR_FILENO);
      execl(program, program, "attempt", folder.c_str(), nullptr);
      _exit(121);
    }
    return pid;
  }

  static int Wait(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
  }

  int ExitCode(const std::string& folder) {
    const int status = Wait(Start(folder));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // Loss by step; a step that is there twice fails the test.
  static void AddLosses(const std::string& folder, int64_t last_record, std::map<int64_t, double>* losses) {
    rundir::LogReader reader(folder + "/metrics.log");
    const auto records = reader.Read(1'000'000);
    ASSERT_TRUE(records.has_value()) << records.error().message();
    for (const auto& record : *records) {
      if (last_record > 0 && record.number > last_record) break;
      for (const auto& point : record.points) {
        if (reader.keys()[point.key] == "loss") {
          EXPECT_TRUE(losses->emplace(record.step, point.value).second) << "step " << record.step << " twice";
        }
      }
    }
  }

  static rundir::ResumePoint NewestCheckpoint(const std::string& folder) {
    const auto checkpoints = rundir::GoodCheckpoints(folder, nullptr);
    EXPECT_FALSE(checkpoints.empty());
    const auto& newest = checkpoints.front();
    return {"sweeps/test/jobs/1/attempts/1", newest.path, newest.manifest.step, newest.manifest.record};
  }

  spec::TrainingSpec LongSpec() {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.model.residual_dropout = spec.model.attention_dropout = 0.1;
    spec.training.precision = spec::Precision::kBf16;
    spec.budget.steps = 60;
    spec.budget.tokens = 0;
    spec.checkpoint.every_steps = 10;
    EXPECT_TRUE(spec::Resolve(&spec).empty());
    return spec;
  }

  TemporaryFolder data_;
  int runs_ = 0;
};

TEST_F(ProcessTest, KilledAgainAndAgainItEndsWithTheUndisturbedCurve) {
  const spec::TrainingSpec spec = LongSpec();
  const std::string whole = MakeRun(spec);
  ASSERT_EQ(ExitCode(whole), 0) << ReadText(whole + "/trainer.log");
  std::map<int64_t, double> expected, series;
  AddLosses(whole, 0, &expected);
  ASSERT_EQ(expected.size(), 60u);

  std::optional<rundir::ResumePoint> resume;
  for (int kills = 0; kills < 3; ++kills) {
    const std::string folder = MakeRun(spec, resume);
    const CheckpointWatch watch(folder);
    const pid_t pid = Start(folder);
    ASSERT_TRUE(watch.WaitForOne()) << ReadText(folder + "/trainer.log");
    kill(pid, SIGKILL);
    Wait(pid);
    resume = NewestCheckpoint(folder);
    AddLosses(folder, resume->record, &series);
  }
  const std::string last = MakeRun(spec, resume);
  ASSERT_EQ(ExitCode(last), 0) << ReadText(last + "/trainer.log");
  AddLosses(last, 0, &series);

  EXPECT_EQ(series, expected);
  EXPECT_EQ(rundir::ReadResult(last)->final.at("val_loss"), rundir::ReadResult(whole)->final.at("val_loss"));
}

TEST_F(ProcessTest, SigtermEndsInAResultWithACheckpoint) {
  spec::TrainingSpec spec = LongSpec();
  spec.budget.steps = 1'000'000;
  spec.budget.tokens = 0;
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const std::string folder = MakeRun(spec);
  const CheckpointWatch watch(folder);
  const pid_t pid = Start(folder);
  ASSERT_TRUE(watch.WaitForOne()) << ReadText(folder + "/trainer.log");
  kill(pid, SIGTERM);
  EXPECT_EQ(Wait(pid), 0);
  const auto result = rundir::ReadResult(folder);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->outcome, Outcome::kPreempted);
  EXPECT_EQ(NewestCheckpoint(folder).step, result->last_step);
  EXPECT_FALSE(std::filesystem::exists(folder + "/control.sock"));
}

TEST_F(ProcessTest, RefusalsHaveCodesAndSentences) {
  const std::string unknown = MakeRun(LongSpec());
  Json job = Json::parse(ReadText(unknown + "/job.json"));
  job["version"] = 99;
  std::ofstream(unknown + "/job.json") << job.dump();
  EXPECT_EQ(ExitCode(unknown), rundir::kExitUnknownVersion);

  const std::string bad = MakeRun(LongSpec());
  job = Json::parse(ReadText(bad + "/job.json"));
  job["spec"]["model"]["heads"] = 3;
  std::ofstream(bad + "/job.json") << job.dump();
  EXPECT_EQ(ExitCode(bad), 2);
  EXPECT_THAT(ReadText(bad + "/trainer.log"), HasSubstr("model.heads"));

  const std::string held = MakeRun(LongSpec());
  const auto lock = rundir::TakeLock(held + "/" + rundir::kTrainerLock);
  ASSERT_TRUE(lock.has_value());
  EXPECT_NE(ExitCode(held), 0);
  close(*lock);
}

}  // namespace
}  // namespace optfleet::trainer
