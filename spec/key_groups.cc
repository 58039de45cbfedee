#include "spec/key_groups.h"

#include <algorithm>
#include <array>
#include <vector>

#include "spec/fields.h"

namespace optfleet::spec {
namespace {

template <auto member>
constexpr KeyGroup Of() {
  return {.name = {},
          .begin = 0,
          .end = 0,
          .same = [](const TrainingSpec& a, const TrainingSpec& b) { return a.*member == b.*member; },
          .copy = [](const TrainingSpec& from, TrainingSpec* to) { to->*member = from.*member; }};
}

using Spec = TrainingSpec;
// In the order of the names, as tests say.
constexpr std::array<KeyGroup, 11> kMembers{
    Of<&Spec::model>(),    Of<&Spec::optimizer>(), Of<&Spec::schedule>(),   Of<&Spec::data>(),
    Of<&Spec::training>(), Of<&Spec::budget>(),    Of<&Spec::evaluation>(), Of<&Spec::checkpoint>(),
    Of<&Spec::start>(),    Of<&Spec::averaging>(), Of<&Spec::diagnostics>()};

std::vector<KeyGroup> Made() {
  const auto fields = Fields();
  std::vector<KeyGroup> groups(kMembers.begin(), kMembers.end());
  for (size_t i = 0; i < groups.size(); ++i) {
    KeyGroup& group = groups[i];
    group.name = Groups()[i];
    const auto is_in = [&](const Field& field) { return field.group() == group.name; };
    const auto begin = std::find_if(fields.begin(), fields.end(), is_in);
    group.begin = static_cast<size_t>(begin - fields.begin());
    group.end = static_cast<size_t>(std::find_if_not(begin, fields.end(), is_in) - fields.begin());
  }
  return groups;
}

}  // namespace

std::span<const KeyGroup> KeyGroups() {
  static const std::vector<KeyGroup> groups = Made();
  return groups;
}

}  // namespace optfleet::spec
