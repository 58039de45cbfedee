// The files of one machine, in memory, each with two images: what was written, and what a power cut leaves.
// It can be full, slow or broken, and the process that uses it can be stopped at any of its operations.
//
// A write counts as durable after Sync of its file; a name (made, renamed, removed) after SyncFolder of its
// folder. One thread. Everything follows from the seed and the order of the calls.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/time.h"

namespace optfleet::simulation {

inline constexpr int64_t kSectorBytes = 512;

enum class DiskResult { kOk, kNotFound, kFull, kFailed };

// What a power cut leaves of writes and names that were not synced.
enum class PowerCut {
  kNothing,      // none of them
  kSomePages,    // each 4 KiB page that was written, and each name: by chance
  kSomeSectors,  // each sector by itself: torn pages
};

class SimulatedDisk {
 public:
  // Contents are reached through the disk only; names may change while somebody holds it.
  struct File {
    std::string bytes;
    int64_t synced_size = 0;
    std::unordered_map<int64_t, std::array<char, kSectorBytes>>
        before;  // synced content of sectors written since
  };
  using FilePtr = std::shared_ptr<File>;

  struct Counts {
    int64_t writes = 0;
    int64_t syncs = 0;  // of files and of folders
    int64_t written_bytes = 0;
  };

  explicit SimulatedDisk(uint64_t seed) : random_(seed) {}

  // --- Operations. kFailed: broken, or the process was stopped; nothing has changed then.
  bool Exists(const std::string& name) const { return names_.contains(name); }
  FilePtr Find(const std::string& name) const;  // null if there is none
  DiskResult Create(const std::string& name, FilePtr* file);
  DiskResult Write(File* file, int64_t offset, std::string_view bytes);
  DiskResult Truncate(File* file, int64_t size);
  DiskResult Sync(File* file);
  DiskResult SyncFolder(const std::string& folder);
  DiskResult Remove(const std::string& name);
  DiskResult Rename(const std::string& from, const std::string& to);

  // --- Faults.
  void SetCapacity(int64_t bytes) { capacity_ = bytes; }  // kFull beyond; negative: no limit
  int64_t used_bytes() const;
  // The `n`th changing operation from now on fails, once; 1 is the next.
  void FailAt(int64_t n) { fail_in_ = n; }
  // The process stops at its `n`th changing operation: that one and all later ones fail until the next Kill
  // or CutPower.
  void StopAt(int64_t n) { stop_in_ = n; }
  bool stopped() const { return stopped_; }
  // Each sync takes so long; the sum is for the owner of the clock.
  void SetSyncTime(Duration time) { sync_time_ = time; }
  Duration TakeTimeSpent() { return std::exchange(time_spent_, Duration(0)); }

  // The process that used the disk is gone; what it had written stays. Handles of the time before are dead.
  void Kill();
  void CutPower(PowerCut kind);
  int64_t life() const { return life_; }  // rises with each of the two

  const Counts& counts() const { return counts_; }

 private:
  bool Admit(DiskResult* result);  // a changing operation begins
  void Remember(File* file, int64_t first, int64_t last);
  void Lose(File* file, PowerCut kind);
  bool Half() { return (random_() & 1) != 0; }

  std::mt19937_64 random_;
  std::map<std::string, FilePtr> names_;
  std::map<std::string, FilePtr> durable_names_;
  int64_t capacity_ = -1;
  int64_t fail_in_ = 0;
  int64_t stop_in_ = 0;
  bool stopped_ = false;
  int64_t life_ = 1;
  Duration sync_time_{};
  Duration time_spent_{};
  Counts counts_;
};

}  // namespace optfleet::simulation
