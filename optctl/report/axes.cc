#include "optctl/report/axes.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace optfleet::report {
namespace {

struct AxisFacts {
  bool numeric = true;
  std::set<std::string> keys;  // distinct values; a missing one counts as ""
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool varies() const { return keys.size() > 1; }
  // A little less than 10 times, so that rounding does not decide.
  bool spans_decades() const { return numeric && low > 0 && high >= 9.999 * low; }
};

std::string KeyAt(const ValueTable& values, size_t job, size_t axis) {
  return values[job][axis] ? values[job][axis]->key : "";
}

std::vector<AxisFacts> LookAtAxes(size_t axes, const ValueTable& values) {
  std::vector<AxisFacts> facts(axes);
  for (size_t job = 0; job < values.size(); ++job) {
    for (size_t a = 0; a < axes; ++a) {
      facts[a].keys.insert(KeyAt(values, job, a));
      const auto& value = values[job][a];
      if (!value) continue;
      facts[a].numeric = facts[a].numeric && value->number.has_value();
      if (!value->number) continue;
      facts[a].low = std::min(facts[a].low, *value->number);
      facts[a].high = std::max(facts[a].high, *value->number);
    }
  }
  return facts;
}

bool IsSeed(const std::string& axis) { return axis == "seed" || axis.ends_with(".seed"); }

std::optional<size_t> ChooseMain(const std::vector<std::string>& axes, const std::vector<AxisFacts>& facts) {
  const auto rank = [&](size_t a) { return std::pair(facts[a].keys.size(), facts[a].spans_decades()); };
  std::optional<size_t> best;
  for (size_t a = 0; a < axes.size(); ++a) {
    if (!facts[a].numeric || !facts[a].varies() || IsSeed(axes[a])) continue;
    if (!best || rank(a) > rank(*best)) best = a;
  }
  return best;
}

std::vector<std::string> KeysAt(const ValueTable& values, size_t job, const std::vector<size_t>& axes) {
  std::vector<std::string> keys;
  for (size_t axis : axes) keys.push_back(KeyAt(values, job, axis));
  return keys;
}

// Whether the value on `axis` is known once those on `given` are.
bool IsDetermined(const ValueTable& values, size_t axis, const std::vector<size_t>& given) {
  std::map<std::vector<std::string>, std::string> seen;
  for (size_t job = 0; job < values.size(); ++job) {
    const std::string key = KeyAt(values, job, axis);
    if (seen.emplace(KeysAt(values, job, given), key).first->second != key) return false;
  }
  return true;
}

std::optional<std::string> UsualKey(const ValueTable& values, const std::vector<size_t>& lines, size_t axis) {
  std::vector<size_t> others = lines;
  std::erase(others, axis);
  std::map<std::vector<std::string>, std::set<std::string>> tried;
  for (size_t job = 0; job < values.size(); ++job) {
    tried[KeysAt(values, job, others)].insert(KeyAt(values, job, axis));
  }
  std::map<std::string, size_t> alone;
  for (const auto& [at, keys] : tried) {
    if (keys.size() == 1) ++alone[*keys.begin()];
  }
  for (const auto& [key, count] : alone) {
    if (2 * count > tried.size()) return key;
  }
  return std::nullopt;
}

// The first line axis gives lines their colour and their name its first word: the optimizer, not the width.
std::vector<size_t> WordsFirst(const std::vector<AxisFacts>& facts) {
  std::vector<size_t> order(facts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t a) { return !facts[a].numeric; });
  return order;
}

}  // namespace

AxisRoles FindAxisRoles(const ReportData& data, const ValueTable& values) {
  const std::vector<AxisFacts> facts = LookAtAxes(data.axes.size(), values);
  AxisRoles roles;
  roles.main = ChooseMain(data.axes, facts);
  if (roles.main) roles.main_log = facts[*roles.main].spans_decades();

  for (size_t a : WordsFirst(facts)) {
    if (!facts[a].varies() || a == roles.main) continue;
    if (IsSeed(data.axes[a])) {
      roles.repeats.push_back(a);
      continue;
    }
    // Words are kept beside the main axis even where it determines them: ranges of optimizers rarely overlap.
    const bool as_many = roles.main && facts[a].keys.size() == facts[*roles.main].keys.size();
    if (as_many && facts[a].numeric && IsDetermined(values, a, {*roles.main})) continue;
    if (!roles.lines.empty() && IsDetermined(values, a, roles.lines)) continue;
    roles.lines.push_back(a);
  }
  for (size_t a : roles.lines) {
    roles.usual.push_back(facts[a].numeric ? UsualKey(values, roles.lines, a) : std::nullopt);
  }
  return roles;
}

}  // namespace optfleet::report
