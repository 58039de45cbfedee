// The leaves of a sweep file: every key of a spec that it gives, with the values on it. Plain values of one
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "spec/fields.h"

namespace optfleet::sweeps {

class Template;

// Jobs that differ in nothing else are one point, tried several times.
inline constexpr std::string_view kSeedKey = "training.seed";
inline constexpr std::string_view kOrderSeedKey = "data.seed";
inline bool IsSeedKey(std::string_view key) { return key == kSeedKey || key == kOrderSeedKey; }

struct LeafValue {
  std::string text;  // as written, references resolved
  spec::Value value;
  SourcePosition position;
  std::shared_ptr<const Template> computed = {};  // then `value` is the text, for comparisons only
};

// What the values of a key are drawn from (sweeps/sample.h).
struct Distribution {
  double from = 0;
  double to = 0;
  bool is_log = false;
  bool is_whole = false;
  std::vector<LeafValue> choices = {};  // if any, one of these instead
  SourcePosition position;
  bool is_largest = false;  // the largest whole number with which a job runs is looked for
};

struct Leaf {
  const spec::Field* field = nullptr;
  SourcePosition key_position;
  bool is_axis = false;  // written as a list or a range
  std::vector<LeafValue>
      values;  // one if it is no axis; empty only if none of those written is allowed (reported)
  // Place of the `zip` that links it with others: those with the same one vary together, as one axis. They
  // have equally many values.
  std::optional<SourcePosition> zip = {};
  // If any, it has no values before they are drawn.
  std::shared_ptr<const Distribution> distribution = {};
  // Points where it comes to false are without the key. It is an axis there of one point.
  std::shared_ptr<const Template> when = {};
};

// In the order of first appearance, each key once.
using Leaves = std::vector<Leaf>;

const Leaf* FindLeaf(const Leaves& leaves, std::string_view key);  // null if not given

// Replaces the keys that `over` gives, in their old places; its new keys follow.
void MergeOver(const Leaves& over, Leaves* base);

}  // namespace optfleet::sweeps
