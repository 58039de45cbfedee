#include "spec/stages.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "common/text.h"
#include "spec/fields.h"

namespace optfleet::spec {
namespace {

constexpr std::string_view kThen = "then";
constexpr std::string_view kRest = "rest";
constexpr std::string_view kConstant = "constant";
constexpr double kWholeRun = 100;
constexpr double kRounding = 1e-9;  // of sums of shares, in percent

// The choices of schedule.shape, in the order of the enum.
std::span<const std::string_view> Shapes() { return FindField("schedule.shape")->choices; }

using Words = std::vector<std::string_view>;

Words SplitWords(std::string_view text) {
  Words words;
  while (true) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<double> ParseShare(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole && value >= 0 && value <= 1 ? std::optional(std::abs(value)) : std::nullopt;
}

std::string Name(size_t index) { return "stage " + std::to_string(index + 1); }

// Reads the words of one stage from left to right.
class StageReader {
 public:
  StageReader(const Words& words, size_t index) : words_(words), index_(index) {}

  tl::expected<Stage, std::string> Read() {
    if (words_.empty()) return Wrong("is empty");
    if (!ReadShape()) return Wrong("must begin with constant or one of " + ShapeNames());
    if (!ReadShares()) return Wrong("must go on with its values from 0 to 1: " + Form());
    if (stage_.shape == DecayShape::kExponential && (stage_.from == 0 || stage_.to == 0))
      return Wrong("is exponential and cannot touch 0");
    if (Next() != "for") return Wrong("must say how long it takes: " + Form());
    if (!ReadLength()) return Wrong("must last for a length (500, 2M tokens, 10%) or for rest");
    return stage_;
  }

 private:
  std::string_view Next() { return at_ < words_.size() ? words_[at_++] : std::string_view(); }

  bool ReadShape() {
    const std::string_view word = Next();
    constant_ = word == kConstant;
    if (constant_) return true;
    const auto shapes = Shapes();
    const auto found = std::find(shapes.begin(), shapes.end(), word);
    if (found == shapes.end()) return false;
    stage_.shape = static_cast<DecayShape>(found - shapes.begin());
    return true;
  }

  bool ReadShares() {
    const auto from = ParseShare(Next());
    if (!from) return false;
    stage_.from = stage_.to = *from;
    if (constant_) return true;
    if (Next() != "to") return false;
    const auto to = ParseShare(Next());
    if (!to) return false;
    stage_.to = *to;
    return true;
  }

  bool ReadLength() {
    std::string text;
    for (; at_ < words_.size(); ++at_) text.append(text.empty() ? "" : " ").append(words_[at_]);
    stage_.takes_rest = text == kRest;
    if (stage_.takes_rest) return true;
    const auto length = ParseLength(text);
    if (length) stage_.length = *length;
    return length.has_value();
  }

  static std::string ShapeNames() {
    std::string names;
    for (const auto name : Shapes()) names.append(names.empty() ? "" : ", ").append(name);
    return names;
  }

  std::string Form() const { return constant_ ? "`constant 1 for 50%`" : "`cosine 1 to 0.1 for rest`"; }

  tl::unexpected<std::string> Wrong(const std::string& what) const {
    std::string text;
    for (const auto word : words_) text.append(text.empty() ? "" : " ").append(word);
    const std::string quoted = text.empty() ? "" : " `" + TruncateToWidth(text, 60) + "`";
    return tl::make_unexpected(Name(index_) + quoted + " " + what);
  }

  const Words& words_;
  const size_t index_;
  size_t at_ = 0;
  bool constant_ = false;
  Stage stage_;
};

std::vector<Words> SplitStages(std::string_view text) {
  std::vector<Words> stages(1);
  for (const auto word : SplitWords(text))
    if (word == kThen)
      stages.emplace_back();
    else
      stages.back().push_back(word);
  return stages;
}

std::optional<std::string> TwoRests(const std::vector<Stage>& stages) {
  std::optional<size_t> rest;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (!stages[i].takes_rest) continue;
    if (rest) return Name(*rest) + " and " + Name(i) + " both take the rest";
    rest = i;
  }
  return std::nullopt;
}

// Fills the stage that takes the rest; the lengths are all in one unit. `whole` is what they must add up to.
tl::expected<std::vector<Stage>, std::string> FillRest(std::vector<Stage> stages, double whole,
                                                       double rounding, const std::string& unit) {
  double sum = 0;
  Stage* rest = nullptr;
  for (Stage& stage : stages) {
    if (stage.takes_rest)
      rest = &stage;
    else
      sum += stage.length.amount;
  }
  const std::string figures =
      FormatNumber(sum) + unit + " of the " + FormatNumber(whole) + unit + " that there are";
  if (sum > whole + rounding) return tl::make_unexpected("the stages take " + figures);
  if (rest == nullptr && sum < whole - rounding)
    return tl::make_unexpected("the stages take only " + figures + ", and none takes the rest");
  if (rest != nullptr) {
    rest->length.amount = std::max(0.0, whole - sum);
    rest->takes_rest = false;
    if (rest->length.amount <= rounding)
      return tl::make_unexpected("nothing is left for " + Name(static_cast<size_t>(rest - stages.data())));
  }
  return stages;
}

}  // namespace

tl::expected<std::vector<Stage>, std::string> ParseStages(std::string_view text) {
  if (SplitWords(text).empty()) return tl::make_unexpected(std::string("no stage is given"));
  std::vector<Stage> stages;
  for (const Words& words : SplitStages(text)) {
    auto stage = StageReader(words, stages.size()).Read();
    if (!stage) return tl::make_unexpected(stage.error());
    stages.push_back(*stage);
  }
  if (const auto two = TwoRests(stages)) return tl::make_unexpected(*two);
  return stages;
}

std::string ToText(const std::vector<Stage>& stages) {
  std::string text;
  for (const Stage& stage : stages) {
    text += text.empty() ? "" : " " + std::string(kThen) + " ";
    if (stage.from == stage.to)
      text.append(kConstant).append(" ").append(FormatNumber(stage.from));
    else
      text.append(Shapes()[static_cast<size_t>(stage.shape)])
          .append(" " + FormatNumber(stage.from) + " to " + FormatNumber(stage.to));
    text.append(" for ").append(stage.takes_rest ? std::string(kRest) : ToText(stage.length));
  }
  return text;
}

tl::expected<std::vector<Stage>, std::string> StagesInSteps(std::vector<Stage> stages, const RunMeasure& run,
                                                            int64_t frozen) {
  // Each stage ends at a rounded place, so that rounding does not add up.
  double exact = 0;
  for (Stage& stage : stages) {
    if (stage.takes_rest) {
      exact = std::floor(exact + 0.5);
      continue;
    }
    const double begin = std::floor(exact + 0.5);
    exact += ExactSteps(stage.length, run);
    stage.length = {std::floor(exact + 0.5) - begin, LengthUnit::kSteps};
  }
  for (size_t i = 0; i < stages.size(); ++i)
    if (!stages[i].takes_rest && stages[i].length.amount == 0)
      return tl::make_unexpected(Name(i) + " is shorter than a step");
  return FillRest(std::move(stages), static_cast<double>(run.steps - frozen), 0, " steps");
}

tl::expected<std::vector<Stage>, std::string> StagesInPercent(std::vector<Stage> stages, double frozen) {
  for (size_t i = 0; i < stages.size(); ++i) {
    Stage& stage = stages[i];
    if (stage.takes_rest) {
      stage.length.unit = LengthUnit::kPercent;
      continue;
    }
    if (stage.length.unit != LengthUnit::kPercent)
      return tl::make_unexpected(Name(i) + " lasts for " + ToText(stage.length) +
                                 ", but in a run that ends by time lengths are shares");
    if (stage.length.amount == 0) return tl::make_unexpected(Name(i) + " has no length");
  }
  return FillRest(std::move(stages), kWholeRun - frozen, kRounding, " %");
}

}  // namespace optfleet::spec
