// Sweeps with stages and rungs, on a whole coordinator.
#include <map>
#include <thread>

#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kStaged = R"(
model: {layers: 1, width: 16, heads: 2}
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
stages:
  - name: rates
    optimizer: {name: adamw, learning_rate: [1e-4, 1e-3]}
  - name: seeds
    base: best(rates)
    replicates: 2
)";

// kStaged with something else in one place.
std::string With(const std::string& what, const std::string& instead) {
  std::string text = kStaged;
  return text.replace(text.find(what), what.size(), instead);
}

class StagesApi : public Serving {
 protected:
  v1::SynchronizeRequest Hello() {
    v1::SynchronizeRequest request;
    request.set_worker_id("w");
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    request.add_slots()->set_kind(v1::Slot::KIND_CPU);
    return request;
  }
  // The one that the worker should have; asked for again until there is one.
  v1::DesiredAttempt Next() {
    for (int look = 0; look < 1000; ++look) {
      const auto response = Synchronize(Hello());
      if (response.attempts_size() > 0) return response.attempts(0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // the stage is being expanded
    }
    ADD_FAILURE() << "no attempt was given out";
    return {};
  }
  void End(const v1::DesiredAttempt& attempt, v1::Outcome outcome, double val_loss) {
    v1::SynchronizeRequest ended = Hello();
    v1::AttemptStatus* status = ended.add_attempts();
    status->set_attempt(attempt.attempt());
    *status->mutable_fence() = attempt.fence();
    status->set_state(v1::AttemptStatus::STATE_ENDED);
    status->add_slots(0);
    status->set_outcome(outcome);
    status->set_checkpoint_step(attempt.pause_step());
    v1::Figure* figure = status->add_final();
    figure->set_key("val_loss");
    figure->set_value(val_loss);
    Synchronize(ended);
  }
  v1::Sweep Get(const std::string& name) {
    v1::GetSweepRequest request;
    request.set_name(name);
    v1::Sweep sweep;
    EXPECT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::GetSweep, request, &sweep).ok());
    return sweep;
  }
  v1::Sweep Ended(const std::string& name) {
    for (int look = 0; look < 1000 && Get(name).state() == v1::Sweep::STATE_ACTIVE; ++look)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return Get(name);
  }
  grpc::Status Extend(const std::string& text, bool dry, v1::ExtendSweepResponse* response) {
    v1::ExtendSweepRequest request;
    request.set_name("sweeps/lr");
    *request.mutable_sweep() = NewSweep("", text).sweep();
    request.set_validate_only(dry);
    return Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, response);
  }
  static std::vector<std::string> TitlesOf(const v1::Sweep& sweep) {
    std::vector<std::string> titles;
    for (const v1::Stage& stage : sweep.stages()) titles.push_back(stage.name());
    return titles;
  }
  static std::vector<std::string> PointOf(const v1::Job& job) {
    std::vector<std::string> values;
    for (const v1::Parameter& parameter : job.parameters())
      values.push_back(parameter.key() + "=" + parameter.value());
    return values;
  }

  int64_t sequence_ = 0;
};

TEST_F(StagesApi, TheNextStageBeginsFromTheBestByItself) {
  const v1::Sweep made = Submit(NewSweep("lr", kStaged));
  EXPECT_EQ(made.job_count(), 2);
  ASSERT_EQ(made.stages_size(), 2);
  EXPECT_TRUE(made.stages(0).begun());
  EXPECT_FALSE(made.stages(1).begun());
  End(Next(), v1::OUTCOME_SUCCEEDED, 3);
  End(Next(), v1::OUTCOME_SUCCEEDED, 2);
  const v1::DesiredAttempt third = Next();
  EXPECT_EQ(third.attempt(), "sweeps/lr/jobs/3/attempts/1");
  EXPECT_THAT(PointOf(GetJob("sweeps/lr/jobs/3")),
              ElementsAre("stage=seeds", "optimizer.learning_rate=1e-3", "training.seed=1"));
  EXPECT_THAT(PointOf(GetJob("sweeps/lr/jobs/1")),
              ElementsAre("stage=rates", "optimizer.learning_rate=1e-4", "training.seed=0"));
  EXPECT_THAT(Get("sweeps/lr").stages(1).from_jobs(), ElementsAre("sweeps/lr/jobs/2"));
  End(third, v1::OUTCOME_SUCCEEDED, 2);
  EXPECT_EQ(Ended("sweeps/lr").state(), v1::Sweep::STATE_ENDED);
}

