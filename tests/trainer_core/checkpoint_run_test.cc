// Checkpoints of whole runs: which stay, what damage does, a disk that fills, and moving them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/trainer_core/session_fixture.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/loop/trainer.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CheckpointRunTest : public SessionTest {
 protected:
  spec::TrainingSpec Spec() {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.checkpoint.every_steps = 4;
    spec.checkpoint.keep = 3;
    return spec;
  }
};

TEST_F(CheckpointRunTest, KeptOnesAreNamedForWhoeverRemovesTheRun) {
  spec::TrainingSpec spec = Spec();
  spec.checkpoint = {.every_steps = 5, .keep = 1, .keep_every_steps = 4, .keep_best = 1, .at_end = true};
  spec.evaluation.every_steps = 3;
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const auto losses = Column(*run, "val_loss");
  ASSERT_THAT(losses, SizeIs(4));
  const auto least = std::min_element(losses.begin(), losses.end());
  std::vector<int64_t> kept = {4, 8, 12};
  const int64_t best = 3 * (least - losses.begin() + 1);
  if (std::find(kept.begin(), kept.end(), best) == kept.end()) kept.push_back(best);
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(rundir::ReadKeptSteps(run->folder).value(), kept);
  EXPECT_EQ(CheckpointSteps(run->folder), kept);
  const auto manifest = rundir::ReadGoodManifest(Checkpoint(*run, best));
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(manifest->val_loss, *least);
}

// The best of the attempts before are remembered: a worse one is not written for its sake.
TEST_F(CheckpointRunTest, AResumedRunKnowsTheBestOfItsParent) {
  spec::TrainingSpec spec = Spec();
  spec.checkpoint = {.every_steps = 0, .keep = 1, .keep_best = 2};
  spec.evaluation.every_steps = 2;
  const auto whole = Train(spec, {});
  const auto first = Train(spec, {.stop_at = 5});
  const auto second = Train(spec, {.resume = Checkpoint(*first, 5)});
  ASSERT_TRUE(second.has_value()) << second.error().message();
  const auto last = ReadRunState(Checkpoint(*whole, CheckpointSteps(whole->folder).back()));
  const auto resumed = ReadRunState(Checkpoint(*second, CheckpointSteps(second->folder).back()));
  EXPECT_EQ(resumed->best, last->best);
}

// Every file of the newest checkpoint in turn: cut off, one bit changed, longer, missing.
TEST_F(CheckpointRunTest, ADamagedOneIsNamedAndTheOneBeforeGivesTheSameRun) {
  const spec::TrainingSpec spec = Spec();
  const auto whole = Train(spec, {});
  ASSERT_TRUE(whole.has_value()) << whole.error().message();
  const std::string newest = Checkpoint(*whole, 12);
  const auto expected = ReadText(newest + "/weights.safetensors");
  const std::string stowed = data_ / "stowed";
  fs::copy(newest, stowed, fs::copy_options::recursive);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(newest)) names.push_back(entry.path().filename());
  ASSERT_THAT(names, SizeIs(4));
  for (const std::string& name : names) {
    const std::string path = newest + "/" + name, good = ReadText(path);
    std::string flipped = good;
    flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 4);
    for (const auto& bytes : {good.substr(0, good.size() - 9), flipped, good + "x", std::string()}) {
      if (bytes.empty())
        fs::remove(path);
      else
        std::ofstream(path, std::ios::binary) << bytes;
      std::vector<std::string> damaged;
      const auto chosen = ChooseCheckpoint(whole->folder, &damaged);
      ASSERT_TRUE(chosen.has_value()) << chosen.error().message();
      EXPECT_EQ(chosen->manifest.step, 8) << name << " of " << bytes.size() << " bytes";
      EXPECT_THAT(damaged, ElementsAre(HasSubstr(name)));
      std::ofstream(path, std::ios::binary) << good;
    }
  }
  std::ofstream(newest + "/notes.txt") << "of a person";
  std::vector<std::string> damaged;
  EXPECT_EQ(ChooseCheckpoint(newest, &damaged)->manifest.step, 12);
  EXPECT_THAT(damaged, IsEmpty());

  std::ofstream(newest + "/state.json") << "{}";
  const auto again = Train(spec, {.resume = ChooseCheckpoint(newest, &damaged)->path});
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(ReadText(Checkpoint(*again, 12) + "/weights.safetensors"), expected);
}

