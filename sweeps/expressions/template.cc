#include "sweeps/expressions/template.h"

#include <algorithm>

#include "spec/fields.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kEnvironment = "${env:";

// Behind the brace that ends a reference; braces in quotes do not.
size_t EndOf(std::string_view text, size_t begin) {
  char quote = 0;
  for (size_t i = begin + kOpen.size(); i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && c == '}') return i + 1;
    if (quote != 0 && c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
  }
  return std::string_view::npos;
}

// Where in the file a part of the value stands. What was written in quotes or over several lines is shown as
// a whole.
SourcePosition Within(const SourcePosition& place, std::string_view text, size_t begin, size_t length) {
  if (place.length != static_cast<int32_t>(text.size())) return place;
  SourcePosition part = place;
  part.column += static_cast<int32_t>(begin);
  part.length = static_cast<int32_t>(std::max<size_t>(length, 1));
  return part;
}

}  // namespace

bool Template::IsOne(std::string_view text) {
  for (size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, at + 1))
    if (!text.substr(at).starts_with(kEnvironment)) return true;
  return false;
}

std::optional<Template> Template::Parse(std::string_view text, const SourcePosition& place,
                                        References* references, Diagnostics* diagnostics) {
  Template made;
  made.parts_.emplace_back();
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find(kOpen, at);
    made.parts_.back().text += text.substr(at, begin - at);
    if (begin == std::string_view::npos) break;
    const size_t end = EndOf(text, begin);
    if (end == std::string_view::npos) {
      diagnostics->Add(Within(place, text, begin, text.size() - begin), "the expression has no end",
                       "close it with }");
      return std::nullopt;
    }
    const std::string_view reference = text.substr(begin, end - begin);
    at = end;
    if (reference.starts_with(kEnvironment)) {
      const auto value = references->Resolve(reference, place, diagnostics);
      if (!value) return std::nullopt;
      made.parts_.back().text += *value;
      continue;
    }
    const size_t inner = begin + kOpen.size();
    auto expression = Expression::Parse(text.substr(inner, end - 1 - inner), PointNames());
    if (!expression) {
      const ExpressionError& error = expression.error();
      diagnostics->Add(Within(place, text, inner + error.begin, error.length), error.message, error.hint);
      return std::nullopt;
    }
    made.parts_.back().expression = *std::move(expression);
    made.parts_.emplace_back();
  }
  return made;
}

tl::expected<Term, std::string> Template::Evaluate(const Expression::Lookup& lookup) const {
  const bool alone = parts_.size() == 2 && parts_[0].text.empty() && parts_[1].text.empty();
  std::string text;
  for (const Part& part : parts_) {
    text += part.text;
    if (!part.expression) break;
    auto value = part.expression->Evaluate(lookup);
    if (!value) return tl::make_unexpected(std::move(value).error().message);
    if (alone) return *std::move(value);
    text += TextOf(*value);
  }
  return Term(std::move(text));
}

bool Template::Mentions(std::string_view name) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.expression && part.expression->Mentions(name); });
}

const Expression::Names& PointNames() {
  static const Expression::Names kNames = [] {
    Expression::Names names;
    for (const spec::Field& field : spec::Fields()) names.keys.push_back(field.key);
    names.functions = {kParameters, kTokensPerStep, kFlopsPerToken};
    return names;
  }();
  return kNames;
}

}  // namespace optfleet::sweeps
