#include <algorithm>
#include <optional>
#include <utility>

#include "common/text.h"
#include "sweeps/expressions/node.h"

namespace optfleet::sweeps {
namespace {

using Node = Expression::Node;
using Kind = Node::Kind;

constexpr int kDeepest = 64;
constexpr size_t kShownColumns = 60;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWordPart(char c) { return IsLetter(c) || (c >= '0' && c <= '9') || c == '.'; }

std::string Quote(std::string_view text) { return "`" + TruncateToWidth(text, kShownColumns) + "`"; }

// A recursive descent: one method for each strength of binding. The first error ends it.
class Parser {
 public:
  Parser(std::string_view text, const Expression::Names& names) : text_(text), names_(names) {}

  tl::expected<Node, ExpressionError> Parse() {
    Node node = Or();
    SkipBlanks();
    if (!error_ && at_ < text_.size())
      Fail(at_, WordLength(), Quote(text_.substr(at_, WordLength())) + " does not belong here");
    if (error_) return tl::make_unexpected(*error_);
    return node;
  }

 private:
  Node Or() { return Chain({"or"}, &Parser::And); }
  Node And() { return Chain({"and"}, &Parser::Not); }

  Node Not() {
    if (const auto begin = Take("not")) return Operator("not", *begin, {Deeper(&Parser::Not)});
    return Comparison();
  }

  Node Comparison() {
    Node left = Sum();
    for (const std::string_view sign : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (const auto begin = Take(sign)) return Operator(sign, left.begin, {std::move(left), Sum()});
    }
    return left;
  }

  Node Sum() { return Chain({"+", "-"}, &Parser::Product); }
  Node Product() { return Chain({"*", "/"}, &Parser::Sign); }

  Node Sign() {
    if (const auto begin = Take("-")) return Operator("-", *begin, {Deeper(&Parser::Sign)});
    return Power();
  }

  Node Power() {
    Node base = Operand();
    if (!Take("^")) return base;
    const size_t begin = base.begin;
    return Operator("^", begin, {std::move(base), Deeper(&Parser::Sign)});
  }

  Node Operand() {
    SkipBlanks();
    const size_t begin = at_;
    if (Take("(")) {
      Node inner = Deeper(&Parser::Or);
      Expect(")");
      return inner;
    }
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return Text();
    if (const auto quantity = spec::ReadQuantityFrom(text_.substr(at_))) {
      at_ += quantity->length;
      return Leaf(quantity->quantity, begin);
    }
    if (at_ < text_.size() && IsLetter(text_[at_])) return Word();
    const bool at_end = at_ >= text_.size();
    Fail(begin, std::max<size_t>(WordLength(), 1),
         at_end ? "the expression ends where a value should follow"
                : Quote(text_.substr(at_, WordLength())) + " is no value",
         "values are numbers with or without a unit, keys, functions and texts in quotes");
    return {};
  }

  Node Text() {
    const size_t begin = at_;
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) {
      Fail(begin, text_.size() - begin, "the text has no end quote");
      return {};
    }
    at_ = end + 1;
    return Leaf(std::string(text_.substr(begin + 1, end - begin - 1)), begin);
  }

  Node Word() {
    const size_t begin = at_;
    const std::string_view word = text_.substr(at_, WordLength());
    at_ += word.size();
    if (Take("(")) return Call(word, begin);
    if (word == "true" || word == "false") return Leaf(word == "true", begin);
    if (word.find('.') == std::string_view::npos) return Leaf(std::string(word), begin);
    const bool known = std::find(names_.keys.begin(), names_.keys.end(), word) != names_.keys.end();
    if (!known) Fail(begin, word.size(), "unknown key " + Quote(word), NearestHint(word, names_.keys));
    return Name(word, begin);
  }

  Node Call(std::string_view name, size_t begin) {
    Node call{.kind = Kind::kCall, .name = std::string(name), .begin = begin};
    if (!Take(")")) {
      do call.parts.push_back(Deeper(&Parser::Or));
      while (!error_ && Take(","));
      Expect(")");
    }
    call.length = at_ - begin;
    if (error_) return call;
    const auto& known = names_.functions;
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      if (!call.parts.empty()) Fail(begin, call.length, Quote(name) + " takes no arguments");
      return Name(name, begin);
    }
    CheckArity(call);
    return call;
  }

