// The tree of an expression, between its parser and its evaluation.
#pragma once

#include <string>
#include <vector>

#include "sweeps/expressions/expression.h"

namespace optfleet::sweeps {

struct Expression::Node {
  enum class Kind {
    kTerm,      // `term`
    kName,      // a key, or a function without arguments: `name`
    kOperator,  // `name` of one or two `parts`
    kCall       // `name` of its `parts`
  };
  Kind kind = Kind::kTerm;
  Term term = {};
  std::string name = {};
  std::vector<Node> parts = {};
  size_t begin = 0;  // bytes of the text
  size_t length = 0;
};

// Number of arguments that a function takes; nothing if there is none of that name.
struct Arity {
  size_t least;
  size_t most;
};
std::optional<Arity> ArityOf(std::string_view function);
std::vector<std::string_view> FunctionNames();

// Of a function or an operator, its arguments in order (an `if` has been decided before). An error says what
// is wrong, to stand alone.
tl::expected<Term, std::string> Apply(std::string_view name, const std::vector<Term>& arguments);

}  // namespace optfleet::sweeps
