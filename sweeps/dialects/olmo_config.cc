#include "sweeps/dialects/olmo_config.h"

#include <charconv>
#include <cmath>

#include "common/text.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/dialects/tree.h"

namespace optfleet::sweeps {
namespace {

using Kind = YamlNode::Kind;
constexpr size_t kShownColumns = 60;

std::string Quote(std::string_view text) { return "`" + TruncateToWidth(text, kShownColumns) + "`"; }

YamlNode DefaultOf(std::string_view key) {
  const OlmoKey* known = FindOlmoKey(key);
  YamlNode node;
  if (known == nullptr || known->otherwise == "null" || known->type == OlmoType::kList) return node;
  node.kind = Kind::kScalar;
  node.text = known->otherwise;
  return node;
}

// A typed field takes a text that spells its value, as OmegaConf does.
YamlNode Unquoted(YamlNode node) {
  node.quoted = false;
  return node;
}

bool IsNull(const YamlNode& node) {
  return node.kind == Kind::kNull || std::holds_alternative<std::monostate>(PlainValueOf(node));
}

std::string HintOn(std::string_view key) {
  std::vector<std::string_view> known;
  for (const OlmoKey& one : OlmoKeys()) known.push_back(one.key);
  if (const auto nearest = NearestName(key, known)) return "did you mean `" + std::string(*nearest) + "`?";
  for (const OlmoKey& one : OlmoKeys()) {
    const std::string_view name = one.key.substr(one.key.rfind('.') + 1);
    if (name == key.substr(key.rfind('.') + 1)) return "did you mean `" + std::string(one.key) + "`?";
  }
  return "";
}

}  // namespace

void OlmoConfig::CheckKeys() {
  for (const YamlEntry& leaf : Flattened(root_)) {
    const OlmoKey* known = FindOlmoKey(leaf.key);
    if (known == nullptr) {
      if (!IsOlmoGroup(leaf.key) || !IsNull(leaf.value))
        diagnostics_->Add(leaf.key_position, "unknown key " + Quote(leaf.key), HintFor(leaf.key));
    } else if (known->use == OlmoUse::kOnly) {
      const YamlNode value = ValueOf(leaf.key);
      if (!IsNull(value) && PythonText(Unquoted(value)) != PythonText(DefaultOf(leaf.key)))
        Refuse(leaf.key, Quote(leaf.key) + " must stay " + std::string(known->otherwise) +
                             ", which is all that is built here; found " + PythonText(value));
    }
  }
}

std::optional<int64_t> OlmoConfig::Integer(std::string_view key) {
  const YamlNode value = ValueOf(key);
  if (IsNull(value)) return std::nullopt;
  const PlainValue plain = PlainValueOf(Unquoted(value));
  if (const auto* integer = std::get_if<int64_t>(&plain)) return *integer;
  // 1e3 is a whole number to whoever writes it.
  if (const auto* real = std::get_if<double>(&plain);
      real && std::trunc(*real) == *real && std::fabs(*real) < 9e15)
    return static_cast<int64_t>(*real);
  RefuseValue(key, value);
  return std::nullopt;
}

std::optional<double> OlmoConfig::Number(std::string_view key) {
  const YamlNode value = ValueOf(key);
  if (IsNull(value)) return std::nullopt;
  const PlainValue plain = PlainValueOf(Unquoted(value));
  if (const auto* integer = std::get_if<int64_t>(&plain)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&plain)) return *real;
  RefuseValue(key, value);
  return std::nullopt;
}

std::optional<bool> OlmoConfig::Boolean(std::string_view key) {
  const YamlNode value = ValueOf(key);
  if (IsNull(value)) return std::nullopt;
  const PlainValue plain = PlainValueOf(Unquoted(value));
  if (const auto* boolean = std::get_if<bool>(&plain)) return *boolean;
  if (const auto* integer = std::get_if<int64_t>(&plain); integer && (*integer == 0 || *integer == 1))
    return *integer == 1;
  RefuseValue(key, value);
  return std::nullopt;
}

std::optional<std::string> OlmoConfig::Text(std::string_view key) {
  const YamlNode value = ValueOf(key);
  if (value.kind == Kind::kScalar && !IsNull(value)) return value.text;
  if (!IsNull(value)) RefuseValue(key, value);
  return std::nullopt;
}

std::vector<std::string> OlmoConfig::List(std::string_view key) {
  const YamlNode value = ValueOf(key);
  if (value.kind == Kind::kScalar && !IsNull(value)) return {value.text};
  std::vector<std::string> texts;
  for (const YamlNode& item : value.items) texts.push_back(PythonText(item));
  return texts;
}

SourcePosition OlmoConfig::PositionOf(std::string_view key) const {
  const YamlNode* found = FindInTree(root_, key);
  return found != nullptr ? found->position : root_.position;
}

void OlmoConfig::Refuse(std::string_view key, const std::string& message, const std::string& hint) {
  diagnostics_->Add(PositionOf(key), message, hint);
}

YamlNode OlmoConfig::ValueOf(std::string_view key) {
  const YamlNode* found = FindInTree(root_, key);
  if (found == nullptr) return DefaultOf(key);
  if (found->kind == Kind::kMap) {
    RefuseValue(key, *found);
    return {};
  }
  return references_.Resolve(*found).value_or(YamlNode());
}

void OlmoConfig::RefuseValue(std::string_view key, const YamlNode& found) {
  std::string text = "a map";
  if (found.kind == Kind::kSequence) text = "a list";
  if (found.kind == Kind::kScalar) text = TruncateToWidth(found.text, kShownColumns);
  Refuse(key,
         Quote(key) + " must be " + std::string(OlmoTypeName(FindOlmoKey(key)->type)) + ", found " + text);
}

const std::string& OlmoConfig::HintFor(const std::string& key) {
  const auto known = hints_.find(key);
  return known != hints_.end() ? known->second : hints_.emplace(key, HintOn(key)).first->second;
}

}  // namespace optfleet::sweeps
