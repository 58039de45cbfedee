#include "tests/sweeps/render.h"

#include <gtest/gtest.h>

#include "spec/fields.h"

namespace optfleet::testing {
namespace {

std::string Difference(const spec::TrainingSpec& spec, const spec::TrainingSpec& other) {
  std::string text;
  for (const spec::Field& field : spec::Fields())
    if (field.get(spec) != field.get(other))
      text.append(text.empty() ? "" : " ").append(field.key).append("=") += spec::ToText(field.get(spec));
  return text;
}

}  // namespace

std::string Render(const sweeps::ExpandResult& result) {
  if (!result.expansion)
    return result.diagnostics.Render() + std::to_string(result.diagnostics.count()) + " problems\n";
  const sweeps::Expansion& expansion = *result.expansion;
  std::string text = "name " + expansion.name + "\nobjective " + ToText(expansion.objective) + "\n";
  if (!expansion.description.empty()) text += "description " + expansion.description + "\n";
  for (const auto& [name, value] : expansion.environment) text += "environment " + name + "=" + value + "\n";
  for (const auto& file : result.files)
    text += "data " + file.path + " at " + std::to_string(file.position.line) + ":" +
            std::to_string(file.position.column) + "\n";
  text += "first spec: " + Difference(expansion.jobs.front().spec, {}) + "\n";
  for (const sweeps::Job& job : expansion.jobs) {
    text += "job " + std::to_string(job.number) + " block " + std::to_string(job.block) + ":";
    for (size_t i = 0; i < expansion.axes.size(); ++i) text += " " + expansion.axes[i] + "=" + job.values[i];
    const std::string difference = Difference(job.spec, expansion.jobs.front().spec);
    text += difference.empty() ? "\n" : " | " + difference + "\n";
  }
  for (const auto& merged : expansion.merged_points)
    text += "point " + std::to_string(merged.point) + " is job " + std::to_string(merged.job) + "\n";
  return text + std::to_string(expansion.jobs.size()) + " jobs of " + std::to_string(expansion.points) +
         " points\n";
}

sweeps::SweepInput OneFile(const std::string& text) { return {{{"sweep.yaml", text, ""}}, {}, "", {}}; }

sweeps::ExpandResult Expanded(const std::string& text, const std::vector<std::string>& overrides) {
  return sweeps::ExpandSweep({{{"enough.yaml", kEnough, ""}, {"sweep.yaml", text, ""}}, overrides, "", {}});
}

std::vector<std::string> PointsOf(const std::string& text, const std::vector<std::string>& overrides) {
  const auto result = Expanded(text, overrides);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  std::vector<std::string> points;
  if (!result.expansion) return points;
  EXPECT_EQ(result.expansion->points,
            static_cast<int64_t>(result.expansion->jobs.size() + result.expansion->merged_points.size()));
  for (const sweeps::Job& job : result.expansion->jobs) {
    std::string point;
    for (const std::string& value : job.values) point += (point.empty() ? "" : " ") + value;
    points.push_back(point);
  }
  return points;
}

std::string MistakesOf(const std::string& text, const std::vector<std::string>& overrides) {
  const auto result = Expanded(text, overrides);
  EXPECT_FALSE(result.expansion) << text;
  return result.diagnostics.Render();
}

}  // namespace optfleet::testing
