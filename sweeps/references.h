// ${env:NAME} in the values of a sweep file. Values come in as a map, never from the process. What else
// stands in ${...} is an expression (sweeps/expressions/template.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/diagnostics.h"

namespace optfleet::sweeps {

class References {
 public:
  explicit References(const std::map<std::string, std::string>& environment) : environment_(environment) {}

  // The text with its references replaced; what is replaced in is not looked at again. Nothing if a reference
  // cannot be resolved, which is reported.
  std::optional<std::string> Resolve(std::string_view text, const SourcePosition& position,
                                     Diagnostics* diagnostics);

  // Names that were replaced, with their values.
  const std::map<std::string, std::string>& used() const { return used_; }

 private:
  // The value of one reference, "${env:NAME}".
  std::optional<std::string> ValueOf(std::string_view reference, const SourcePosition& position,
                                     Diagnostics* diagnostics);

  const std::map<std::string, std::string>& environment_;
  std::map<std::string, std::string> used_;
};

}  // namespace optfleet::sweeps
