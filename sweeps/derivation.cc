#include "sweeps/derivation.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "spec/parameters.h"
#include "sweeps/expressions/template.h"
#include "sweeps/grid.h"
#include "sweeps/paths.h"

namespace optfleet::sweeps {
namespace {

using Found = tl::expected<Term, std::string>;

// Keys, or groups with their point, from which one that is not given follows (spec/resolve.h).
std::vector<std::string_view> FollowsFrom(std::string_view key, const Leaves& leaves) {
  const bool sized = FindLeaf(leaves, "model.block_parameters") != nullptr ||
                     FindLeaf(leaves, "model.from_flops") != nullptr;
  if (key.starts_with("model.") && sized) return {"model."};
  if (key == "model.heads") return {"model.head_width", "model.width"};
  if (key == "model.kv_heads") return {"model.head"};
  if (key == "model.mlp_width") return {"model.width"};
  if (key == "model.vocab_size") return {"model.vocab_multiple"};
  if (key == "model.context" || key == "data.length_start") return {"data.sequence_length"};
  if (key == "training.micro_batch") return {"training.batch_size"};
  if (!key.starts_with("budget.")) return {};
  std::vector<std::string_view> keys = {"budget.", "training.batch_size", "data."};
  if (sized || FindLeaf(leaves, "budget.flops") != nullptr) keys.push_back("model.");
  return keys;
}

class Filler {
 public:
  Filler(const Leaves& leaves, const Grid& grid, spec::TrainingSpec* spec,
         std::vector<spec::Problem>* problems)
      : leaves_(leaves), grid_(grid), spec_(*spec), problems_(*problems) {}

  void Run() {
    for (const Leaf& leaf : leaves_) (void)Fill(leaf);
  }

  // Whether the key's condition holds; one that cannot be told is reported.
  bool Holds(const Leaf& leaf) {
    const auto term = leaf.when->Evaluate([this](std::string_view name) { return Look(name); });
    const auto* flag = term ? std::get_if<bool>(&*term) : nullptr;
    if (flag != nullptr) return *flag;
    (void)Fail(leaf, term ? "`when` must come to true or false, found " + Describe(*term) : term.error(),
               "compare two values, as optimizer.name == sgd");
    return true;
  }

 private:
  enum class State { kOpen, kDone, kFailed };

  const Template* ComputedOf(const Leaf& leaf) const {
    const LeafValue* value = grid_.ValueOf(leaf);
    return value == nullptr ? nullptr : value->computed.get();
  }

  // An error without words was reported where it arose.
  tl::expected<void, std::string> Fill(const Leaf& leaf) {
    const Template* computed = ComputedOf(leaf);
    if (computed == nullptr || grid_.IsAbsent(leaf)) return {};
    if (const auto known = states_.find(&leaf); known != states_.end()) {
      if (known->second == State::kDone) return {};
      return tl::make_unexpected(known->second == State::kOpen ? Circle(leaf) : std::string());
    }
    states_[&leaf] = State::kOpen;
    open_.push_back(&leaf);
    const auto term = computed->Evaluate([this](std::string_view name) { return Look(name); });
    open_.pop_back();
    if (!term) return Fail(leaf, term.error(), "change the expression, or what it refers to");
    auto value = ValueOf(*leaf.field, *term);
    if (!value)
      return Fail(leaf, "`" + std::string(leaf.field->key) + "` must be " + value.error(),
                  "change the expression; round(), floor() and ceil() make whole numbers");
    const auto* text = std::get_if<std::string>(&*value);
    if (text != nullptr && spec::NamesFile(leaf.field->key, *text) && !computed->folder().empty())
      value = spec::Value(AbsolutePath(computed->folder(), *text));
    leaf.field->set(spec_, *value);
    states_[&leaf] = State::kDone;
    return {};
  }

  tl::expected<void, std::string> Fail(const Leaf& leaf, const std::string& message, std::string remedy) {
    states_[&leaf] = State::kFailed;
    if (!message.empty()) problems_.push_back({"computed", {leaf.field->key}, message, std::move(remedy)});
    return tl::make_unexpected(std::string());
  }

