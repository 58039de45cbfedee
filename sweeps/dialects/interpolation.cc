#include "sweeps/dialects/interpolation.h"

#include <algorithm>

#include "common/text.h"
#include "sweeps/dialects/plain_value.h"
#include "sweeps/dialects/tree.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kEnvironment = "oc.env:";
constexpr std::string_view kGlob = "path.glob:";
constexpr size_t kShownColumns = 60;
constexpr int kDeepest = 32;

std::string Quote(std::string_view text) { return "`" + TruncateToWidth(text, kShownColumns) + "`"; }

// The end of the reference that begins at `begin`, behind its brace; references may stand in references.
size_t EndOfReference(std::string_view text, size_t begin) {
  int depth = 0;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

YamlNode TextNode(std::string text, const YamlNode& at, bool quoted) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.position = at.position;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

}  // namespace

std::optional<YamlNode> Interpolation::Resolve(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return ResolveText(node);
  if (node.kind != YamlNode::Kind::kSequence) return node;
  YamlNode list = node;
  list.items.clear();
  for (const YamlNode& item : node.items) {
    auto value = Resolve(item);
    if (!value) return std::nullopt;
    list.items.push_back(*std::move(value));
  }
  return list;
}

std::optional<YamlNode> Interpolation::ResolveText(const YamlNode& node) {
  std::string_view text = node.text;
  size_t begin = text.find("${");
  if (begin == std::string_view::npos) return node;
  if (begin == 0 && EndOfReference(text, 0) == text.size())
    return ValueOf(text.substr(2, text.size() - 3), node);
  std::string out;
  for (; begin != std::string_view::npos; begin = text.find("${")) {
    const size_t end = EndOfReference(text, begin);
    if (end == std::string_view::npos) break;
    const auto value = ValueOf(text.substr(begin + 2, end - begin - 3), node);
    if (!value) return std::nullopt;
    out.append(text.substr(0, begin)) += PythonText(*value);
    text.remove_prefix(end);
  }
  return TextNode(out.append(text), node, /*quoted=*/true);
}

std::optional<YamlNode> Interpolation::ValueOf(std::string_view reference, const YamlNode& at) {
  if (depth_ == kDeepest) {
    diagnostics_->Add(at.position,
                      "the references are nested more than " + std::to_string(kDeepest) + " deep");
    return std::nullopt;
  }
  ++depth_;
  auto value = ValueOfNested(reference, at);
  --depth_;
  return value;
}

std::optional<YamlNode> Interpolation::ValueOfNested(std::string_view reference, const YamlNode& at) {
  if (reference.starts_with(kEnvironment))
    return ValueOfEnvironment(reference.substr(kEnvironment.size()), at);
  // Which files there are is known where they lie, so the pattern stays for whoever reads the value.
  if (reference.starts_with(kGlob)) {
    const auto pattern = Resolve(TextNode(std::string(reference.substr(kGlob.size())), at, true));
    return pattern;
  }
  if (reference.find(':') == std::string_view::npos && !reference.starts_with('.'))
    return ValueOfKey(reference, at);
  diagnostics_->Add(at.position, "unknown reference " + Quote("${" + std::string(reference) + "}"),
                    "known are ${some.key}, ${oc.env:NAME}, ${oc.env:NAME,default} and ${path.glob:...}");
  return std::nullopt;
}

std::optional<YamlNode> Interpolation::ValueOfKey(std::string_view key, const YamlNode& at) {
  if (std::find(open_.begin(), open_.end(), key) != open_.end()) {
    std::string circle;
    for (const std::string& open : open_) circle += open + " -> ";
    diagnostics_->Add(at.position, "the references go in a circle: " + circle + std::string(key));
    return std::nullopt;
  }
  const YamlNode* node = FindInTree(root_, key);
  if (node == nullptr || node->kind == YamlNode::Kind::kMap) {
    diagnostics_->Add(at.position,
                      Quote(key) + (node == nullptr ? " is given nowhere" : " has no value of its own"));
    return std::nullopt;
  }
  open_.emplace_back(key);
  auto value = Resolve(*node);
  open_.pop_back();
  return value;
}

std::optional<YamlNode> Interpolation::ValueOfEnvironment(std::string_view argument, const YamlNode& at) {
  const size_t comma = argument.find(',');
  const std::string name(argument.substr(0, comma));
  if (const auto found = environment_.find(name); found != environment_.end())
    return TextNode(found->second, at, /*quoted=*/true);
  if (comma != std::string_view::npos)
    return Resolve(TextNode(std::string(argument.substr(comma + 1)), at, /*quoted=*/false));
  diagnostics_->Add(at.position, Quote("${oc.env:" + name + "}") + " is not set in the environment",
                    "set it before the command: " + TruncateToWidth(name, kShownColumns) + "=... optctl");
  return std::nullopt;
}

}  // namespace optfleet::sweeps
