#include "coordinator/domain/series.h"

#include <algorithm>
#include <string>

#include "coordinator/domain/check.h"

namespace optfleet::domain {
namespace {

const SeriesLink* Find(std::span<const SeriesLink> links, int32_t attempt) {
  for (const SeriesLink& link : links) {
    if (link.attempt == attempt) return &link;
  }
  return nullptr;
}

// The parent of `link`, or nullptr where the lineage begins.
const SeriesLink* ParentOf(std::span<const SeriesLink> links, const SeriesLink& link) {
  if (link.parent == 0) return nullptr;
  OPTFLEET_CHECK(link.parent < link.attempt,
                 "attempt " + std::to_string(link.attempt) + " names parent " + std::to_string(link.parent));
  return Find(links, link.parent);
}

}  // namespace

std::vector<Segment> SeriesOf(std::span<const SeriesLink> links) {
  const SeriesLink* head = nullptr;
  for (const SeriesLink& link : links) {
    if (link.held_record > 0 && (head == nullptr || link.attempt > head->attempt)) head = &link;
  }
  std::vector<Segment> segments;
  int64_t limit = head == nullptr ? 0 : head->held_record;
  while (head != nullptr) {
    const int64_t last = std::min(limit, head->held_record);
    if (last > 0) segments.push_back({head->attempt, 1, last});
    limit = head->resume_record;
    head = ParentOf(links, *head);
  }
  std::reverse(segments.begin(), segments.end());
  return segments;
}

bool LineageIsHeld(std::span<const SeriesLink> links, int32_t attempt) {
  const SeriesLink* child = Find(links, attempt);
  while (child != nullptr && child->parent != 0) {
    const SeriesLink* parent = ParentOf(links, *child);
    if (parent == nullptr || parent->held_record < child->resume_record) return false;
    child = parent;
  }
  return child != nullptr;
}

}  // namespace optfleet::domain