  void CheckArity(const Node& call) {
    const auto arity = ArityOf(call.name);
    const size_t count = call.parts.size();
    if (!arity) {
      auto all = FunctionNames();
      all.insert(all.end(), names_.functions.begin(), names_.functions.end());
      return Fail(call.begin, call.name.size(), "unknown function " + Quote(call.name),
                  NearestHint(call.name, all));
    }
    if (count >= arity->least && count <= arity->most) return;
    const bool fixed = arity->least == arity->most;
    Fail(call.begin, call.length,
         Quote(call.name) + " takes " + (fixed ? "" : "at least ") + std::to_string(arity->least) +
             (arity->least == 1 ? " argument" : " arguments") + ", found " + std::to_string(count));
  }

  static std::string NearestHint(std::string_view name, const std::vector<std::string_view>& known) {
    const auto nearest = NearestName(name, known);
    return nearest ? "did you mean `" + std::string(*nearest) + "`?" : "";
  }

  using Rule = Node (Parser::*)();

  // Operands of one rule with operators of equal strength between them, from the left.
  Node Chain(std::initializer_list<std::string_view> signs, Rule operand) {
    Node left = (this->*operand)();
    for (bool more = true; more && !error_;) {
      more = false;
      for (const std::string_view sign : signs) {
        if (!Take(sign)) continue;
        const size_t begin = left.begin;
        left = Operator(sign, begin, {std::move(left), (this->*operand)()});
        more = true;
        break;
      }
      // A long chain is a deep tree, whose end is as deep.
      if (more && ++chained_ > kMostChained) Fail(left.begin, 1, "the expression is too long");
    }
    return left;
  }

  Node Deeper(Rule rule) {
    if (++depth_ > kDeepest) {
      Fail(at_, 1, "the expression is nested more than " + std::to_string(kDeepest) + " deep");
      return {};
    }
    Node node = error_ ? Node() : (this->*rule)();
    --depth_;
    return node;
  }

  Node Operator(std::string_view name, size_t begin, std::vector<Node> parts) const {
    return {.kind = Kind::kOperator,
            .name = std::string(name),
            .parts = std::move(parts),
            .begin = begin,
            .length = at_ - begin};
  }
  Node Leaf(Term term, size_t begin) const {
    return {.kind = Kind::kTerm, .term = std::move(term), .begin = begin, .length = at_ - begin};
  }
  Node Name(std::string_view name, size_t begin) const {
    return {.kind = Kind::kName, .name = std::string(name), .begin = begin, .length = at_ - begin};
  }

  // Where it began, if the sign or word comes next.
  std::optional<size_t> Take(std::string_view sign) {
    SkipBlanks();
    if (error_ || !text_.substr(at_).starts_with(sign)) return std::nullopt;
    const size_t end = at_ + sign.size();
    if (IsLetter(sign.front()) && end < text_.size() && IsWordPart(text_[end])) return std::nullopt;
    return std::exchange(at_, end);
  }

  void Expect(std::string_view sign) {
    if (error_ || Take(sign)) return;
    const bool at_end = at_ >= text_.size();
    Fail(at_end ? text_.size() : at_, std::max<size_t>(WordLength(), 1),
         "`" + std::string(sign) + "` should follow" +
             (at_end ? "" : ", found " + Quote(text_.substr(at_, WordLength()))));
  }

  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  size_t WordLength() const {
    size_t end = at_;
    while (end < text_.size() && IsWordPart(text_[end])) ++end;
    return end == at_ && at_ < text_.size() ? 1 : end - at_;
  }

  void Fail(size_t begin, size_t length, std::string message, std::string hint = "") {
    if (!error_) error_ = ExpressionError{std::move(message), begin, length, std::move(hint)};
  }

  static constexpr int kMostChained = 1000;

  std::string_view text_;
  const Expression::Names& names_;
  size_t at_ = 0;
  int depth_ = 0;
  int chained_ = 0;
  std::optional<ExpressionError> error_;
};

}  // namespace

tl::expected<Expression, ExpressionError> Expression::Parse(std::string_view text, const Names& names) {
  auto root = Parser(text, names).Parse();
  if (!root) return tl::make_unexpected(std::move(root).error());
  return Expression(std::make_shared<const Node>(*std::move(root)));
}

}  // namespace optfleet::sweeps
