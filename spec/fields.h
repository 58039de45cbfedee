// The keys of a spec: one ordered table that types, bounds, documents, reads and writes every member of
// TrainingSpec. Whatever knows a key by name goes through it: sweep files, JSON, the reference page. Defaults
// are those of a default-constructed TrainingSpec. Pure; the table is constant, so everything here is usable
// from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "spec/length.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

// kOwnNumber and kOwnInteger: a number, or kInherit to take that of the whole.
enum class FieldType { kInteger, kNumber, kBoolean, kText, kChoice, kLength, kOwnNumber, kOwnInteger };

// Value of a key that says nothing of its own: the whole it is a part of decides.
inline constexpr std::string_view kInherit = "inherit";

// Unit of a field that takes a time, too: 30min is 0.5.
inline constexpr std::string_view kDeviceHours = "device hours";

// A choice and kInherit are held as their names.
using Value = std::variant<int64_t, double, bool, std::string, Length>;

struct Range {
  double min = 0;
  double max = 0;
  bool min_open = false;  // min itself is not allowed
  bool max_open = false;
};

// Which runs read a key. The others hold its default when resolved, and giving it to them alone is a mistake.
struct Use {
  bool (*by)(const TrainingSpec& spec) = nullptr;  // null: every run; looks at keys further up the table only
  std::string_view when;                           // to follow "read": "by `optimizer.name` sgd"
};

struct Field {
  std::string_view key;  // "optimizer.learning_rate": group, point, name
  FieldType type = FieldType::kInteger;
  Range range;                                // integers and numbers
  std::span<const std::string_view> choices;  // choices
  std::string_view unit;                      // plural noun, or empty for a bare figure
  std::string_view doc;                       // one line
  Value (*get)(const TrainingSpec& spec) = nullptr;
  void (*set)(TrainingSpec& spec, const Value& value) = nullptr;  // value has the field's type
  Use use;
  // Whether two specs have the same value: quicker than to compare what `get` gives.
  bool (*same)(const TrainingSpec& a, const TrainingSpec& b) = nullptr;

  std::string_view group() const { return key.substr(0, key.find('.')); }
  std::string_view name() const { return key.substr(key.find('.') + 1); }
};

// Keys whose values name files.
std::span<const std::string_view> FileKeys();
// Whether a value of a key is a file's path; kNoFile and an empty text are none.
bool NamesFile(std::string_view key, std::string_view value);

// What stands between the parts of a text that is a list of parts: " then "; empty for every other key.
std::string_view PartsSeparator(const Field& field);

// In the order of the canonical form.
std::span<const Field> Fields();
const Field* FindField(std::string_view key);  // null if unknown
std::span<const std::string_view> Groups();    // "model", "optimizer", ... in order

// What the field takes, to follow "must be": "a whole number of sequences from 1 to 1048576", "a number above
// 0, at most 100", "true or false", "one of sgd, adam, adamw".
std::string Expectation(const Field& field);

// Whether a run of this spec reads the field.
bool IsUsed(const Field& field, const TrainingSpec& spec);

// Whether its value says something about a run of this spec: the run reads it, and it does not inherit.
bool Speaks(const Field& field, const TrainingSpec& spec);

// What to say where a key is given to runs that do not read it, and what to do about it.
std::string UnusedMessage(const Field& field);
std::string UnusedRemedy(const Field& field);

// A value from the text of a scalar. `quoted` scalars are text (or lengths) and never numbers or booleans.
// Whole numbers may be written 1e6. On error: what was found, to follow "found ", e.g. "12.5" or "the text
// \"12\"".
tl::expected<Value, std::string> ParseValue(const Field& field, std::string_view text, bool quoted);

// Whether a value has the field's type and lies in its range or choices.
bool IsAllowed(const Field& field, const Value& value);

// Shortest text that ParseValue reads back as the same value.
std::string ToText(const Value& value);

// The reference of all keys as Markdown (docs/spec-keys.md).
std::string ReferenceMarkdown();

}  // namespace optfleet::spec
