// Which job has a hash: a table of some 50 bytes a job. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/sha256.h"

namespace optfleet::sweeps {

class PointNumbers {
 public:
  // The number of the job with this hash; 0 if there is none.
  int32_t Find(const Sha256Digest& hash) const;
  // The next job, which has a hash that no other has. Returns its number, from 1.
  int32_t Add(const Sha256Digest& hash);

  int64_t size() const { return static_cast<int64_t>(hashes_.size()); }

 private:
  size_t SlotOf(const Sha256Digest& hash) const;  // where it is, or the free place where it would be

  std::vector<Sha256Digest> hashes_;  // of job 1, 2 and so on
  std::vector<int32_t> slots_;        // job numbers, 0 in free places; of a size that is a power of two
};

}  // namespace optfleet::sweeps