TEST_F(StagesApi, ACoordinatorThatWasAwayBeginsItWhenItIsBack) {
  Submit(NewSweep("lr", kStaged));
  End(Next(), v1::OUTCOME_SUCCEEDED, 3);
  const v1::DesiredAttempt second = Next();
  End(second, v1::OUTCOME_SUCCEEDED, 2);
  Restart();
  EXPECT_EQ(Next().attempt(), "sweeps/lr/jobs/3/attempts/1");
}

TEST_F(StagesApi, WithoutAnyValueTheSweepEndsAndSaysWhy) {
  Submit(NewSweep("lr", kStaged));
  End(Next(), v1::OUTCOME_DIVERGED, 3);
  End(Next(), v1::OUTCOME_DIVERGED, 2);
  const v1::Sweep sweep = Ended("sweeps/lr");
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_ENDED);
  EXPECT_EQ(sweep.stage_problem(), "stage seeds cannot begin: no job has a value for best(rates)");
}

constexpr const char* kDrawn = R"(
model: {layers: 1, width: 16, heads: 2}
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
sample: {points: 3, method: tpe, batch: 1}
optimizer.learning_rate: {from: 1e-4, to: 1e-1, spacing: log}
)";

TEST_F(StagesApi, ARoundOfPointsFollowsAnotherAndIsTheSameAfterARestart) {
  EXPECT_EQ(Submit(NewSweep("lr", kDrawn)).stages_size(), 3);
  Submit(NewSweep("again", kDrawn));
  std::map<std::string, std::vector<std::string>> drawn;
  for (int round = 1; round <= 3; ++round) {
    for (int sweep = 0; sweep < 2; ++sweep) {
      const v1::DesiredAttempt attempt = Next();
      const std::string job = attempt.attempt().substr(0, attempt.attempt().find("/attempts/"));
      for (const std::string& value : PointOf(GetJob(job)))
        drawn[job.substr(0, job.find("/jobs/"))].push_back(value);
      End(attempt, v1::OUTCOME_SUCCEEDED, 3 - round);
    }
    Restart();
  }
  EXPECT_EQ(drawn["sweeps/lr"].size(), 3U);
  EXPECT_EQ(drawn["sweeps/lr"], drawn["sweeps/again"]);
  EXPECT_EQ(Ended("sweeps/lr").state(), v1::Sweep::STATE_ENDED);
}

constexpr const char* kDrawnStage = R"(
model: {layers: 1, width: 16, heads: 2}
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
stages:
  - name: batch
    training.batch_size: [2, 4]
  - name: rates
    base: best(batch)
    sample: {points: 3, method: tpe, batch: 1}
    optimizer.learning_rate: {from: 1e-4, to: 1e-1, spacing: log}
  - name: seeds
    base: best(rates)
    replicates: 2
)";

