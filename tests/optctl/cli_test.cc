// Each command as a person runs it: the real optctl against a fake coordinator, 80 columns, no terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "common/json.h"
#include "common/text.h"
#include "tests/optctl/fixture.h"
#include "tests/optctl/golden.h"
#include "tests/optctl/process.h"

namespace optfleet::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What differs from run to run is named: ports, moments, folders.
std::string Normalized(std::string text, const std::string& folder) {
  const auto replace_all = [&text](const std::string& from, const std::string& to) {
    for (size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  };
  replace_all(folder, "FOLDER");
  text = std::regex_replace(text, std::regex(R"(127\.0\.0\.1:\d{5})"), "HOST:PORT");
  text = std::regex_replace(text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"), "TIME");
  text = std::regex_replace(text, std::regex(R"(\b[0-9a-f]{64}\b)"), "HASH");
  text = std::regex_replace(text, std::regex(R"((  |Spec )[0-9a-f]{12}\n)"), "$1SHORT-HASH-0\n");
  return text;
}

class Cli : public testing::Test {
 protected:
  Cli() : coordinator_({FrozenCluster()}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(OPTFLEET_SOURCE_DIR) + "/tests/optctl/data")) {
      std::filesystem::copy(entry.path(), folder_.path());
    }
  }

  Command At(const std::vector<std::string>& arguments, const std::string& address) const {
    Command command;
    command.argv = {OPTFLEET_OPTCTL};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"COLUMNS", "80"},
                           {"NO_COLOR", "1"},
                           {"LC_ALL", "C.UTF-8"},
                           {"HOME", "/home/someone"},
                           {"OPTFLEET_COORDINATOR", address}};
    command.folder = folder_.path();
    return command;
  }

  Ended Run(const std::vector<std::string>& arguments) const {
    return RunToEnd(At(arguments, coordinator_.address()));
  }

  // Runs the command and holds everything that it answered against its golden file.
  Ended Golden(const std::string& name, const std::vector<std::string>& arguments) const {
    Ended ended = Run(arguments);
    std::string text = "$ optctl";
    for (const std::string& argument : arguments) text += " " + argument;
    text += "\n--- exit " + std::to_string(ended.code) + "\n--- output\n" + ended.out + "--- messages\n" +
            ended.err;
    ExpectGolden(name, Normalized(text, folder_.path()));
    return ended;
  }

  TempFolder folder_;
  FakeCoordinator coordinator_;
};

// Every table fits into 80 columns; the sentence that answers may be longer.
void ExpectNarrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("best: ")) continue;
    EXPECT_LE(DisplayWidth(line), 80u) << line;
  }
}

// Exactly one JSON value and nothing else.
Json OneValue(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << text;
  return json;
}

