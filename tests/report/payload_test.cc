#include "optctl/report/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/report/fixtures.h"

namespace optfleet::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json PayloadOf(const ReportData& data) { return MakePayload(data, Analyze(data)); }

ReportData TwoJobs() {
  const double inf = std::numeric_limits<double>::infinity();
  ReportData data;
  data.sweep = "sweeps/two";
  data.state = "ended";
  data.version = "1.2.3";
  data.axes = {"optimizer.learning_rate"};
  data.files = {{"two.yaml", "a: 1\n"}};
  data.overrides = {"training.seed=2"};
  data.jobs.resize(2);
  data.jobs[0] = {
      .name = "sweeps/two/jobs/1",
      .state = "ended",
      .outcome = Outcome::kSucceeded,
      .reason = "",
      .parameters = {{"optimizer.learning_rate", "1e-3"}},
      .final_figures = {{"val_loss", 2.25}, {"train_seconds", 1.5}},
      .latest_figures = {{"loss", 2.0}, {"val_loss", 9.0}},
      .step = 4,
      .total_steps = 4,
      .start_us = 1'000'000,
      .end_us = 9'000'000,
      .attempts = 1,
      .spec_json = R"({"model":{"width":8}})",
      .spec_hash = "aa",
      .series = {{.key = "loss",
                  .steps = {2, 4},
                  .last = {3.1234567, 2},
                  .min = {3, 1},
                  .max = {4, 2},
                  .time_us = {}},
                 {.key = "tokens", .steps = {2, 4}, .last = {64, 128}, .time_us = {2'000'000, 3'000'000}}}};
  data.jobs[1] = {.name = "sweeps/two/jobs/2",
                  .state = "ended",
                  .outcome = Outcome::kDiverged,
                  .reason = "NaN",
                  .parameters = {{"optimizer.learning_rate", "1"}},
                  .final_figures = {{"loss", inf}},
                  .latest_figures = {},
                  .spec_json = "no spec",
                  .spec_hash = "bb",
                  .series = {{.key = "loss", .steps = {1}, .last = {inf}}}};
  return data;
}

// The whole data block of a small sweep: a change of it is a change of the contract with the page's script.
TEST(Payload, HoldsTheWholeSweep) {
  const Json expected = Json::parse(R"json({
    "title": "sweeps/two", "description": "", "sweep": "sweeps/two", "state": "ended", "version": "1.2.3",
    "answer": "best: lr=1e-3: val loss 2.250", "objective": "val_loss", "direction": "minimize", "created_us": 0, "ended_us": 0, "made_us": 0,
    "axes": [{"key": "optimizer.learning_rate", "name": "lr"}],
    "main": 0, "main_log": true, "line_axes": [], "repeats": [],
    "lines": [{"label": "", "values": [],
               "points": [{"x": 0.001, "label": "1e-3", "jobs": [0], "y": 2.25}, {"x": 1.0, "label": "1", "jobs": [1], "y": null}],
               "best_job": 0, "best_point": 0, "edge": "", "good": [0.001, 0.001]}],
    "best_job": 0,
    "jobs": [
      {"id": "1", "name": "sweeps/two/jobs/1", "state": "succeeded", "counts": true, "reason": "", "values": ["1e-3"],
       "step": 4, "total_steps": 4, "attempts": 1, "hash": "aa",
       "figures": {"val_loss": 2.25, "train_seconds": 1.5, "loss": 2.0}, "seconds": 1.5,
       "spec": "{\n  \"model\": {\n    \"width\": 8\n  }\n}",
       "model": {"values": {"width": 8}},
       "label": "lr=1e-3", "line": 0, "columns": [[2, 4]],
       "series": {"loss": {"at": 0, "last": [3.1235, 2.0], "min": [3.0, 1.0], "max": [4.0, 2.0]}},
       "clock": {"steps": [2, 4], "tokens": [64.0, 128.0], "seconds": [1.0, 2.0]}},
      {"id": "2", "name": "sweeps/two/jobs/2", "state": "diverged", "counts": false, "reason": "NaN", "values": ["1"],
       "step": 0, "total_steps": 0, "attempts": 0, "hash": "bb", "figures": {"loss": "Infinity"}, "seconds": null,
       "spec": "no spec", "model": null,
       "label": "lr=1", "line": 0, "columns": [[1]], "series": {"loss": {"at": 0, "last": [null]}}, "clock": {"steps": [1]}}],
    "curves": {"jobs": 2, "points": 400},
    "files": [{"path": "two.yaml", "text": "a: 1\n"}], "overrides": ["training.seed=2"]})json");
  EXPECT_EQ(PayloadOf(TwoJobs()).dump(1), expected.dump(1));
}

TEST(Payload, CountsTheParametersOfSpecsThatThisVersionReads) {
  const Json payload = PayloadOf(QuickstartSweep());
  const Json& model = payload["jobs"][0]["model"];
  EXPECT_GT(model.at("parameters").get<int64_t>(), 300'000);
  EXPECT_EQ(model.at("state_bytes").get<int64_t>(), 3 * 4 * model["parameters"].get<int64_t>())
      << "sgd with momentum, fp32";
}

TEST(Payload, AThousandJobsAreAllListedAndSomeCarryCurves) {
  const Json payload = PayloadOf(Thousand());
  ASSERT_EQ(payload["jobs"].size(), 1000U);
  size_t carry = 0;
  for (const Json& job : payload["jobs"]) carry += job.contains("series") ? 1 : 0;
  EXPECT_EQ(carry, payload["curves"]["jobs"].get<size_t>());
  EXPECT_EQ(carry, 60U);
  for (const Json& line : payload["lines"]) {
    EXPECT_TRUE(payload["jobs"][line["best_job"].get<size_t>()].contains("series"))
        << "the best of each line has its curve";
  }
}

TEST(EmbeddableText, CannotEndItsElementAndStaysTheSameJson) {
  const Json json = {{"<!--<script>", "</script>&amp;\u2028"}};
  const std::string text = EmbeddableText(json);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_THAT(text, Not(HasSubstr("&")));
  EXPECT_EQ(Json::parse(text), json);
}

TEST(EmbeddableText, ReplacesBytesThatAreNoText) {
  EXPECT_EQ(Json::parse(EmbeddableText("a\xff")).get<std::string>(), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace optfleet::report
