#include "optctl/commands/sections.h"

#include <algorithm>
#include <sstream>

namespace optfleet::commands {
namespace {

std::string Indented(const std::string& text, size_t spaces) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    out += line.empty() ? "\n" : std::string(spaces, ' ') + line + "\n";
  }
  return out;
}

}  // namespace

void Sections::Begin(std::string title) { sections_.push_back({std::move(title), {}, {}}); }

void Sections::Add(std::string key, std::string value) {
  if (!value.empty()) sections_.back().facts.emplace_back(std::move(key), std::move(value));
}

void Sections::Text(std::string text) { sections_.back().text += text; }

std::string Sections::Render() const {
  size_t widest = 0;
  for (const Section& section : sections_) {
    for (const auto& [key, value] : section.facts) widest = std::max(widest, key.size());
  }
  std::string out;
  for (const Section& section : sections_) {
    if (section.facts.empty() && section.text.empty()) continue;
    const size_t indent = section.title.empty() ? 0 : 2;
    if (!out.empty()) out += "\n";
    if (!section.title.empty()) out += section.title + "\n";
    const size_t column = indent + widest + 2;
    for (const auto& [key, value] : section.facts) {
      const std::string lines = Indented(value, column);
      out += std::string(indent, ' ') + key + std::string(widest + 2 - key.size(), ' ') +
             lines.substr(std::min(column, lines.size()));
    }
    out += Indented(section.text, indent);
  }
  return out;
}

}  // namespace optfleet::commands