TEST_F(StagesApi, AStageHasItsRoundsBeforeTheNextAndTheyAreTheSameAfterARestart) {
  EXPECT_EQ(Submit(NewSweep("lr", kDrawnStage)).stages_size(), 5);
  Submit(NewSweep("again", kDrawnStage));
  std::map<std::string, std::vector<std::string>> drawn;
  for (int trained = 0; trained < 12; ++trained) {
    const v1::DesiredAttempt attempt = Next();
    const std::string job = attempt.attempt().substr(0, attempt.attempt().find("/attempts/"));
    std::string point;
    for (const std::string& value : PointOf(GetJob(job))) point += value + " ";
    auto& points = drawn[job.substr(0, job.find("/jobs/"))];
    points.push_back(point);
    // The second point of the rates is the best.
    End(attempt, v1::OUTCOME_SUCCEEDED, points.size() == 4 ? 1 : points.size() == 2 ? 2.5 : 3);
    if (trained % 4 == 1) Restart();
  }
  EXPECT_EQ(drawn["sweeps/lr"], drawn["sweeps/again"]);
  ASSERT_EQ(drawn["sweeps/lr"].size(), 6U);
  for (size_t point = 2; point < 5; ++point)
    EXPECT_THAT(drawn["sweeps/lr"][point], testing::StartsWith("stage=rates training.batch_size=4 "));
  EXPECT_THAT(drawn["sweeps/lr"][5], testing::StartsWith("stage=seeds training.batch_size=4 "));
  const v1::Sweep sweep = Ended("sweeps/lr");
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_ENDED);
  EXPECT_THAT(sweep.stages(1).from_jobs(), ElementsAre("sweeps/lr/jobs/2"));
  EXPECT_EQ(sweep.stages(3).round(), 3);
  EXPECT_THAT(sweep.stages(4).from_jobs(), ElementsAre("sweeps/lr/jobs/4")) << "the best of all rounds";
}

TEST_F(StagesApi, StagesMayFollowThoseThatItHad) {
  Submit(NewSweep("lr", kStaged));
  End(Next(), v1::OUTCOME_SUCCEEDED, 3);
  End(Next(), v1::OUTCOME_SUCCEEDED, 2);
  End(Next(), v1::OUTCOME_SUCCEEDED, 1);
  ASSERT_EQ(Ended("sweeps/lr").state(), v1::Sweep::STATE_ENDED);
  const std::string more = std::string(kStaged) +
                           "  - name: decay\n"
                           "    base: best(rates + seeds)\n"
                           "    optimizer.weight_decay: [0.1, 0.2]\n";
  v1::ExtendSweepResponse response;
  ASSERT_EQ(Extend(more, /*dry=*/true, &response).error_message(), "");
  EXPECT_THAT(TitlesOf(response.sweep()), ElementsAre("rates", "seeds", "decay"));
  EXPECT_EQ(response.known_points(), 4) << "of two stages, one point of which is in both";
  EXPECT_EQ(Get("sweeps/lr").stages_size(), 2) << "a dry run changes nothing";

  ASSERT_EQ(Extend(more, /*dry=*/false, &response).error_message(), "");
  EXPECT_EQ(response.new_jobs(), 0) << "they follow once the stage begins";
  EXPECT_EQ(response.sweep().state(), v1::Sweep::STATE_ACTIVE);
  EXPECT_FALSE(response.sweep().stages(2).begun());
  Restart();
  EXPECT_EQ(Next().attempt(), "sweeps/lr/jobs/4/attempts/1");
  EXPECT_THAT(Get("sweeps/lr").stages(2).from_jobs(), ElementsAre("sweeps/lr/jobs/3"));
  EXPECT_THAT(PointOf(GetJob("sweeps/lr/jobs/4")),
              ElementsAre("stage=decay", "optimizer.learning_rate=1e-3", "training.seed=1",
                          "optimizer.weight_decay=0.1"));
  EXPECT_THAT(PointOf(GetJob("sweeps/lr/jobs/1")), testing::Contains("optimizer.weight_decay=0"))
      << "jobs that were there have a value on the new axis";
}