struct Case {
  const char* name;
  std::vector<std::string> arguments;
  int code = 0;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

bool Asks(const Case& one, const char* format) {
  return std::find(one.arguments.begin(), one.arguments.end(), format) != one.arguments.end();
}

class GoldenCases : public Cli, public testing::WithParamInterface<Case> {};

TEST_P(GoldenCases, AnswersAsBefore) {
  const Case& one = GetParam();
  const Ended ended = Golden(one.name, one.arguments);
  EXPECT_EQ(ended.code, one.code);
  if (Asks(one, "json")) {
    OneValue(one.code == 0 ? ended.out : ended.err);
    if (one.code != 0) {
      EXPECT_EQ(ended.out, "");
    }
  } else if (!Asks(one, "wide") && !Asks(one, "csv")) {
    ExpectNarrow(ended.out);
  }
}

const Case kCases[] = {
    {"help", {"-h"}},
    {"help_bare", {}},
    {"help_submit", {"submit", "-h"}},
    {"help_run", {"run", "-h"}},
    {"unknown_command", {"submti", "good.yaml"}, 2},
    {"unknown_option", {"get", "sweeps", "--wide"}, 2},
    {"unknown_format", {"get", "sweeps", "-o", "jsn"}, 2},
    {"unknown_command_json", {"statsu", "-o", "json"}, 2},
    {"version", {"version", "--server"}},
    {"version_json", {"version", "--server", "-o", "json"}},
    {"validate", {"validate", "good.yaml"}},
    {"validate_json", {"validate", "good.yaml", "-o", "json"}},
    {"validate_mistakes", {"validate", "bad.yaml"}, 2},
    {"validate_mistakes_json", {"validate", "bad.yaml", "-o", "json"}, 2},
    {"validate_no_file", {"validate", "nowhere.yaml"}, 2},
    {"validate_no_weights", {"validate", "good.yaml", "--set", "start.weights=nowhere"}, 2},
    {"validate_no_data", {"validate", "good.yaml", "--set", "data.path=nowhere.txt"}, 2},
    {"plan", {"plan", "good.yaml", "--throughput", "20000", "--slots", "2"}},
    {"plan_wide", {"plan", "good.yaml", "-o", "wide"}},
    {"plan_times", {"plan", "good.yaml"}},
    {"plan_on", {"plan", "good.yaml", "--on", "h100", "--slots", "4", "--throughput", "200000"}},
    {"plan_on_nothing", {"plan", "good.yaml", "--on", "A100"}, 2},
    {"plan_misfits", {"plan", "good.yaml", "--set", "resources.slots=2"}},
    {"plan_memory", {"plan", "good.yaml", "--memory", "3MiB"}},
    {"plan_json", {"plan", "good.yaml", "-o", "json", "--offline"}},
    {"plan_index", {"plan", "good.yaml", "--index", "2"}},
    {"plan_index_json", {"plan", "good.yaml", "--index", "2", "-o", "json"}},
    {"plan_no_such_index", {"plan", "good.yaml", "--index", "99"}, 2},
    {"plan_simulate", {"plan", "search.yaml", "--simulate", "--throughput", "200", "--slots", "2"}},
    {"plan_simulate_json", {"plan", "search.yaml", "--simulate", "--seeds", "5", "-o", "json"}},
    {"plan_simulate_from", {"plan", "search.yaml", "--simulate-from", "curves.csv", "--slots", "2"}},
    {"plan_simulate_grid", {"plan", "good.yaml", "--simulate"}},
    {"plan_stages", {"plan", "staged.yaml", "--offline"}},
    {"plan_stages_json", {"plan", "staged.yaml", "--offline", "-o", "json"}},
    {"plan_simulate_stages", {"plan", "staged.yaml", "--simulate", "--slots", "2", "--seeds", "5"}},
    {"plan_simulate_stages_json",
     {"plan", "staged.yaml", "--simulate", "--slots", "2", "--seeds", "5", "-o", "json"}},
    {"plan_simulate_other_curves", {"plan", "good.yaml", "--simulate-from", "curves.csv"}, 2},
    {"plan_seeds_of_nothing", {"plan", "good.yaml", "--seeds", "5"}, 2},
    {"explain", {"explain"}},
    {"explain_group", {"explain", "averaging"}},
    {"explain_header", {"explain", "resources"}},
    {"explain_key", {"explain", "optimizer.beta2"}},
    {"explain_key_json", {"explain", "zip", "-o", "json"}},
    {"explain_unknown", {"explain", "learning_rates"}, 2},
    {"explain_no_group", {"explain", "beta2"}, 2},
    {"plan_by_time",
     {"plan", "good.yaml", "-o", "wide", "--set", "budget.tokens=0", "--set", "budget.seconds=90"}},
    {"plan_by_epochs",
     {"plan", "good.yaml", "-o", "wide", "--set", "budget.tokens=0", "--set", "budget.epochs=[0.5, 2]"}},
    {"plan_by_epochs_elsewhere",
     {"plan", "good.yaml", "--offline", "--set", "budget={tokens: 0, epochs: 2}", "--set",
      "data.path=nowhere.txt"}},
    {"plan_by_epochs_mistakes",
     {"plan", "good.yaml", "--set", "budget={tokens: 0, epochs: 1}", "--set", "schedule.warmup=5000"},
     2},
    {"plan_by_epochs_index", {"plan", "good.yaml", "--index", "1", "--set", "budget={tokens: 0, epochs: 2}"}},
    {"plan_by_device_hours",
     {"plan", "good.yaml", "--set", "budget={tokens: 0, device_hours: 30min}", "--set", "resources.slots=2"}},
    {"plan_composed", {"plan", "good.yaml+small.yaml", "--set", "optimizer.learning_rate=[1e-3, 1e-2]"}},
    {"plan_mistakes", {"plan", "bad.yaml"}, 2},
    {"explain_dialect", {"explain", "optimizer.beta_0", "--dialect", "olmo"}},
    {"explain_dialect_groups", {"explain", "--dialect", "olmo"}},
    {"explain_dialect_unknown", {"explain", "softmax_auxilary_loss", "--dialect", "olmo"}, 2},
    {"plan_missing_file", {"plan", "good.yaml", "--set", "data.path=nowhere.txt", "--offline"}},
    {"plan_dialect", {"plan", "olmo.yaml+lr+eps.yaml", "--dialect", "olmo", "--offline"}},
    {"plan_dialect_index", {"plan", "olmo.yaml+lr+eps.yaml", "--dialect", "olmo", "--index", "3"}},
    {"plan_dialect_mistakes",
     {"plan", "olmo.yaml+lr+eps.yaml", "--dialect", "olmo", "--set", "optimizer.beta_0=1.5", "--set",
      "training.seed=x"},
     2},
    {"validate_dialect", {"validate", "olmo.yaml+lr+eps.yaml", "--dialect", "olmo"}, 2},
    {"submit", {"submit", "good.yaml", "--name", "sizes"}},
    {"submit_json", {"submit", "good.yaml", "-o", "json"}},
    {"submit_name", {"submit", "good.yaml", "-o", "name"}},
    {"submit_mistakes", {"submit", "bad.yaml"}, 2},
    {"submit_bad_name", {"submit", "good.yaml", "--name", "My sweep"}, 2},
    {"submit_taken", {"submit", "good.yaml", "--name", "taken"}, 6},
    {"submit_wait_unknown", {"submit", "good.yaml", "--exit-status"}, 2},
    {"get_sweeps", {"get", "sweeps"}},
    {"get_sweeps_wide", {"get", "sweeps", "-o", "wide"}},
    {"get_sweeps_json", {"get", "sweeps", "lr", "-o", "json"}},
    {"get_sweeps_name", {"get", "sweeps", "-o", "name"}},
    {"get_sweep_missing", {"get", "sweeps", "nothere"}, 3},
    {"get_jobs", {"get", "jobs", "lr"}},
    {"get_jobs_all", {"get", "jobs"}},
    {"get_jobs_wide", {"get", "jobs", "sizes", "-o", "wide"}},
    {"get_jobs_json", {"get", "jobs", "lr/4", "-o", "json"}},
    {"get_jobs_wrong_name", {"get", "jobs", "lr/x"}, 2},
    {"get_attempts", {"get", "attempts", "sizes/1"}},
    {"get_attempts_json", {"get", "attempts", "sizes/1/2", "-o", "json"}},
    {"get_attempts_whose", {"get", "attempts"}, 2},
    {"get_workers", {"get", "workers"}},
    {"worker_list_json", {"worker", "list", "-o", "json"}},
    {"worker_missing", {"worker", "list", "gpu02"}, 3},
    {"describe_sweep", {"describe", "lr"}},
    {"describe_sweep_json", {"describe", "sizes", "-o", "json"}},
    {"describe_job", {"describe", "lr/4"}},
    {"describe_attempt", {"describe", "sizes/1/2"}},
    {"describe_worker", {"describe", "workers/gpu01"}},
    {"describe_missing", {"describe", "lr/99"}, 3},
    {"logs", {"logs", "sizes/1"}},
    {"logs_attempt", {"logs", "sizes/1", "--attempt", "1"}},
    {"logs_follow_ended", {"logs", "sizes/1/1", "-f"}},
    {"logs_json", {"logs", "sizes/1", "-o", "json"}},
    {"logs_not_started", {"logs", "sizes/2"}, 6},
    {"cancel", {"cancel", "sizes", "lr/1", "--reason", "wrong data"}},
    {"cancel_json", {"cancel", "sizes", "-o", "json"}},
    {"cancel_attempt", {"cancel", "sizes/1/2"}, 2},
    {"cancel_selected", {"cancel", "sizes", "--state", "queued", "--reason", "enough"}},
    {"cancel_where_unknown", {"cancel", "lr", "--where", "optimizer.learning_rat=1"}, 2},
    {"cancel_state_unknown", {"cancel", "lr", "--state", "qeued"}, 2},
    {"pause", {"pause", "sizes", "lr", "--keep-running"}},
    {"resume_json", {"resume", "sizes", "-o", "json"}},
    {"update", {"update", "sizes", "--priority", "5", "--max-running", "2"}},
    {"update_nothing", {"update", "sizes"}, 2},
    {"retry", {"retry", "sizes/1", "sizes/2", "lr/1"}},
    {"retry_no_match", {"retry", "sizes", "--state", "cancelled"}, 3},
    {"diff", {"diff", "sizes", "good.yaml", "--exit-status"}, 1},
    {"diff_json", {"diff", "sizes", "good.yaml", "-o", "json"}},
    {"diff_stages", {"diff", "lr", "staged.yaml", "--exit-status"}, 1},
    {"diff_stages_json", {"diff", "lr", "staged.yaml", "-o", "json"}},
    {"diff_missing", {"diff", "nowhere", "good.yaml"}, 3},
    {"extend", {"extend", "sizes", "good.yaml", "--dry-run"}},
    {"extend_stages", {"extend", "lr", "staged.yaml", "--dry-run"}},
    {"extend_mistakes", {"extend", "sizes", "bad.yaml"}, 2},
    {"why_waits", {"why", "sizes/2"}},
    {"why_ended", {"why", "lr/4"}},
    {"why_json", {"why", "sizes/2", "-o", "json"}},
    {"why_missing", {"why", "lr/99"}, 3},
    {"events", {"events", "sizes"}},
    {"worker_drain", {"worker", "drain", "gpu01", "--reason", "new driver"}},
    {"worker_undrain_missing", {"worker", "undrain", "gpu09"}, 3},
    {"checkpoint_list", {"checkpoint", "list", "lr"}},
    {"checkpoint_list_job_wide", {"checkpoint", "list", "lr/2", "-o", "wide"}},
    {"checkpoint_list_json", {"checkpoint", "list", "lr/2", "-o", "json"}},
    {"checkpoint_list_none", {"checkpoint", "list", "sizes"}},
    {"checkpoint_list_attempt", {"checkpoint", "list", "lr/2/1"}, 2},
    {"checkpoint_pin", {"checkpoint", "pin", "lr/2/1/100", "lr/2/1/200", "--reason", "for the paper"}},
    {"checkpoint_pin_deleting", {"checkpoint", "pin", "lr/3/1/200"}, 6},
    {"checkpoint_pin_missing", {"checkpoint", "pin", "lr/2/1/300"}, 3},
    {"checkpoint_unpin_json", {"checkpoint", "unpin", "lr/2/1/200", "-o", "json"}},
    {"checkpoint_pin_job", {"checkpoint", "pin", "lr/2"}, 2},
    {"cancel_missing", {"cancel", "nothere"}, 3},
    {"results", {"results", "lr"}},
    {"results_all", {"results", "lr", "--all"}},
    {"results_running", {"results", "sizes"}},
    {"results_json", {"results", "lr", "-o", "json"}},
    {"results_csv", {"results", "lr", "-o", "csv"}},
    {"results_missing", {"results", "nothere"}, 3},
    {"report", {"report", "lr", "--out", "lr.html"}},
    {"report_json", {"report", "lr", "--out", "lr.html", "-o", "json"}},
    {"report_unwritable", {"report", "lr", "--out", "nowhere/lr.html"}, 1},
    {"watch_ended", {"watch", "lr", "--exit-status"}},
    {"watch_json", {"watch", "lr", "-o", "json"}},
    {"watch_missing", {"watch", "nothere"}, 3},
    {"run_mistakes", {"run", "bad.yaml"}, 2},
};

std::string NameOfCase(const testing::TestParamInfo<Case>& one) { return one.param.name; }

INSTANTIATE_TEST_SUITE_P(Cli, GoldenCases, testing::ValuesIn(kCases), NameOfCase);

TEST_F(Cli, NoCoordinatorIsOneSentenceWithAWayOut) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"get", "sweeps"}, {"watch", "lr"}, {"submit", "good.yaml"}}) {
    const Ended ended = RunToEnd(At(arguments, "127.0.0.1:1"));
    EXPECT_EQ(ended.code, 5);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr("no coordinator answers at 127.0.0.1:1 (from $OPTFLEET_COORDINATOR)"));
    EXPECT_THAT(ended.err, HasSubstr("optctl run FILE"));
  }
}