  std::string Circle(const Leaf& leaf) const {
    std::string circle;
    for (const Leaf* open : open_) circle += std::string(open->field->key) + " -> ";
    return "the expressions go in a circle: " + circle + std::string(leaf.field->key);
  }

  Found Look(std::string_view name) {
    if (const spec::Field* field = spec::FindField(name)) return LookKey(*field);
    const bool of_model = name != kTokensPerStep;
    const auto ready =
        FillAll(of_model ? std::vector<std::string_view>{"model.", "data.sequence_length"}
                         : std::vector<std::string_view>{"training.batch_size", "data.sequence_length"});
    if (!ready) return tl::make_unexpected(ready.error());
    const spec::TrainingSpec resolved = Resolved();
    const auto number = [](auto amount, spec::Unit unit) {
      return Term(spec::Quantity{static_cast<double>(amount), unit});
    };
    const int64_t length = resolved.data.sequence_length;
    if (name == kParameters) return number(spec::CountParameters(resolved.model), spec::Unit::kNone);
    if (name == kFlopsPerToken) return number(spec::FlopsPerToken(resolved.model, length), spec::Unit::kNone);
    return number(resolved.training.batch_size * length, spec::Unit::kTokens);
  }

  Found LookKey(const spec::Field& field) {
    if (const Leaf* leaf = FindLeaf(leaves_, field.key); leaf != nullptr && !grid_.IsAbsent(*leaf)) {
      const auto ready = Fill(*leaf);
      if (!ready) return tl::make_unexpected(ready.error());
      return TermOf(field, field.get(spec_));
    }
    const auto ready = FillAll(FollowsFrom(field.key, leaves_));
    if (!ready) return tl::make_unexpected(ready.error());
    const spec::TrainingSpec resolved = Resolved();
    if (const std::string unknown = WhyUnknown(field, resolved.budget); !unknown.empty())
      return tl::make_unexpected(unknown);
    return TermOf(field, field.get(resolved));
  }

  // Zero would be taken for a figure.
  static std::string WhyUnknown(const spec::Field& field, const spec::BudgetSpec& budget) {
    const bool counts = field.key == "budget.steps" || field.key == "budget.tokens";
    if (!counts || (budget.seconds == 0 && budget.epochs == 0)) return "";
    return "`" + std::string(field.key) + "` is not known before a run that ends by " +
           (budget.epochs > 0 ? "epochs has read its data" : "time has ended");
  }

  // All computed keys that begin so.
  tl::expected<void, std::string> FillAll(const std::vector<std::string_view>& prefixes) {
    for (const Leaf& leaf : leaves_) {
      const bool counts = std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
        return leaf.field->key.starts_with(prefix);
      });
      if (!counts) continue;
      if (const auto ready = Fill(leaf); !ready) return ready;
    }
    return {};
  }

  // What is missing or wrong elsewhere is reported of the whole point.
  spec::TrainingSpec Resolved() const {
    spec::TrainingSpec copy = spec_;
    (void)spec::Resolve(&copy, grid_.slots());
    return copy;
  }

  const Leaves& leaves_;
  const Grid& grid_;
  spec::TrainingSpec& spec_;
  std::map<const Leaf*, State> states_;
  std::vector<const Leaf*> open_;
  std::vector<spec::Problem>& problems_;
};

}  // namespace

void FillComputed(const Leaves& leaves, const Grid& grid, spec::TrainingSpec* spec,
                  std::vector<spec::Problem>* problems) {
  Filler(leaves, grid, spec, problems).Run();
}

std::vector<const Leaf*> AbsentKeys(const Leaves& leaves, const Grid& grid, spec::TrainingSpec spec,
                                    std::vector<spec::Problem>* problems) {
  std::vector<const Leaf*> absent;
  Filler filler(leaves, grid, &spec, problems);
  for (const Leaf& leaf : leaves)
    if (leaf.when != nullptr && !filler.Holds(leaf)) absent.push_back(&leaf);
  return absent;
}

}  // namespace optfleet::sweeps
