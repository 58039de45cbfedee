#include "optctl/commands/sweep_follower.h"

#include <fmt/format.h>

#include <algorithm>

#include "optctl/commands/follow.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/report_data.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_names.h"
#include "optctl/report/answer.h"

namespace optfleet::commands {
namespace {

constexpr int kCurvePoints = 12;
constexpr size_t kCurvesRead = 8;
constexpr double kGentleness = 10;

double Share(const v1::Job& job) {
  return job.total_steps() > 0 ? static_cast<double>(job.step()) / static_cast<double>(job.total_steps()) : 0;
}

}  // namespace

bool SweepFollower::is_over() const {
  return sweep_.state() == v1::Sweep::STATE_ENDED || sweep_.state() == v1::Sweep::STATE_CANCELLED ||
         IsHeld(sweep_);
}

Status SweepFollower::Poll(Client& client, double seconds) {
  auto sweep = client.GetSweep(name_);
  if (!sweep) return Fail(std::move(sweep).error());
  sweep_ = *std::move(sweep);
  left_.Add(seconds, sweep_.progress());
  if (seconds >= next_list_ || is_over()) {
    OPTFLEET_RETURN_IF_ERROR(ReadJobs(client, seconds));
    if (with_curves_) OPTFLEET_RETURN_IF_ERROR(ReadCurves(client));
  }
  return {};
}

Status SweepFollower::ReadJobs(Client& client, double seconds) {
  const auto begin = std::chrono::steady_clock::now();
  auto jobs = client.ListJobs(name_);
  if (!jobs) return Fail(std::move(jobs).error());
  const std::chrono::duration<double> cost = std::chrono::steady_clock::now() - begin;
  next_list_ = seconds + kGentleness * cost.count();

  const std::vector<v1::Job> before = std::exchange(jobs_, *std::move(jobs));
  Compare(before);
  std::map<std::string, output::TimeLeft> left;
  for (const v1::Job& job : jobs_) {
    if (job.state() != v1::Job::STATE_RUNNING) continue;
    output::TimeLeft& estimate = left[job.name()] = std::move(job_left_[job.name()]);
    estimate.Add(seconds, Share(job));
  }
  job_left_ = std::move(left);
  return {};
}

Status SweepFollower::ReadCurves(Client& client) {
  std::map<std::string, std::vector<double>> losses;
  for (const v1::Job& job : jobs_) {
    if (job.state() != v1::Job::STATE_RUNNING || job.step() == 0) continue;
    auto metrics = client.QueryMetrics(job.name(), {"loss"}, kCurvePoints);
    if (!metrics) return Fail(std::move(metrics).error());
    for (const v1::Series& series : metrics->series()) {
      losses[job.name()].assign(series.last().begin(), series.last().end());
    }
    if (losses.size() == kCurvesRead) break;
  }
  losses_ = std::move(losses);
  return {};
}

void SweepFollower::Compare(const std::vector<v1::Job>& before) {
  std::map<std::string_view, std::string> conditions;
  for (const v1::Job& job : before) conditions.emplace(job.name(), Condition(job));
  for (const v1::Job& job : jobs_) {
    const bool ended_now = job.state() == v1::Job::STATE_ENDED && !before.empty();
    if (job.state() != v1::Job::STATE_RUNNING && !ended_now) continue;
    const auto old = conditions.find(job.name());
    if (old == conditions.end() || old->second != Condition(job))
      changes_.push_back(ChangeLine(job, sweep_.objective()));
  }
}

std::vector<std::string> SweepFollower::TakeChanges() { return std::exchange(changes_, {}); }

output::SweepProgress SweepFollower::Progress() const {
  output::SweepProgress progress;
  progress.name = ShortResource(sweep_.name());
  progress.job_count = sweep_.job_count();
  progress.ended = EndedCount(sweep_);
  progress.share = sweep_.progress();
  for (const char* state : {"running", "diverged", "out_of_memory", "failed", "cancelled", "lost"}) {
    if (const int count = CountOf(sweep_, state); count > 0) progress.counts.emplace_back(state, count);
  }
  progress.seconds_left = left_.Seconds();
  for (const v1::Job& job : jobs_) {
    if (job.name() == sweep_.best_job()) {
      progress.best_figure = FigureText(sweep_.objective(), FigureOf(job, sweep_.objective()));
      progress.best_point = PointLabel(job);
    }
    if (job.state() != v1::Job::STATE_RUNNING) continue;
    output::RunningJob running;
    const std::string short_name = ShortResource(job.name());
    running.number = short_name.substr(short_name.rfind('/') + 1);
    running.point = PointLabel(job);
    running.step = job.step();
    running.total_steps = job.total_steps();
    if (const auto loss = FigureIn(job.latest(), "loss")) running.loss = FigureText("loss", loss);
    if (const auto losses = losses_.find(job.name()); losses != losses_.end())
      running.losses = losses->second;
    if (const auto left = job_left_.find(job.name()); left != job_left_.end())
      running.seconds_left = left->second.Seconds();
    progress.running.push_back(std::move(running));
  }
  return progress;
}

std::string ChangeLine(const v1::Job& job, const std::string& objective) {
  std::string line = fmt::format("{}  {}  {}", ShortResource(job.name()), Condition(job), PointLabel(job));
  if (job.state() != v1::Job::STATE_ENDED) return line;
  if (const auto figure = FigureIn(job.final(), objective))
    line += "  " + objective + " " + FigureText(objective, figure);
  if (!job.reason().empty()) line += "  " + job.reason();
  return line;
}

std::string Answer(const v1::Sweep& sweep, const std::vector<v1::Job>& jobs) {
  const report::ReportData data = ReportDataOf(sweep, jobs);
  return report::AnswerSentence(data, report::Analyze(data));
}

}  // namespace optfleet::commands
