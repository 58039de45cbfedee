#include "optctl/report/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "common/names.h"
#include "common/text.h"
#include "optctl/report/values.h"

namespace optfleet::report {
namespace {

std::string Spaced(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string_view LastPart(std::string_view key) {
  const size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

// "31 succeeded, 3 diverged", most first.
std::string CountOutcomes(const ReportData& data) {
  std::map<std::string, int> counts;
  for (const Job& job : data.jobs) {
    ++counts[job.outcome ? Spaced(OutcomeName(*job.outcome)) : job.state];
  }
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out;
  for (const auto& [word, count] : sorted)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, word);
  return out;
}

size_t CountEnded(const ReportData& data) {
  return static_cast<size_t>(std::count_if(data.jobs.begin(), data.jobs.end(),
                                           [](const Job& job) { return job.outcome.has_value(); }));
}

std::string FiguresOf(const ReportData& data, const Job& job) {
  constexpr double kWholeFrom = 1000;
  const double figure = FigureOf(job, data.objective).value_or(NAN);
  const bool is_large = std::isfinite(figure) && std::abs(figure) >= kWholeFrom;
  std::string out = Spaced(data.objective) + " " +
                    (is_large ? FormatCount(std::llround(figure)) : fmt::format("{:.3f}", figure));
  if (const auto bits = FigureOf(job, "val_bits_per_byte"); bits && std::isfinite(*bits)) {
    out += fmt::format(", {:.2f} bits/byte", *bits);
  }
  return out;
}

// What the reader must know before trusting an optimum: where it may lie outside of what was tried.
std::vector<std::string> EdgeCaveats(const Analysis& analysis) {
  constexpr size_t kNamed = 2;  // more than that are counted instead
  const std::string axis = ShortName(analysis.main_axis);
  std::vector<std::string> named;
  size_t judged = 0;
  for (const Line& line : analysis.lines) {
    judged += line.best_point != kNoJob ? 1 : 0;
    if (line.edge == Edge::kNone) continue;
    named.push_back(fmt::format("{} best {} ({}) is at the edge of its range",
                                line.label.empty() ? "the" : line.label + "'s", axis,
                                line.points[line.best_point].label));
  }
  if (named.size() > kNamed) {
    return {
        fmt::format("the best {} of {} of {} lines is at the edge of its range", axis, named.size(), judged)};
  }
  return named;
}

// Which figures were not trained for this sweep; empty if all were.
std::string ReusedCaveat(const ReportData& data) {
  std::set<std::string> sweeps;
  size_t reused = 0;
  for (const Job& job : data.jobs) {
    if (job.reused_from.empty()) continue;
    ++reused;
    const auto name = ParseJobResource(job.reused_from);
    sweeps.insert(name ? name->sweep : job.reused_from);
  }
  if (reused == 0) return "";
  std::string from;
  for (const std::string& sweep : sweeps) from += (from.empty() ? "" : ", ") + sweep;
  return fmt::format("{} of {} outcomes {} taken over from equal jobs of {}", reused, data.jobs.size(),
                     reused == 1 ? "is" : "are", from);
}

std::string Headline(const ReportData& data, const Analysis& analysis) {
  const size_t ended = CountEnded(data);
  const size_t total = data.jobs.size();
  if (total == 0) return "this sweep has no jobs";
  if (analysis.best_job == kNoJob) {
    if (ended == total) return fmt::format("no job reached its end: {}", CountOutcomes(data));
    return fmt::format("no result yet, {} of {} jobs have ended: {}", ended, total, CountOutcomes(data));
  }
  const std::string point = DescribeJob(data, analysis, analysis.best_job);
  const std::string figures = FiguresOf(data, data.jobs[analysis.best_job]);
  const std::string found = point.empty() ? figures : point + ": " + figures;
  if (ended < total) return fmt::format("best so far, {} of {} jobs have ended: {}", ended, total, found);
  return point.empty() ? found : "best: " + found;
}

bool IsUsual(const Analysis& analysis, const Parameter& parameter) {
  return std::any_of(analysis.usual.begin(), analysis.usual.end(), [&](const Parameter& usual) {
    return usual.key == parameter.key && KeyOf(usual.value) == KeyOf(parameter.value);
  });
}

// A group of parameters says what it does differently, and its name has to be said, too.
constexpr std::string_view kGroups = "optimizer.groups.";
constexpr std::string_view kInherit = "inherit";

}  // namespace

std::string ShortName(const std::string& key) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kUsual = {{
      {"optimizer.learning_rate", "lr"},
      {"training.batch_size", "batch"},
      {"data.sequence_length", "sequence"},
      {"data.seed", "data seed"},
      {"budget.tokens", "tokens"},
      {"budget.steps", "steps"},
      {"training.clip_norm", "clip"},
  }};
  for (const auto& [from, to] : kUsual) {
    if (key == from) return std::string(to);
  }
  const std::string_view last = LastPart(key);
  if (key.starts_with(kGroups) && last != "name") {
    const std::string group = Spaced(LastPart(std::string_view(key).substr(0, key.size() - last.size() - 1)));
    return group + " " + (last == "learning_rate" ? "lr" : Spaced(last));
  }
  if (last == "name" && last.size() < key.size()) {
    return Spaced(LastPart(std::string_view(key).substr(0, key.size() - last.size() - 1)));
  }
  return Spaced(last);
}

std::string DescribeValue(const std::string& key, const std::string& text) {
  if (key.starts_with(kGroups)) return text == kInherit ? "" : ShortName(key) + " " + text;
  const bool says_enough = !ParseNumber(text) && text != "true" && text != "false";
  return says_enough ? text : ShortName(key) + " " + text;
}

std::string DescribeJob(const ReportData& data, const Analysis& analysis, size_t job) {
  std::string out;
  const auto add = [&](const std::string& axis, auto describe) {
    for (const Parameter& parameter : data.jobs[job].parameters) {
      const std::string word = parameter.key == axis ? describe(parameter) : "";
      if (!word.empty()) out += (out.empty() ? "" : " ") + word;
    }
  };
  const auto value = [](const Parameter& parameter) { return DescribeValue(parameter.key, parameter.value); };
  for (const std::string& axis : analysis.line_axes) {
    add(axis, [&](const Parameter& parameter) {
      return IsUsual(analysis, parameter) ? std::string() : value(parameter);
    });
  }
  add(analysis.main_axis,
      [](const Parameter& parameter) { return ShortName(parameter.key) + "=" + parameter.value; });
  for (const std::string& axis : analysis.repeats) add(axis, value);
  return out;
}

Answer FindAnswer(const ReportData& data, const Analysis& analysis) {
  Answer answer{.headline = Headline(data, analysis), .caveats = EdgeCaveats(analysis)};
  if (!data.guard_verdict.empty())
    answer.caveats.push_back("its guard holds the sweep: " + data.guard_verdict);
  if (std::string reused = ReusedCaveat(data); !reused.empty()) answer.caveats.push_back(std::move(reused));
  return answer;
}

std::string AnswerSentence(const ReportData& data, const Analysis& analysis) {
  auto [sentence, caveats] = FindAnswer(data, analysis);
  for (const std::string& caveat : caveats) sentence += "; " + caveat;
  return sentence;
}

}  // namespace optfleet::report
