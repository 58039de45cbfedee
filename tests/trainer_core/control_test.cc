#include "trainer_core/control/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "common/json.h"
#include "tests/trainer_core/temporary_folder.h"
#include "trainer_core/checkpoint/run_state.h"
#include "trainer_core/control/control_server.h"

namespace optfleet::trainer {
namespace {

Json Ask(Control* control, const std::string& line) { return Json::parse(HandleCommand(line, control)); }

TEST(Control, AnswersEveryCommandWithTheStep) {
  Control control;
  control.SetStep(123);
  for (const char* command :
       {R"({"command":"checkpoint"})", R"({"command":"status"})", R"({"command":"stop"})"}) {
    EXPECT_EQ(Ask(&control, command), (Json{{"ok", true}, {"step", 123}})) << command;
  }
}

TEST(Control, CheckpointRequestIsTakenOnce) {
  Control control;
  EXPECT_FALSE(control.TakeCheckpointRequest());
  Ask(&control, R"({"command":"checkpoint"})");
  EXPECT_TRUE(control.TakeCheckpointRequest());
  EXPECT_FALSE(control.TakeCheckpointRequest());
}

TEST(Control, FirstStopCounts) {
  Control control;
  Ask(&control, R"({"command":"stop","outcome":"cancelled","checkpoint":false,"reason":"not needed"})");
  Ask(&control, R"({"command":"stop","outcome":"preempted"})");
  ASSERT_TRUE(control.stop().has_value());
  EXPECT_EQ(control.stop()->outcome, Outcome::kCancelled);
  EXPECT_FALSE(control.stop()->checkpoint);
  EXPECT_EQ(control.stop()->reason, "not needed");
}

TEST(Control, RefusesWhatItDoesNotKnow) {
  Control control;
  for (const char* line :
       {"", "[]", "{}", R"({"command":1})", R"({"command":"dance"})",
        R"({"command":"stop","outcome":"succeeded"})", R"({"command":"stop","checkpoint":"yes"})"}) {
    EXPECT_EQ(Ask(&control, line)["ok"], false) << line;
  }
  EXPECT_FALSE(control.stop().has_value());
}

class Client {
 public:
  explicit Client(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    connected_ = connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(descriptor_); }
  bool connected() const { return connected_; }
  void Send(const std::string& text) {
    ASSERT_EQ(send(descriptor_, text.data(), text.size(), 0), ssize_t(text.size()));
  }
  std::string ReadLine() {
    std::string line;
    for (char c = 0; read(descriptor_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

TEST(ControlServer, ServesLinesHoweverTheyAreCut) {
  const TemporaryFolder folder;
  Control control;
  auto server = ControlServer::Start(folder.path(), &control);
  ASSERT_TRUE(server.has_value()) << server.error().message();
  Client client(folder / "control.sock");
  ASSERT_TRUE(client.connected());
  client.Send("{\"command\":\"sta");
  client.Send("tus\"}\n{\"command\":\"checkpoint\"}\n");
  EXPECT_EQ(client.ReadLine(), R"({"ok":true,"step":0})");
  EXPECT_EQ(client.ReadLine(), R"({"ok":true,"step":0})");
  EXPECT_TRUE(control.TakeCheckpointRequest());
}

TEST(ControlServer, DropsAClientThatNeverEndsItsLine) {
  const TemporaryFolder folder;
  Control control;
  auto server = ControlServer::Start(folder.path(), &control);
  ASSERT_TRUE(server.has_value());
  Client endless(folder / "control.sock");
  const std::string junk(100'000, 'x');
  endless.Send(junk);
  EXPECT_EQ(endless.ReadLine(), "");  // closed
  Client next(folder / "control.sock");
  next.Send("{\"command\":\"status\"}\n");
  EXPECT_THAT(next.ReadLine(), testing::HasSubstr("\"ok\":true"));
}

TEST(ControlServer, SigtermIsAStopWithACheckpoint) {
  const TemporaryFolder folder;
  Control control;
  auto server = ControlServer::Start(folder.path(), &control);
  ASSERT_TRUE(server.has_value());
  kill(getpid(), SIGTERM);
  server->reset();  // handles what has arrived before it ends
  ASSERT_TRUE(control.stop().has_value());
  EXPECT_EQ(control.stop()->outcome, Outcome::kPreempted);
  EXPECT_TRUE(control.stop()->checkpoint);
}

TEST(ControlServer, LongPathsDoNotMatter) {
  const TemporaryFolder folder;
  const std::string deep = folder / std::string(200, 'd');
  ASSERT_TRUE(std::filesystem::create_directory(deep));
  Control control;
  EXPECT_TRUE(ControlServer::Start(deep, &control).has_value());
}

TEST(RunState, SurvivesItsFile) {
  RunState state;
  state.step = 17;
  state.record = 20;
  state.data_position = 17 * 8;
  state.train_seconds = 1.0 / 3;
  state.last_loss = 5.4999999999999996;
  state.random_state = std::string("\x00\xff\x10", 3);
  state.spec_hash = "abc";
  state.data = {5, 0xffffffffu};
  state.run_hash = "run";
  state.spec = {{"model", {{"layers", 2}}}};
  state.best = {{4, 2.5}, {8, 2.75}};
  state.average_samples = 3;
  state.start = {7, 8};
  state.val_loss = 2.5;
  const auto read = RunStateFromJson(Json::parse(ToJson(state).dump()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToJson(*read), ToJson(state));
  EXPECT_EQ(read->random_state, state.random_state);
}

TEST(RunState, NamesTheMissingKey) {
  Json json = ToJson(RunState{});
  json.erase("data_position");
  const auto read = RunStateFromJson(json);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), Code::kDataLoss);
  EXPECT_THAT(read.error().message(), testing::HasSubstr("data_position"));
}

TEST(RunState, OtherSpecOrDataIsRefusedWithWhatDiffers) {
  RunState state;
  state.run_hash = "run";
  state.spec = {{"data", {{"path", "here"}}}, {"training", {{"seed", 1}}}};
  state.data = {100, 1};
  RunState now = state;
  now.spec["data"]["path"] = "there";
  EXPECT_TRUE(CheckSameRun(state, now).has_value());
  now.run_hash = "other";
  now.spec["training"] = {{"batch_size", 8}};
  const auto other = CheckSameRun(state, now);
  EXPECT_EQ(other.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(other.error().message(), testing::HasSubstr("(training.batch_size not given then, 8 now, "
                                                          "training.seed 1 then, not given now)"));
  now = state;
  now.data = {100, 2};
  EXPECT_THAT(CheckSameRun(state, now).error().message(),
              testing::HasSubstr("data.validation_path has changed"));
}

TEST(RunState, AnotherNumberOfStepsIsAnotherRun) {
  RunState state;
  state.run_hash = "run";
  state.steps = 100;
  RunState now = RunStateFromJson(ToJson(state)).value();
  EXPECT_TRUE(CheckSameRun(state, now).has_value());
  now.steps = 99;
  EXPECT_THAT(CheckSameRun(state, now).error().message(),
              testing::HasSubstr("of a run of 100 steps, and this one has 99"));
  state.steps = 0;  // it ends by time, or an older version wrote it
  EXPECT_TRUE(CheckSameRun(state, now).has_value());
}

// Written before a checkpoint knew more than the hash of its spec.
TEST(RunState, OldOnesAreHeldAgainstTheHashOfTheSpec) {
  RunState written;
  written.spec_hash = "spec";
  Json json = ToJson(written);
  for (const char* key : {"run_hash", "spec", "best", "average_samples"}) json.erase(key);
  const auto old = RunStateFromJson(json);
  ASSERT_TRUE(old.has_value());
  RunState now = written;
  now.run_hash = "run";
  EXPECT_TRUE(CheckSameRun(*old, now).has_value());
  now.spec_hash = "other";
  EXPECT_FALSE(CheckSameRun(*old, now).has_value());
}

}  // namespace
}  // namespace optfleet::trainer
