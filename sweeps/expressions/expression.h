// Expressions in the values of a sweep file: 20 * parameters() / tokens_per_step(). A small language without
// loops, names of its own or side effects: every expression ends after as many operations as it has signs.
//
//   numbers    1e-3, 0.5M tokens, 3h, 40GB, 10%           (spec/quantity.h)
//   texts      'adamw', or adamw where no key is meant
//   keys       optimizer.learning_rate                      has a point in it
//   operators  or, and, not, == != < <= > >=, + -, * /, ^   loosest first; ^ and - bind as in mathematics
//   functions  min max round floor ceil abs sqrt exp log log2 if; round(x, m) to a multiple of m (so floor,
//   ceil)
//
// Units add up only with themselves or with bare numbers, shares only with shares; a share multiplies
// anything.
//
// An expression is constant after it was parsed: usable from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "sweeps/expressions/term.h"

namespace optfleet::sweeps {

// A message, without a full stop, and the bytes of the text that it is about.
struct ExpressionError {
  std::string message;
  size_t begin = 0;
  size_t length = 0;
  std::string hint = {};
};

class Expression {
 public:
  // Of keys, and of functions without arguments, which only the caller knows. An error's place is the name's.
  using Lookup = std::function<tl::expected<Term, std::string>(std::string_view name)>;
  // Whether a name without arguments ("parameters()") is known; and the keys that are, for hints.
  struct Names {
    std::vector<std::string_view> keys;
    std::vector<std::string_view> functions;
  };

  struct Node;  // in the source

  static tl::expected<Expression, ExpressionError> Parse(std::string_view text, const Names& names);

  tl::expected<Term, ExpressionError> Evaluate(const Lookup& lookup) const;
  // Whether it refers to a key, or to a function without arguments.
  bool Mentions(std::string_view name) const;

 private:
  explicit Expression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace optfleet::sweeps
