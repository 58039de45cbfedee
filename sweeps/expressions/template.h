// A value that is computed at each point: ${...} alone, which may be of any type, or in a text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/expressions/expression.h"
#include "sweeps/references.h"

namespace optfleet::sweeps {

class Template {
 public:
  // Whether the text has a ${...} that is not ${env:...}.
  static bool IsOne(std::string_view text);

  // Mistakes are reported; `place` is that of the text. ${env:NAME} in it is replaced.
  static std::optional<Template> Parse(std::string_view text, const SourcePosition& place,
                                       References* references, Diagnostics* diagnostics);

  // Where relative paths begin, if it comes to one; empty: they stay as they are.
  void SetFolder(std::string folder) { folder_ = std::move(folder); }
  const std::string& folder() const { return folder_; }

  tl::expected<Term, std::string> Evaluate(const Expression::Lookup& lookup) const;
  bool Mentions(std::string_view name) const;  // as Expression::Mentions

 private:
  struct Part {
    std::string text;  // before the expression
    std::optional<Expression> expression;
  };
  std::vector<Part> parts_;  // the last one has no expression
  std::string folder_;
};

// Names that expressions know: every key of a spec, and functions of the whole point.
const Expression::Names& PointNames();

inline constexpr std::string_view kParameters = "parameters";          // of the model
inline constexpr std::string_view kTokensPerStep = "tokens_per_step";  // of one optimizer step
inline constexpr std::string_view kFlopsPerToken = "flops_per_token";  // as `optctl plan` counts

}  // namespace optfleet::sweeps
