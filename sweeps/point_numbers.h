// Which job has a hash: a table of some 60 bytes a job. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/sha256.h"

namespace optfleet::sweeps {

class PointNumbers {
 public:
  struct Numbered {
    int32_t number = 0;  // from 1
    bool is_new = false;
  };
  // The job with this hash: one that was added, or the next.
  Numbered Add(const Sha256Digest& hash);

  int64_t size() const { return static_cast<int64_t>(hashes_.size()); }

 private:
  // Of a table that is larger than any cache one place is looked at for a hash, and none of the hashes
  // themselves unless they are equal.
  struct Slot {
    uint32_t tag = 0;    // of the hash: where a search begins, and whether it may be this one
    int32_t number = 0;  // 0: free
  };

  void Grow();

  std::vector<Sha256Digest> hashes_;  // of job 1, 2 and so on
  std::vector<Slot> slots_;           // of a size that is a power of two, at most half of them taken
};

}  // namespace optfleet::sweeps
