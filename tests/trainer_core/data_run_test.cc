// Whole runs over every order and form of data: where a stopped one goes on, and what a step sees.
#include <gmock/gmock.h>

#include "tests/trainer_core/session_fixture.h"
#include "tests/trainer_core/token_files.h"

namespace optfleet::trainer {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using enum spec::DataOrder;

class DataRunTest : public SessionTest {
 protected:
  spec::TrainingSpec Spec(const std::function<void(spec::TrainingSpec*)>& change) {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.budget = {.steps = 10};
    change(&spec);
    for (const auto& problem : spec::Resolve(&spec)) ADD_FAILURE() << problem.message;
    return spec;
  }
};

TEST_F(DataRunTest, EveryOrderSurvivesStopsBitForBit) {
  std::vector<std::vector<double>> losses;
  for (const auto order : {kShuffled, kSequential, kRandomWindows}) {
    SCOPED_TRACE(static_cast<int>(order));
    const auto spec = Spec([&](auto* change) {
      change->data.order = order;
      change->data.length_warmup = spec::Steps(7);
      change->data.length_start = 4;
    });
    ExpectSurvivesStops(spec, 10);
    losses.push_back(Column(*Train(spec, {}), "loss"));
  }
  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NE(losses[1], losses[2]);
}

// The same tokens as words of two bytes, with a header and documents, train to the same numbers.
TEST_F(DataRunTest, TokenFilesTrainAsTheirTextDoes) {
  const std::string text = SomeText();
  const auto run = Train(Spec([](auto*) {}), {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  PreparedFile file;
  for (const char c : text) file.tokens.push_back(static_cast<uint8_t>(c));
  file.documents = {{0, 0}};
  file.utf8_bytes = text.size();
  const std::string path = data_.Write("text.tokens", file.Bytes());
  const auto other = Train(Spec([&](auto* spec) { spec->data.path = path; }), {});
  ASSERT_TRUE(other.has_value()) << other.error().message();
  EXPECT_EQ(Column(*run, "loss"), Column(*other, "loss"));
  EXPECT_EQ(run->result.final.at("val_loss"), other->result.final.at("val_loss"));
  // One document that is divided: its bytes are not known on either side.
  EXPECT_EQ(run->result.final.count("val_bits_per_byte"), 1U);
  EXPECT_EQ(other->result.final.count("val_bits_per_byte"), 0U);
}

TEST_F(DataRunTest, AValidationFileIsValidatedOn) {
  const std::string path = data_.Write("other.txt", std::string(2000, 'z'));
  const auto spec = Spec([&](auto* change) { change->data.validation_path = path; });
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const auto own = Train(Spec([](auto*) {}), {});
  ASSERT_TRUE(own.has_value()) << own.error().message();
  EXPECT_EQ(Column(*run, "loss").size(), Column(*own, "loss").size());
  EXPECT_NE(run->result.final.at("val_loss"), own->result.final.at("val_loss"));
  data_.Write("other.txt", std::string(2000, 'y'));
  const auto first = Train(spec, {.stop_at = 2});
  data_.Write("other.txt", std::string(2000, 'x'));
  const auto second = Train(spec, {.resume = Checkpoint(*first, 2)});
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message(), HasSubstr("data.validation_path has changed"));
}

TEST_F(DataRunTest, SequencesGrowAndTokensOfAStepStay) {
  const auto run = Train(Spec([](auto* spec) {
                           spec->data.length_warmup = spec::Percent(60);
                           spec->data.length_start = 2;
                         }),
                         {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_THAT(Column(*run, "sequence_length"), ElementsAre(2, 2, 4, 4, 8, 8, 16, 16, 16, 16));
  const auto tokens = Column(*run, "tokens");
  for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(tokens[i], 128.0 * static_cast<double>(i + 1));
}

// Chunks of 16 in halves are the chunks of 8 of the same file, so a run that stays in its warm-up is one with
// sequences of 8.
TEST_F(DataRunTest, PiecesAreSequencesOfTheirOwn) {
  const auto halved = Train(Spec([](auto* spec) {
                              spec->data.order = kSequential;
                              spec->data.length_warmup = spec::Steps(10);
                              spec->data.length_start = 8;
                            }),
                            {});
  const auto of_eight = Train(Spec([](auto* spec) {
                                spec->data.order = kSequential;
                                spec->data.sequence_length = 8;
                                spec->model.context = 16;
                                spec->training.batch_size = 16;
                                spec->training.micro_batch = 8;
                              }),
                              {});
  ASSERT_TRUE(halved.has_value() && of_eight.has_value());
  EXPECT_EQ(Column(*halved, "loss"), Column(*of_eight, "loss"));
}

TEST_F(DataRunTest, EveryStepSaysHowLongItWaitedForData) {
  const auto run = Train(Spec([](auto*) {}), {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const auto waits = Column(*run, "data_wait_seconds");
  EXPECT_EQ(waits.size(), 10U);
  EXPECT_THAT(waits, Each(testing::Ge(0)));
  EXPECT_GE(run->result.final.at("data_wait_share"), 0);
  EXPECT_LT(run->result.final.at("data_wait_share"), 1);
}

}  // namespace
}  // namespace optfleet::trainer
