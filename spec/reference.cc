// docs/spec-keys.md, made from the table of fields.
#include "spec/fields.h"

namespace optfleet::spec {
namespace {

std::string ReadBy(const Field& field) {
  return field.use.when.empty() ? "" : " Read " + std::string(field.use.when) + ".";
}

std::string Row(const Field& field) {
  std::string value = ToText(field.get(TrainingSpec{}));
  value = value.empty() ? "(none)" : "`" + value + "`";
  return "| `" + std::string(field.key) + "` | " + value + " | " + Expectation(field) + " | " +
         std::string(field.doc) + ReadBy(field) + " |\n";
}

}  // namespace

std::string ReferenceMarkdown() {
  std::string page =
      "# Keys of a spec\n\n"
      "Made from the tables in `spec/fields_*.cc`; a test keeps the two equal. How a sweep file uses these "
      "keys:\n"
      "[sweeps.md](sweeps.md). A key that no run of a file reads is a mistake.\n";
  for (const auto group : Groups()) {
    page += "\n## " + std::string(group) + "\n\n| key | default | takes | meaning |\n|---|---|---|---|\n";
    for (const Field& field : Fields())
      if (field.group() == group) page += Row(field);
  }
  return page;
}

}  // namespace optfleet::spec
