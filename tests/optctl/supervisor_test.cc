// Supervision of daemons, with shell scripts as daemons and the supervisor's clock moved by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "optctl/commands/supervisor.h"
#include "tests/optctl/process.h"

namespace optfleet::commands {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RestartPolicy, WhoFailsAtOnceWaitsTwiceAsLongEachTime) {
  RestartPolicy policy;
  double now = 100;
  std::vector<double> delays;
  for (;;) {
    policy.Started(now);
    const auto next = policy.Ended(now + 0.1);
    if (!next) break;
    delays.push_back(*next - (now + 0.1));
    now = *next;
  }
  ASSERT_EQ(delays.size(), static_cast<size_t>(RestartPolicy::kMostQuickFailures - 1));
  EXPECT_NEAR(delays[0], 0.2, 1e-9);
  EXPECT_NEAR(delays[3], 1.6, 1e-9);
}

TEST(RestartPolicy, WhoRanForAWhileStartsAnewWithoutAPast) {
  RestartPolicy policy;
  for (int i = 0; i < 20; ++i) {
    policy.Started(i * 100.0);
    EXPECT_TRUE(policy.Ended(i * 100.0 + RestartPolicy::kQuick + 1).has_value());
  }
}

// A signal is delivered some time after kill returns.
bool EventuallyDead(pid_t pid) {
  for (int look = 0; look < 1'000'000; ++look) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(file, text)) return true;
    const char state = text[text.rfind(')') + 2];
    if (state == 'Z' || state == 'X') return true;
  }
  return false;
}

class SupervisorTest : public testing::Test {
 protected:
  DaemonSpec Daemon(const std::string& name, const std::string& script) {
    const std::string base = folder_.path() + "/" + name;
    std::ofstream(base + ".sh") << script;
    return {name, {"/bin/sh", base + ".sh"}, base + ".out", base + ".log"};
  }

  // Lets the daemon end by itself without waiting on a clock: waitid leaves it for the supervisor to reap.
  void WaitForEnd(const std::string& name) const {
    siginfo_t info{};
    const pid_t pid = supervisor_.PidOf(name);
    if (pid > 0) waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }

  TempFolder folder_;
  Supervisor supervisor_;
};

TEST_F(SupervisorTest, StartsAgainWhoWasKilledAndSaysSo) {
  ASSERT_TRUE(supervisor_.Start(Daemon("worker", "exec sleep 1000"), 0));
  const pid_t first = supervisor_.PidOf("worker");
  kill(first, SIGKILL);
  WaitForEnd("worker");

  const auto lines = supervisor_.Check(100);
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, Contains(HasSubstr("the worker ended (killed by signal 9)")));
  EXPECT_EQ(supervisor_.PidOf("worker"), 0) << "not before its delay is over";

  ASSERT_TRUE(supervisor_.Check(101));
  EXPECT_GT(supervisor_.PidOf("worker"), 0);
  EXPECT_NE(supervisor_.PidOf("worker"), first);
}

TEST_F(SupervisorTest, GivesUpWithTheLastWords) {
  ASSERT_TRUE(supervisor_.Start(Daemon("coordinator", "echo the state folder is read-only >&2; exit 1"), 0));
  double now = 0;
  for (int round = 0; round < 100; ++round) {
    WaitForEnd("coordinator");
    now += 6;
    const auto lines = supervisor_.Check(now);
    if (!lines) {
      EXPECT_EQ(lines.error().code(), Code::kAborted);
      EXPECT_THAT(lines.error().message(), HasSubstr("the coordinator ended (exit code 1) 6 times in a row"));
      EXPECT_THAT(lines.error().message(), HasSubstr("the state folder is read-only"));
      return;
    }
  }
  FAIL() << "never gave up";
}

TEST_F(SupervisorTest, StopIsASignalThatTheDaemonMayAnswerInItsOwnTime) {
  const std::string mark = folder_.path() + "/saved";
  const std::string ready = folder_.path() + "/ready";
  ASSERT_TRUE(
      supervisor_.Start(Daemon("worker local", "trap 'kill $!; echo done > " + mark + "; exit 0' TERM\n" +
                                                   "sleep 1000 &\necho ready > " + ready + "\nwait\n"),
                        0));
  while (!std::ifstream(ready)) {
  }
  supervisor_.Stop("worker");
  WaitForEnd("worker local");
  EXPECT_TRUE(supervisor_.Stopped("worker"));
  EXPECT_TRUE(std::ifstream(mark)) << "it was killed instead of asked";
  EXPECT_THAT(supervisor_.Check(1000).value(), IsEmpty());
  EXPECT_EQ(supervisor_.PidOf("worker local"), 0) << "who was stopped is not started again";
}

TEST_F(SupervisorTest, KillTakesTheWholeProcessGroup) {
  const std::string child_file = folder_.path() + "/child";
  ASSERT_TRUE(supervisor_.Start(Daemon("worker", "sleep 1000 & echo $! > " + child_file + "; wait"), 0));
  pid_t child = 0;
  while (child == 0) std::ifstream(child_file) >> child;
  supervisor_.Kill();
  WaitForEnd("worker");
  EXPECT_TRUE(supervisor_.Stopped(""));
  // What was killed may stay as a zombie until somebody reaps it, but it runs no more.
  EXPECT_TRUE(EventuallyDead(child));
}

TEST_F(SupervisorTest, MissingProgramIsToldAtOnce) {
  DaemonSpec spec = Daemon("coordinator", "");
  spec.argv = {folder_.path() + "/nothere"};
  const auto started = supervisor_.Start(spec, 0);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::kNotFound);
  EXPECT_THAT(started.error().message(), HasSubstr("the coordinator cannot be started"));
}

TEST_F(SupervisorTest, DaemonsHaveAProcessGroupOfTheirOwn) {
  ASSERT_TRUE(supervisor_.Start(Daemon("worker", "exec sleep 1000"), 0));
  EXPECT_EQ(getpgid(supervisor_.PidOf("worker")), supervisor_.PidOf("worker"));
}

TEST(LastLines, TakesTheEnd) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/log") << "1\n2\n3\n";
  EXPECT_EQ(LastLines(folder.path() + "/log", 2), "    2\n    3\n");
  EXPECT_EQ(LastLines(folder.path() + "/nothere", 2), "");
}

}  // namespace
}  // namespace optfleet::commands
