// The series of a job: its newest attempt's records, continued below its resume step by its parent's, and so
// on. Every step once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace optfleet::domain {

// What the series needs to know of an attempt.
struct SeriesLink {
  int32_t attempt = 0;        // number in its job
  int32_t parent = 0;         // 0: none
  int64_t resume_record = 0;  // of the parent
  int64_t held_record = 0;    // highest record held, without gaps from 1
};

// Records first_record..last_record of one attempt. Numbers count within the attempt, from 1.
struct Segment {
  int32_t attempt = 0;
  int64_t first_record = 1;
  int64_t last_record = 0;
  friend bool operator==(const Segment&, const Segment&) = default;
};

// Oldest segment first; empty segments are left out. The head is the newest attempt that has a record, so
// that a job whose new attempt has recorded nothing yet still shows what it had. Links in any order, one per
// attempt of one job; a parent always has a lower number than its child (anything else is a broken
// invariant).
std::vector<Segment> SeriesOf(std::span<const SeriesLink> links);

// Whether every record that the series of `attempt` takes from its ancestors is held.
bool LineageIsHeld(std::span<const SeriesLink> links, int32_t attempt);

}  // namespace optfleet::domain