TEST_F(StagesApi, OnlyWhatIsStillToBeginMayChange) {
  Submit(NewSweep("lr", kStaged));
  v1::ExtendSweepResponse response;
  EXPECT_EQ(
      Extend(With("1e-4, 1e-3", "1e-4, 1e-3, 1e-2"), false, &response).error_message(),
      "stage rates has begun, and the file adds 1 point; only stages that are still to begin may change. "
      "Submit the file as a sweep of its own, with --reuse for what is trained already");
  EXPECT_THAT(Extend(With("1e-4, 1e-3", "1e-4"), false, &response).error_message(),
              HasSubstr("the file takes away 1 point;"));
  EXPECT_THAT(Extend(With("name: rates", "name: speeds\n    base: {}"), true, &response).error_message(),
              HasSubstr("`base`"));
  EXPECT_THAT(Extend(kSweepText, true, &response).error_message(),
              HasSubstr("sweeps/lr has stages, and the file has none"));
  EXPECT_THAT(Extend(With("replicates: 2", "replicates: 0"), true, &response).error_message(),
              HasSubstr("`replicates`"))
      << "a mistake in a stage that is still to begin";
  const int32_t events = static_cast<int32_t>(Get("sweeps/lr").stages_size());
  EXPECT_EQ(Extend(kStaged, false, &response).error_message(), "") << "nothing is new";
  EXPECT_EQ(Get("sweeps/lr").stages_size(), events);

  EXPECT_EQ(Extend(With("replicates: 2", "replicates: 3"), false, &response).error_message(), "");
  End(Next(), v1::OUTCOME_SUCCEEDED, 3);
  End(Next(), v1::OUTCOME_SUCCEEDED, 2);
  End(Next(), v1::OUTCOME_SUCCEEDED, 2);
  End(Next(), v1::OUTCOME_SUCCEEDED, 2);
  EXPECT_EQ(Ended("sweeps/lr").job_count(), 4) << "two rates, then three seeds of which one was there";
}

TEST_F(StagesApi, ASearchMayGoOnForLonger) {
  Submit(NewSweep("lr", kDrawn));
  for (int round = 1; round <= 3; ++round) End(Next(), v1::OUTCOME_SUCCEEDED, 3 - round);
  ASSERT_EQ(Ended("sweeps/lr").job_count(), 3);
  const std::vector<std::string> third = PointOf(GetJob("sweeps/lr/jobs/3"));
  std::string longer = kDrawn;
  longer.replace(longer.find("points: 3"), 9, "points: 5");
  v1::ExtendSweepResponse response;
  ASSERT_EQ(Extend(longer, false, &response).error_message(), "");
  for (int round = 4; round <= 5; ++round) End(Next(), v1::OUTCOME_SUCCEEDED, 3 - round);
  EXPECT_EQ(Ended("sweeps/lr").job_count(), 5);
  EXPECT_EQ(PointOf(GetJob("sweeps/lr/jobs/3")), third);
}

TEST_F(StagesApi, StagesDoNotExtendASweepThatHasNone) {
  Submit(NewSweep("lr"));
  v1::ExtendSweepResponse response;
  for (const bool dry : {true, false})
    EXPECT_THAT(Extend(kStaged, dry, &response).error_message(),
                HasSubstr("sweeps/lr has no stages, and the file has some"));
}

TEST_F(StagesApi, AJobPausesAtItsRungAndSaysHowItStands) {
  Submit(NewSweep("lr", std::string(kSweepText) + "halving: {first: 20%, factor: 3}\n"));
  EXPECT_THAT(Get("sweeps/lr").rules(0), HasSubstr("halving: jobs pause at 20% of their steps"));
  const v1::DesiredAttempt first = Next();
  EXPECT_EQ(first.pause_step(), 2);
  End(first, v1::OUTCOME_PREEMPTED, 3);
  const v1::Job job = GetJob("sweeps/lr/jobs/1");
  EXPECT_EQ(job.state(), v1::Job::STATE_PAUSED);
  EXPECT_THAT(job.reason(), HasSubstr("1st of 1 at rung 0 (step 2)"));
  Restart();
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1").state(), v1::Job::STATE_PAUSED);
}

}  // namespace
}  // namespace optfleet::app
