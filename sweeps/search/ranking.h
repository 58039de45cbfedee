// Jobs in the order of a value, less first, with the place of each. A plain value of one thread.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <functional>
#include <limits>
#include <utility>

namespace optfleet::sweeps {

// A value that compares: what is not finite is worse than everything.
inline double Comparable(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
}

// Cost of each call: O(log size). Of equal values the smaller job comes first.
class Ranking {
 public:
  // `value` is Comparable. A job stands in it once; the caller sees to that.
  void Add(int32_t job, double value) { places_.insert({value, job}); }
  size_t size() const { return places_.size(); }
  // From 0; the number of better ones for a job that does not stand in it.
  size_t PlaceOf(int32_t job, double value) const { return places_.order_of_key({value, job}); }
  // `place` is below size().
  int32_t JobAt(size_t place) const { return places_.find_by_order(place)->second; }

 private:
  using Key = std::pair<double, int32_t>;
  __gnu_pbds::tree<Key, __gnu_pbds::null_type, std::less<Key>, __gnu_pbds::rb_tree_tag,
                   __gnu_pbds::tree_order_statistics_node_update>
      places_;
};

}  // namespace optfleet::sweeps
