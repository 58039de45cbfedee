#include "sweeps/stage_base.h"

#include <charconv>
#include <string_view>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kOpen = "best(";
constexpr const char* kForm = "as best(batch), or best(3 of batch + lr, by val_loss, per optimizer.name)";
constexpr int32_t kMostBases = 1000;

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(Trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool TakeWord(std::string_view word, std::string_view* text) {
  if (!text->starts_with(word) || text->size() == word.size() || (*text)[word.size()] != ' ') return false;
  *text = Trimmed(text->substr(word.size()));
  return true;
}

class Parser {
 public:
  Parser(const std::string& text, const SourcePosition& position, Diagnostics* diagnostics)
      : diagnostics_(diagnostics) {
    base_.text = text;
    base_.position = position;
  }

  std::optional<StageBase> Parse() {
    std::string_view text = Trimmed(base_.text);
    if (!text.starts_with(kOpen) || !text.ends_with(')')) return Refuse("`base` must be the best of a stage");
    text = text.substr(kOpen.size(), text.size() - kOpen.size() - 1);
    enum class Clause { kStages, kBy, kPer } clause = Clause::kStages;
    for (std::string_view part : SplitAt(text, ',')) {
      bool good = true;
      if (TakeWord("by", &part) && clause == Clause::kStages) {
        clause = Clause::kBy;
        good = ReadMetric(part);
      } else if (TakeWord("per", &part) || clause == Clause::kPer) {
        clause = Clause::kPer;
        good = ReadKey(part);
      } else {
        good = clause == Clause::kStages && base_.stages.empty() && ReadStages(part);
        if (!good && !failed_) Refuse("`" + TruncateToWidth(part, 60) + "` is not understood in `base`");
      }
      if (!good) return std::nullopt;
    }
    return std::move(base_);
  }

 private:
  std::nullopt_t Refuse(const std::string& message, const std::string& hint = kForm) {
    diagnostics_->Add(base_.position, message, hint);
    failed_ = true;
    return std::nullopt;
  }

  bool ReadStages(std::string_view text) {
    if (const size_t of = text.find(" of "); of != std::string_view::npos) {
      const std::string_view figure = Trimmed(text.substr(0, of));
      const auto [end, error] = std::from_chars(figure.data(), figure.data() + figure.size(), base_.count);
      if (error != std::errc() || end != figure.data() + figure.size() || base_.count < 1 ||
          base_.count > kMostBases) {
        Refuse("`" + TruncateToWidth(figure, 20) + " of` must be a whole number from 1 to " +
               FormatCount(kMostBases));
        return false;
      }
      text = Trimmed(text.substr(of + 4));
    }
    for (const std::string_view name : SplitAt(text, '+')) {
      if (name.empty()) {
        Refuse("`base` names no stage");
        return false;
      }
      base_.stages.emplace_back(name);
    }
    return true;
  }

  bool ReadMetric(std::string_view text) {
    base_.by = ParseObjective(text);
    if (base_.by) return true;
    Refuse("`by` must be the key of a metric, such as val_loss, found " + TruncateToWidth(text, 60),
           "as by val_loss, or by tokens_per_second maximize");
    return false;
  }

  bool ReadKey(std::string_view key) {
    if (const spec::Field* field = spec::FindField(key)) {
      base_.per.push_back(field);
      return true;
    }
    std::vector<std::string_view> known;
    for (const spec::Field& field : spec::Fields()) known.push_back(field.key);
    const auto nearest = NearestName(key, known);
    Refuse("unknown key `" + TruncateToWidth(key, 60) + "` in `per`",
           nearest ? "did you mean `" + std::string(*nearest) + "`?" : "as per optimizer.name");
    return false;
  }

  StageBase base_;
  Diagnostics* diagnostics_;
  bool failed_ = false;
};

}  // namespace

std::optional<StageBase> ParseStageBase(const std::string& text, const SourcePosition& position,
                                        Diagnostics* diagnostics) {
  return Parser(text, position, diagnostics).Parse();
}

}  // namespace optfleet::sweeps
