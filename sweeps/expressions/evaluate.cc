#include <algorithm>
#include <array>
#include <cmath>

#include "sweeps/expressions/node.h"

namespace optfleet::sweeps {
namespace {

using Node = Expression::Node;
using spec::Quantity;
using spec::Unit;
using Evaluated = tl::expected<Term, std::string>;

struct Function {
  std::string_view name;
  Arity arity;
};
constexpr size_t kAny = 64;
constexpr std::array<Function, 11> kFunctions{{{"min", {1, kAny}},
                                               {"max", {1, kAny}},
                                               {"round", {1, 2}},
                                               {"floor", {1, 2}},
                                               {"ceil", {1, 2}},
                                               {"abs", {1, 1}},
                                               {"sqrt", {1, 1}},
                                               {"exp", {1, 1}},
                                               {"log", {1, 1}},
                                               {"log2", {1, 1}},
                                               {"if", {3, 3}}}};

Evaluated Error(std::string message) { return tl::make_unexpected(std::move(message)); }

Evaluated Number(double amount, Unit unit) {
  if (std::isnan(amount) || std::isinf(amount)) return Error("the result is not a finite number");
  return Quantity{amount, unit};
}

// The unit of a sum, a comparison, a minimum.
tl::expected<Unit, std::string> CommonUnit(const Quantity& a, const Quantity& b) {
  if (a.unit == b.unit) return a.unit;
  const bool with_percent = a.unit == Unit::kPercent || b.unit == Unit::kPercent;
  if (!with_percent && b.unit == Unit::kNone) return a.unit;
  if (!with_percent && a.unit == Unit::kNone) return b.unit;
  return tl::make_unexpected(Describe(a) + " and " + Describe(b) + " have different units");
}

// 10% of anything is that much of it; else one of both must be bare.
Evaluated Multiply(const Quantity& a, const Quantity& b) {
  if (a.unit == Unit::kPercent) return Number(a.amount * b.amount / 100, b.unit);
  if (b.unit == Unit::kPercent) return Number(a.amount * b.amount / 100, a.unit);
  if (a.unit != Unit::kNone && b.unit != Unit::kNone)
    return Error(Describe(a) + " cannot be multiplied by " + Describe(b));
  return Number(a.amount * b.amount, a.unit == Unit::kNone ? b.unit : a.unit);
}

Evaluated Divide(const Quantity& a, const Quantity& b) {
  if (b.amount == 0) return Error(Describe(a) + " is divided by 0");
  if (a.unit == b.unit) return Number(a.amount / b.amount, Unit::kNone);
  if (b.unit == Unit::kPercent) return Number(a.amount * 100 / b.amount, a.unit);
  if (b.unit == Unit::kNone) return Number(a.amount / b.amount, a.unit);
  if (a.unit == Unit::kNone) return Number(a.amount / b.amount, Unit::kNone);
  return Error(Describe(a) + " cannot be divided by " + Describe(b));
}

Evaluated Compare(std::string_view name, const Term& a, const Term& b) {
  if (a.index() != b.index()) return Error(Describe(a) + " cannot be compared with " + Describe(b));
  const auto* left = std::get_if<Quantity>(&a);
  const auto* right = std::get_if<Quantity>(&b);
  if (left != nullptr)
    if (const auto unit = CommonUnit(*left, *right); !unit) return Error(unit.error());
  const bool same = left != nullptr                   ? left->amount == right->amount
                    : std::holds_alternative<bool>(a) ? std::get<bool>(a) == std::get<bool>(b)
                                                      : std::get<std::string>(a) == std::get<std::string>(b);
  if (name == "==") return same;
  if (name == "!=") return !same;
  if (left == nullptr) return Error(Describe(a) + " is neither more nor less than " + Describe(b));
  if (name == "<") return left->amount < right->amount;
  if (name == "<=") return left->amount <= right->amount;
  if (name == ">") return left->amount > right->amount;
  return left->amount >= right->amount;
}

Evaluated Logic(std::string_view name, const std::vector<Term>& terms) {
  for (const Term& term : terms)
    if (!std::holds_alternative<bool>(term))
      return Error("`" + std::string(name) + "` needs true or false, found " + Describe(term));
  const bool first = std::get<bool>(terms[0]);
  if (name == "not") return !first;
  return name == "and" ? first && std::get<bool>(terms[1]) : first || std::get<bool>(terms[1]);
}

Evaluated Least(const std::vector<Quantity>& numbers, bool least) {
  Quantity best = numbers.front();
  for (const Quantity& one : numbers) {
    const auto unit = CommonUnit(best, one);
    if (!unit) return Error(unit.error());
    const bool better = least ? one.amount < best.amount : one.amount > best.amount;
    best = {better ? one.amount : best.amount, *unit};
  }
  return best;
}

// To a whole number, or to a multiple.
Evaluated Rounded(std::string_view name, const std::vector<Quantity>& numbers) {
  const double step = numbers.size() > 1 ? numbers[1].amount : 1;
  if (!(step > 0)) return Error("`" + std::string(name) + "` needs a multiple above 0");
  const double parts = numbers[0].amount / step;
  // What misses a whole number by roundings is that number.
  const double nearest = std::round(parts);
  const bool is_whole = std::fabs(parts - nearest) <= 1e-9 * std::max(1.0, std::fabs(parts));
  const double whole = is_whole || name == "round" ? nearest
                       : name == "floor"           ? std::floor(parts)
                                                   : std::ceil(parts);
  return Number(whole * step, numbers[0].unit);
}

Evaluated Math(std::string_view name, const Quantity& number) {
  if (name == "abs") return Number(std::fabs(number.amount), number.unit);
  if (number.unit != Unit::kNone)
    return Error("`" + std::string(name) + "` takes a bare number, found " + Describe(number));
  const double x = number.amount;
  if (name == "exp") return Number(std::exp(x), Unit::kNone);
  if (name == "sqrt")
    return x < 0 ? Error("the root of " + Describe(number) + " is no number") : Number(std::sqrt(x), {});
  if (x <= 0) return Error("the logarithm of " + Describe(number) + " is no number");
  return Number(name == "log" ? std::log(x) : std::log2(x), Unit::kNone);
}

Evaluated Arithmetic(std::string_view name, const std::vector<Quantity>& numbers) {
  const Quantity& a = numbers.front();
  if (name == "-" && numbers.size() == 1) return Number(-a.amount, a.unit);
  const Quantity& b = numbers.back();
  if (name == "*") return Multiply(a, b);
  if (name == "/") return Divide(a, b);
  if (name == "^") {
    if (a.unit != Unit::kNone || b.unit != Unit::kNone) return Error("`^` takes bare numbers");
    return Number(std::pow(a.amount, b.amount), Unit::kNone);
  }
  const auto unit = CommonUnit(a, b);
  if (!unit) return Error(unit.error());
  return Number(name == "+" ? a.amount + b.amount : a.amount - b.amount, *unit);
}

bool IsComparison(std::string_view name) {
  return name == "==" || name == "!=" || name == "<" || name == "<=" || name == ">" || name == ">=";
}

using Result = tl::expected<Term, ExpressionError>;

Result Visit(const Node& node, const Expression::Lookup& lookup);

ExpressionError At(const Node& node, std::string message) {
  return {std::move(message), node.begin, node.length, ""};
}

// Of the two values only the one that counts is looked at.
Result Choose(const Node& node, const Expression::Lookup& lookup) {
  const auto condition = Visit(node.parts[0], lookup);
  if (!condition) return condition;
  const auto* flag = std::get_if<bool>(&*condition);
  if (flag == nullptr)
    return tl::make_unexpected(
        At(node.parts[0], "`if` needs true or false first, found " + Describe(*condition)));
  return Visit(node.parts[*flag ? 1 : 2], lookup);
}

Result Visit(const Node& node, const Expression::Lookup& lookup) {
  if (node.kind == Node::Kind::kTerm) return node.term;
  if (node.kind == Node::Kind::kName) {
    auto found = lookup(node.name);
    if (!found) return tl::make_unexpected(At(node, std::move(found).error()));
    return *std::move(found);
  }
  if (node.name == "if") return Choose(node, lookup);
  std::vector<Term> arguments;
  arguments.reserve(node.parts.size());
  for (const Node& part : node.parts) {
    auto value = Visit(part, lookup);
    if (!value) return value;
    arguments.push_back(*std::move(value));
  }
  auto result = Apply(node.name, arguments);
  if (!result) return tl::make_unexpected(At(node, std::move(result).error()));
  return *std::move(result);
}

}  // namespace

std::optional<Arity> ArityOf(std::string_view function) {
  for (const Function& one : kFunctions)
    if (one.name == function) return one.arity;
  return std::nullopt;
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names;
  for (const Function& one : kFunctions) names.push_back(one.name);
  return names;
}

tl::expected<Term, std::string> Apply(std::string_view name, const std::vector<Term>& arguments) {
  if (IsComparison(name)) return Compare(name, arguments[0], arguments[1]);
  if (name == "and" || name == "or" || name == "not") return Logic(name, arguments);
  std::vector<Quantity> numbers;
  numbers.reserve(arguments.size());
  for (const Term& term : arguments) {
    const auto* number = std::get_if<Quantity>(&term);
    if (number == nullptr) return Error("`" + std::string(name) + "` takes numbers, found " + Describe(term));
    numbers.push_back(*number);
  }
  if (name == "min" || name == "max") return Least(numbers, name == "min");
  if (name == "round" || name == "floor" || name == "ceil") return Rounded(name, numbers);
  if (ArityOf(name)) return Math(name, numbers.front());
  return Arithmetic(name, numbers);
}

tl::expected<Term, ExpressionError> Expression::Evaluate(const Lookup& lookup) const {
  return Visit(*root_, lookup);
}

bool Expression::Mentions(std::string_view name) const {
  const std::function<bool(const Node&)> mentions = [&](const Node& node) {
    return (node.kind == Node::Kind::kName && node.name == name) ||
           std::any_of(node.parts.begin(), node.parts.end(), mentions);
  };
  return mentions(*root_);
}

}  // namespace optfleet::sweeps