TEST_F(Cli, NoCoordinatorAsJson) {
  const Ended ended = RunToEnd(At({"get", "sweeps", "-o", "json"}, "127.0.0.1:1"));
  EXPECT_EQ(OneValue(ended.err)["error"]["code"], "UNAVAILABLE");
  EXPECT_EQ(OneValue(ended.err)["error"]["exit_code"], 5);
}

TEST_F(Cli, CoordinatorIsTheOptionBeforeTheVariableBeforeTheState) {
  const std::string state = folder_.path() + "/state";
  std::filesystem::create_directory(state);
  std::ofstream(state + "/endpoint.json") << Json{{"grpc", coordinator_.address()}, {"pid", 1}}.dump();
  EXPECT_EQ(RunToEnd(At({"get", "sweeps", "--coordinator", coordinator_.address()}, "127.0.0.1:1")).code, 0);
  EXPECT_EQ(RunToEnd(At({"get", "sweeps", "--state", state}, "127.0.0.1:1")).code, 5);
  EXPECT_EQ(RunToEnd(At({"get", "sweeps", "--state", state}, "")).code, 0);
  EXPECT_EQ(RunToEnd(At({"get", "sweeps", "--state", folder_.path()}, "")).code, 3);
}

TEST_F(Cli, SubmitSendsFilesOverridesAndWhereTheyLie) {
  ASSERT_EQ(
      Run({"submit", "good.yaml+small.yaml", "--set", "model.width=32", "--name", "x", "--request-id", "r-1"})
          .code,
      0);
  const auto created = coordinator_.created();
  ASSERT_EQ(created.size(), 1u);
  const v1::CreateSweepRequest& request = created[0];
  EXPECT_EQ(request.sweep_id(), "x");
  EXPECT_EQ(request.request_id(), "r-1");
  ASSERT_EQ(request.sweep().files_size(), 2);
  EXPECT_EQ(request.sweep().files(1).path(), "small.yaml");
  EXPECT_EQ(request.sweep().files(0).folder(), std::filesystem::canonical(folder_.path()).string());
  EXPECT_THAT(request.sweep().overrides(), ElementsAre("model.width=32"));
}