TEST_F(CheckpointRunTest, WhereNoneIsGoodItSaysWhichAndWhy) {
  const auto run = Train(SmallSpec(data_), {.stop_at = 3});
  std::vector<std::string> damaged;
  EXPECT_EQ(ChooseCheckpoint(data_.path(), &damaged).error().code(), Code::kNotFound);
  fs::remove(Checkpoint(*run, 3) + "/optimizer.safetensors");
  const auto none = ChooseCheckpoint(run->folder, &damaged);
  EXPECT_EQ(none.error().code(), Code::kDataLoss);
  EXPECT_THAT(none.error().message(), HasSubstr("optimizer.safetensors is missing"));
}

// No file may grow beyond a limit, as on a full disk; the signal of that is ignored.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit lower{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lower);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  sighandler_t before_;
};

TEST_F(CheckpointRunTest, ADiskThatFillsInTheMiddleCostsTheCheckpointAndNothingElse) {
  const spec::TrainingSpec spec = Spec();
  const auto whole = Train(spec, {});
  const auto size = fs::file_size(Checkpoint(*whole, 12) + "/weights.safetensors");
  ASSERT_GT(size, fs::file_size(whole->folder + "/metrics.log") + 1000);
  const auto full = [&] {
    const FileSizeLimit limit(size - 500);
    return Train(spec, {});
  }();
  ASSERT_TRUE(full.has_value()) << full.error().message();
  EXPECT_EQ(Records(*full), Records(*whole));
  EXPECT_TRUE(fs::is_empty(full->folder + "/checkpoints"));

  auto started = Trainer::Create(spec, at::kCPU);
  ASSERT_TRUE(started.has_value());
  RunState state;
  const std::string folder = data_ / "direct";
  fs::create_directory(folder);
  state.step = 1;
  ASSERT_TRUE(WriteCheckpoint(folder, state, (*started)->Tensors()).has_value());
  for (rlim_t bytes = 0; bytes < size; bytes += size / 7) {
    const FileSizeLimit limit(bytes);
    state.step = 2;
    const Status written = WriteCheckpoint(folder, state, (*started)->Tensors());
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), Code::kResourceExhausted) << written.error().message();
    EXPECT_THAT(CheckpointSteps(folder), ElementsAre(1));
  }
  ASSERT_TRUE(WriteCheckpoint(folder, state, (*started)->Tensors()).has_value());
  EXPECT_THAT(rundir::GoodCheckpoints(folder, nullptr), SizeIs(2));
}

// Another folder, another name of the data, as on another machine.
TEST_F(CheckpointRunTest, ACopyGoesOnElsewhereBitForBit) {
  spec::TrainingSpec spec = Spec();
  spec.model.residual_dropout = 0.1;
  const auto whole = Train(spec, {});
  const auto first = Train(spec, {.stop_at = 5});
  const std::string copy = data_ / "usb/copy";
  ASSERT_TRUE(CopyCheckpoint(Checkpoint(*first, 5), copy).has_value());
  fs::remove_all(first->folder);
  spec.data.path = data_.Write("moved.txt", ReadText(spec.data.path));
  fs::remove(data_ / "text.txt");
  const auto second = Train(spec, {.resume = copy});
  ASSERT_TRUE(second.has_value()) << second.error().message();
  EXPECT_EQ(ReadText(Checkpoint(*second, 12) + "/weights.safetensors"),
            ReadText(Checkpoint(*whole, 12) + "/weights.safetensors"));
  EXPECT_EQ(CopyCheckpoint(copy, copy).error().code(), Code::kAlreadyExists);
}

TEST_F(CheckpointRunTest, AnotherSpecIsRefusedWithWhatDiffers) {
  spec::TrainingSpec spec = Spec();
  const auto first = Train(spec, {.stop_at = 5});
  spec.optimizer.learning_rate = 0.25;
  EXPECT_THAT(Train(spec, {.resume = Checkpoint(*first, 5)}).error().message(),
              HasSubstr("optimizer.learning_rate 0.001 then, 0.25 now"));
}

}  // namespace
}  // namespace optfleet::trainer
