#include "sweeps/range.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

using spec::Field;
using spec::FieldType;

constexpr std::array<std::string_view, 4> kKeys{"from", "to", "count", "spacing"};
constexpr std::array<std::string_view, 2> kSpacings{"linear", "log"};
constexpr int kDigits = 4;

bool IsWhole(const Field& field) {
  return field.type == FieldType::kInteger || field.type == FieldType::kOwnInteger;
}

// "3.162e-4", "0.05", "1500": as people write hyper-parameters.
std::string ShortText(double value) {
  const int exponent = value == 0 ? 0 : static_cast<int>(std::floor(std::log10(std::abs(value))));
  if (exponent >= -2 && exponent < kDigits + 2) return FormatSignificant(value, kDigits);
  std::string text = FormatSignificant(value / std::pow(10, exponent), kDigits);
  int shown = exponent;
  if (text == "10" || text == "-10") {  // rounded up
    text.pop_back();
    ++shown;
  }
  return text + "e" + std::to_string(shown);
}

class Reader {
 public:
  Reader(const YamlNode& node, References* references, Leaf* leaf, Diagnostics* diagnostics)
      : node_(node), references_(references), leaf_(leaf), diagnostics_(diagnostics) {}

  void Read() {
    const size_t mistakes = diagnostics_->count();
    for (const YamlEntry& entry : node_.entries) ReadEntry(entry);
    for (const auto& [given, name] : {std::pair(from_.has_value(), "from"), std::pair(to_.has_value(), "to")})
      if (!given && diagnostics_->count() == mistakes)
        diagnostics_->Add(node_.position, Named() + " needs `" + name + "`",
                          "as {from: 1e-4, to: 1e-2, count: 5, spacing: log}");
    if (diagnostics_->count() == mistakes) CheckEnds();
    if (diagnostics_->count() > mistakes) return;
    if (count_)
      Fill();
    else
      leaf_->distribution = std::make_shared<const Distribution>(
          Distribution{from_->number, to_->number, is_log_, IsWhole(*leaf_->field), {}, node_.position});
  }

 private:
  std::string Named() const { return "the range of `" + std::string(leaf_->field->key) + "`"; }

  void ReadEntry(const YamlEntry& entry) {
    if (entry.value.kind != YamlNode::Kind::kScalar) {
      diagnostics_->Add(entry.key_position, "`" + entry.key + "` of a range must be one value");
      return;
    }
    const auto text = references_->Resolve(entry.value.text, entry.value.position, diagnostics_);
    if (!text) return;
    if (entry.key == "from") {
      from_ = End(*text, entry.value);
    } else if (entry.key == "to") {
      to_ = End(*text, entry.value);
    } else if (entry.key == "count") {
      count_ = Count(*text, entry.value);
    } else if (entry.key == "spacing") {
      ReadSpacing(*text, entry.value);
    } else {
      const auto near = NearestName(entry.key, kKeys);
      diagnostics_->Add(
          entry.key_position, Named() + " has no key `" + entry.key + "`",
          near ? "did you mean `" + std::string(*near) + "`?" : "it has from, to, count and spacing");
    }
  }

  // A value of the key, kept as it is written.
  struct RangeEnd {
    double number = 0;
    LeafValue value;
  };

  std::optional<RangeEnd> End(const std::string& text, const YamlNode& node) {
    auto value = spec::ParseValue(*leaf_->field, text, node.quoted);
    std::optional<double> number;
    if (value) {
      if (const auto* real = std::get_if<double>(&*value)) number = *real;
      if (const auto* whole = std::get_if<int64_t>(&*value)) number = static_cast<double>(*whole);
    }
    if (number) return RangeEnd{*number, {text, *std::move(value), node.position}};
    diagnostics_->Add(node.position, "an end of " + Named() + " must be " + spec::Expectation(*leaf_->field) +
                                         ", found " + (value ? "`" + text + "`" : value.error()));
    return std::nullopt;
  }

  std::optional<int64_t> Count(const std::string& text, const YamlNode& node) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size() && count >= 2 && count <= kMostRangeValues)
      return count;
    diagnostics_->Add(node.position, "`count` must be a whole number from 2 to " +
                                         FormatCount(kMostRangeValues) + ", found " +
                                         TruncateToWidth(text, kShown));
    return std::nullopt;
  }

  void ReadSpacing(const std::string& text, const YamlNode& node) {
    is_log_ = text == "log";
    if (is_log_ || text == "linear") return;
    const auto near = NearestName(text, kSpacings);
    diagnostics_->Add(node.position,
                      "`spacing` must be linear or log, found " + TruncateToWidth(text, kShown),
                      near ? "did you mean `" + std::string(*near) + "`?" : "");
  }

  void CheckEnds() {
    const double from = from_->number;
    const double to = to_->number;
    if (from == to)
      diagnostics_->Add(node_.position, Named() + " begins where it ends", "give one value instead");
    else if (is_log_ && (from <= 0 || to <= 0))
      diagnostics_->Add(node_.position, "the ends of a range with `spacing: log` must be above 0",
                        "add a 0 by a block of its own, or use linear");
  }

  void Fill() {
    const double from = from_->number;
    const double to = to_->number;
    Add(std::move(from_->value));
    for (int64_t i = 1; i < *count_ - 1; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(*count_ - 1);
      AddRounded(is_log_ ? std::exp(std::log(from) + share * (std::log(to) - std::log(from)))
                         : from + share * (to - from));
    }
    // Rounding may have brought a value onto the end, which is the one that people wrote.
    if (leaf_->values.size() > 1 && leaf_->values.back().value == to_->value.value) leaf_->values.pop_back();
    Add(std::move(to_->value));
  }

  void AddRounded(double value) {
    const bool whole = IsWhole(*leaf_->field);
    std::string text = whole ? std::to_string(std::llround(value)) : ShortText(value);
    auto parsed = spec::ParseValue(*leaf_->field, text, false);
    if (!parsed) {  // rounded out of what is allowed
      diagnostics_->Add(node_.position,
                        Named() + " holds " + text + "; expected " + spec::Expectation(*leaf_->field));
      return;
    }
    Add({std::move(text), *std::move(parsed), node_.position});
  }

  void Add(LeafValue value) {
    if (leaf_->values.empty() || leaf_->values.back().value != value.value)
      leaf_->values.push_back(std::move(value));
  }

  static constexpr size_t kShown = 60;
  const YamlNode& node_;
  References* references_;
  Leaf* leaf_;
  Diagnostics* diagnostics_;
  std::optional<RangeEnd> from_;
  std::optional<RangeEnd> to_;
  std::optional<int64_t> count_;
  bool is_log_ = false;
};

}  // namespace

LeafValue RangeValue(const Field& field, double value, const SourcePosition& position) {
  std::string text = IsWhole(field) ? std::to_string(std::llround(value)) : ShortText(value);
  auto parsed = spec::ParseValue(field, text, false);
  if (!parsed) {  // rounded out of what is allowed
    text = spec::ToText(spec::Value(value));
    parsed = spec::Value(value);
  }
  return {std::move(text), *std::move(parsed), position};
}

bool TakesRange(const Field& field) {
  return IsWhole(field) || field.type == FieldType::kNumber || field.type == FieldType::kOwnNumber;
}

void ReadRange(const YamlNode& node, References* references, Leaf* leaf, Diagnostics* diagnostics) {
  Reader(node, references, leaf, diagnostics).Read();
}

}  // namespace optfleet::sweeps