TEST_F(Cli, EachSubmitHasARequestIdOfItsOwn) {
  ASSERT_EQ(Run({"submit", "good.yaml"}).code, 0);
  ASSERT_EQ(Run({"submit", "good.yaml"}).code, 0);
  const auto created = coordinator_.created();
  ASSERT_EQ(created.size(), 2u);
  EXPECT_NE(created[0].request_id(), created[1].request_id());
  EXPECT_TRUE(
      std::regex_match(created[0].request_id(),
                       std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
}

TEST_F(Cli, MistakesSendNothing) {
  EXPECT_EQ(Run({"submit", "bad.yaml"}).code, 2);
  EXPECT_TRUE(coordinator_.created().empty());
}

TEST_F(Cli, CancelChecksEveryNameBeforeTheFirst) {
  EXPECT_EQ(Run({"cancel", "sizes", "lr/x"}).code, 2);
  EXPECT_TRUE(coordinator_.cancelled().empty());
  EXPECT_EQ(Run({"cancel", "sizes", "lr/1", "--reason", "why not"}).code, 0);
  EXPECT_THAT(coordinator_.cancelled(), ElementsAre("sweeps/sizes: why not", "sweeps/lr/jobs/1: why not"));
}

TEST_F(Cli, ReportIsAWholeFileOrNone) {
  ASSERT_EQ(Run({"report", "lr", "--out", "lr.html"}).code, 0);
  std::ifstream file(folder_.path() + "/lr.html");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("sweeps/lr/jobs/7"));
  EXPECT_THAT(text.str(), HasSubstr("</html>"));
}

TEST_F(Cli, WatchWritesALinePerChangeAndEndsWithTheSweep) {
  const FakeCoordinator moving(MovingSweep());
  const Ended ended = RunToEnd(At({"watch", "lr", "--exit-status"}, moving.address()));
  EXPECT_EQ(ended.code, 10);
  EXPECT_EQ(ended.out, "");
  ExpectGolden("watch_changes", ended.err);
}

TEST_F(Cli, SubmitWaitFollows) {
  const FakeCoordinator moving(MovingSweep());
  const Ended ended = RunToEnd(At({"submit", "good.yaml", "--wait", "-o", "json"}, moving.address()));
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(OneValue(ended.out)["state"], "ended");
}

TEST_F(Cli, InterruptedWatchSaysThatTheSweepGoesOn) {
  Process watch(At({"watch", "sizes"}, coordinator_.address()));
  ASSERT_TRUE(watch.WaitForErr("sizes/1  running"));
  watch.Signal(SIGINT);
  const Ended ended = watch.Wait();
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.err, HasSubstr("the sweep goes on"));
}

TEST_F(Cli, NothingIsColouredOrMovedOffATerminal) {
  Command command = At({"watch", "lr"}, coordinator_.address());
  command.environment.erase("NO_COLOR");
  command.environment["TERM"] = "xterm-256color";
  const Ended ended = RunToEnd(command);
  EXPECT_EQ((ended.out + ended.err).find('\x1b'), std::string::npos);
}

TEST_F(Cli, WithoutColumnsAPipeLosesNothing) {
  Command command = At({"get", "attempts", "sizes/1", "-o", "wide"}, coordinator_.address());
  command.environment.erase("COLUMNS");
  EXPECT_THAT(RunToEnd(command).out, HasSubstr("/var/lib/optfleet/sweeps-sizes-jobs-1-attempts-2.1"));
}

}  // namespace
}  // namespace optfleet::commands
