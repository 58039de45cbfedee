#include "optctl/output/sweep_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/text.h"
#include "optctl/output/bars.h"
#include "optctl/output/cut.h"
#include "optctl/output/terminal.h"

namespace optfleet::output {
namespace {

constexpr int kLongBar = 22;
constexpr int kShortBar = 10;
constexpr int kCurveCells = 12;
constexpr int kStepBar = 10;

struct Detail {
  int bar;
  bool best;
  bool best_point;
};

std::string Left(const std::optional<double>& seconds) {
  return seconds ? FormatClock(*seconds) + " left" : std::string();
}

std::string Line(const SweepProgress& progress, const Detail& detail) {
  std::string line = fmt::format("{}  {}  {}/{}", PadRight(progress.name, 11),
                                 ProgressBar(progress.share, detail.bar), progress.ended, progress.job_count);
  for (const auto& [state, count] : progress.counts) line += fmt::format("  {} {}", state, count);
  if (detail.best && !progress.best_figure.empty()) {
    line += "   best " + progress.best_figure;
    if (detail.best_point && !progress.best_point.empty()) line += " " + progress.best_point;
  }
  if (const std::string left = Left(progress.seconds_left); !left.empty()) line += "   " + left;
  return line;
}

struct JobWidths {
  int number = 0;
  int point = 0;
  int steps = 0;
  int loss = 0;
  int bar = kStepBar;
};

std::string StepsText(const RunningJob& job) {
  if (job.total_steps == 0) return std::to_string(job.step);
  return fmt::format("{}/{}", job.step, job.total_steps);
}

JobWidths Measure(const std::vector<RunningJob>& jobs) {
  JobWidths widths;
  for (const RunningJob& job : jobs) {
    const auto widen = [](int& width, const std::string& text) {
      width = std::max(width, static_cast<int>(DisplayWidth(text)));
    };
    widen(widths.number, job.number);
    widen(widths.point, job.point);
    widen(widths.steps, StepsText(job));
    widen(widths.loss, job.loss);
  }
  return widths;
}

// Narrows to `width`: first the bar goes, whose steps stand beside it as figures, then the point is cut.
JobWidths Fit(JobWidths widths, int width) {
  if (width == kUnlimitedWidth) return widths;
  // Indent, steps, "loss x.xxx", the curve, "12:34 left", and the gaps between them.
  const int beside = 2 + widths.number + 2 + 2 + widths.steps + 7 + widths.loss + 2 + kCurveCells + 2 + 10;
  widths.bar = width - beside - widths.point >= kStepBar + 2 ? kStepBar : 0;
  if (widths.bar == 0) widths.point = std::clamp(width - beside, std::min(widths.point, 12), widths.point);
  return widths;
}

std::string JobLine(const RunningJob& job, const JobWidths& widths, bool unicode) {
  const double share =
      job.total_steps > 0 ? static_cast<double>(job.step) / static_cast<double>(job.total_steps) : 0;
  std::string line = "  " + PadLeft(job.number, static_cast<size_t>(widths.number)) + "  " +
                     PadRight(Cut(job.point, widths.point, unicode), static_cast<size_t>(widths.point)) +
                     "  ";
  if (widths.bar > 0) line += ProgressBar(share, widths.bar) + "  ";
  line += PadLeft(StepsText(job), static_cast<size_t>(widths.steps));
  if (!job.loss.empty()) {
    line += "  loss " + PadLeft(job.loss, static_cast<size_t>(widths.loss)) + "  " +
            PadRight(Sparkline(job.losses, kCurveCells, unicode), kCurveCells);
    line += "  " + Left(job.seconds_left);
  } else {
    line += "  starting";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string SweepLine(const SweepProgress& progress, int width) {
  constexpr Detail kDetails[] = {{kLongBar, true, true}, {kLongBar, true, false}, {kShortBar, true, false}};
  for (const Detail& detail : kDetails) {
    std::string line = Line(progress, detail);
    if (width == kUnlimitedWidth || DisplayWidth(line) <= static_cast<size_t>(width)) return line;
  }
  return Line(progress, {kShortBar, false, false});
}

std::vector<std::string> SweepFrame(const SweepProgress& progress, int width, int height, bool unicode) {
  std::vector<std::string> lines = {SweepLine(progress, width)};
  if (!progress.notice.empty()) lines.push_back("  " + progress.notice);
  const int room = std::max(1, height - static_cast<int>(lines.size()) - 2);
  const int shown = std::min(room, static_cast<int>(progress.running.size()));
  const std::vector<RunningJob> jobs(progress.running.begin(), progress.running.begin() + shown);
  const JobWidths widths = Fit(Measure(jobs), width);
  for (const RunningJob& job : jobs) lines.push_back(JobLine(job, widths, unicode));
  if (const size_t hidden = progress.running.size() - static_cast<size_t>(shown); hidden > 0) {
    lines.push_back(fmt::format("  and {} more running", hidden));
  }
  return lines;
}

}  // namespace optfleet::output
