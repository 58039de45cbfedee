#include "coordinator/engine/fresh_jobs.h"

#include <algorithm>

#include "coordinator/domain/check.h"

namespace optfleet::engine {

void FreshJobs::Add(int32_t number, const JobKind& kind) {
  OPTFLEET_CHECK(number >= 1 && Find(number) == nullptr, std::to_string(number));
  const auto index = static_cast<size_t>(number) - 1;
  if (index >= kind_of_.size()) kind_of_.resize(index + 1, kNone);
  // Neighbours are mostly of one kind.
  uint32_t& place = kind_of_[index];
  if (index > 0 && kind_of_[index - 1] != kNone && kinds_[kind_of_[index - 1] - 1] == kind) {
    place = kind_of_[index - 1];
  } else {
    const auto [found, is_new] = places_.try_emplace(kind, static_cast<uint32_t>(kinds_.size()) + 1);
    if (is_new) kinds_.push_back(kind);
    place = found->second;
  }
  ++size_;
}

const JobKind* FreshJobs::Find(int32_t number) const {
  const auto index = static_cast<size_t>(number) - 1;
  if (number < 1 || index >= kind_of_.size() || kind_of_[index] == kNone) return nullptr;
  return &kinds_[kind_of_[index] - 1];
}

void FreshJobs::Remove(int32_t number) {
  OPTFLEET_CHECK(Find(number) != nullptr, std::to_string(number));
  kind_of_[static_cast<size_t>(number) - 1] = kNone;
  if (--size_ == 0) *this = {};
}

}  // namespace optfleet::engine
