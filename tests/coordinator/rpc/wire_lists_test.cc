// The lists that exist twice, as plain enums with names and on the wire: number by number, name by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "common/outcome.h"
#include "coordinator/domain/states.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::rpc {
namespace {

// "OUTCOME_OUT_OF_MEMORY" with prefix "OUTCOME_" -> "out_of_memory".
std::string PlainName(std::string name, const std::string& prefix) {
  EXPECT_EQ(name.substr(0, prefix.size()), prefix);
  name = name.substr(prefix.size());
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

TEST(WireLists, Outcomes) {
  for (int number = 1; number <= v1::Outcome_MAX; ++number) {
    const std::string name = PlainName(v1::Outcome_Name(number), "OUTCOME_");
    const auto outcome = OutcomeFromName(name);
    ASSERT_TRUE(outcome) << name;
    EXPECT_EQ(static_cast<int>(*outcome), number);
  }
  EXPECT_EQ(static_cast<int>(Outcome::kLost), v1::Outcome_MAX);
}

template <typename FromName>
void ExpectSameStates(const google::protobuf::EnumDescriptor* wire, FromName from_name) {
  for (int i = 0; i < wire->value_count(); ++i) {
    if (wire->value(i)->number() == 0) continue;
    const std::string name = PlainName(wire->value(i)->name(), "STATE_");
    const auto state = from_name(name);
    ASSERT_TRUE(state) << wire->full_name() << " " << name;
    EXPECT_EQ(static_cast<int>(*state), wire->value(i)->number());
  }
}

TEST(WireLists, States) {
  ExpectSameStates(v1::Sweep::State_descriptor(), domain::SweepStateFromName);
  ExpectSameStates(v1::Job::State_descriptor(), domain::JobStateFromName);
  ExpectSameStates(v1::Attempt::State_descriptor(), domain::AttemptStateFromName);
  ExpectSameStates(v1::Worker::State_descriptor(), domain::WorkerStateFromName);
}

}  // namespace
}  // namespace optfleet::rpc
