// Jobs of one sweep to which nothing has happened since they were written: queued, never given out, nothing
// asked of them. A large sweep has a hundred thousand; each takes four bytes here, and becomes a LiveJob when
// something happens to it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/time.h"
#include "coordinator/domain/resources.h"

namespace optfleet::engine {

// What jobs of a sweep mostly have in common.
struct JobKind {
  domain::Resources resources;
  int64_t total_steps = 0;
  Time create_time;
  friend auto operator<=>(const JobKind&, const JobKind&) = default;
};

class FreshJobs {
 public:
  // `number`: from 1, not one that is here.
  void Add(int32_t number, const JobKind& kind);
  // Null if it is not here. Good until the next Add.
  const JobKind* Find(int32_t number) const;
  void Remove(int32_t number);  // which is here
  int32_t size() const { return size_; }

  // Calls visit(number, kind) for each, by number.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (size_t i = 0; i < kind_of_.size(); ++i) {
      if (kind_of_[i] != kNone) visit(static_cast<int32_t>(i) + 1, kinds_[kind_of_[i] - 1]);
    }
  }

 private:
  static constexpr uint32_t kNone = 0;
  std::vector<uint32_t> kind_of_;  // by number - 1: place in kinds_, from 1
  std::vector<JobKind> kinds_;     // distinct
  std::map<JobKind, uint32_t> places_;
  int32_t size_ = 0;
};

}  // namespace optfleet::engine
