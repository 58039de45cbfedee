#include "tests/support/simulated_disk.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace optfleet::simulation {
namespace {

constexpr int64_t kPageBytes = 4096;

std::string FolderOf(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

}  // namespace

SimulatedDisk::FilePtr SimulatedDisk::Find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

bool SimulatedDisk::Admit(DiskResult* result) {
  if (stop_in_ > 0 && --stop_in_ == 0) stopped_ = true;
  const bool broken = fail_in_ > 0 && --fail_in_ == 0;
  *result = stopped_ || broken ? DiskResult::kFailed : DiskResult::kOk;
  return *result == DiskResult::kOk;
}

DiskResult SimulatedDisk::Create(const std::string& name, FilePtr* file) {
  DiskResult result;
  if (!Admit(&result)) return result;
  *file = names_[name] = std::make_shared<File>();
  return result;
}

// Keeps the synced content of the sectors that are about to change.
void SimulatedDisk::Remember(File* file, int64_t first, int64_t last) {
  for (int64_t sector = first / kSectorBytes; sector * kSectorBytes < last; ++sector) {
    if (sector * kSectorBytes >= file->synced_size) return;
    const auto [entry, is_new] = file->before.try_emplace(sector);
    if (!is_new) continue;
    entry->second.fill(0);
    const auto size = static_cast<int64_t>(file->bytes.size());
    const int64_t begin = std::min(sector * kSectorBytes, size);
    const int64_t count = std::min(kSectorBytes, size - begin);
    std::memcpy(entry->second.data(), file->bytes.data() + begin, static_cast<size_t>(count));
  }
}

DiskResult SimulatedDisk::Write(File* file, int64_t offset, std::string_view bytes) {
  DiskResult result;
  if (!Admit(&result)) return result;
  const int64_t end = offset + static_cast<int64_t>(bytes.size());
  const int64_t growth = std::max<int64_t>(0, end - static_cast<int64_t>(file->bytes.size()));
  if (capacity_ >= 0 && growth > 0 && used_bytes() + growth > capacity_) return DiskResult::kFull;
  Remember(file, offset, end);
  if (growth > 0) file->bytes.resize(static_cast<size_t>(end));
  std::memcpy(file->bytes.data() + offset, bytes.data(), bytes.size());
  ++counts_.writes;
  counts_.written_bytes += static_cast<int64_t>(bytes.size());
  return result;
}

DiskResult SimulatedDisk::Truncate(File* file, int64_t size) {
  DiskResult result;
  if (!Admit(&result)) return result;
  Remember(file, size, static_cast<int64_t>(file->bytes.size()));
  file->bytes.resize(static_cast<size_t>(size));
  return result;
}

DiskResult SimulatedDisk::Sync(File* file) {
  DiskResult result;
  if (!Admit(&result)) return result;
  ++counts_.syncs;
  time_spent_ += sync_time_;
  file->before.clear();
  file->synced_size = static_cast<int64_t>(file->bytes.size());
  return result;
}

DiskResult SimulatedDisk::SyncFolder(const std::string& folder) {
  DiskResult result;
  if (!Admit(&result)) return result;
  ++counts_.syncs;
  time_spent_ += sync_time_;
  std::erase_if(durable_names_, [&](const auto& entry) { return FolderOf(entry.first) == folder; });
  for (const auto& [name, file] : names_)
    if (FolderOf(name) == folder) durable_names_[name] = file;
  return result;
}

DiskResult SimulatedDisk::Remove(const std::string& name) {
  DiskResult result;
  if (!Admit(&result)) return result;
  return names_.erase(name) > 0 ? DiskResult::kOk : DiskResult::kNotFound;
}

DiskResult SimulatedDisk::Rename(const std::string& from, const std::string& to) {
  DiskResult result;
  if (!Admit(&result)) return result;
  const auto found = names_.find(from);
  if (found == names_.end()) return DiskResult::kNotFound;
  FilePtr file = found->second;
  names_.erase(found);
  names_[to] = std::move(file);
  return result;
}

int64_t SimulatedDisk::used_bytes() const {
  int64_t sum = 0;
  for (const auto& [name, file] : names_) sum += static_cast<int64_t>(file->bytes.size());
  return sum;
}

void SimulatedDisk::Kill() {
  ++life_;
  stopped_ = false;
  stop_in_ = 0;
  fail_in_ = 0;
}

void SimulatedDisk::Lose(File* file, PowerCut kind) {
  // Whether the new length reached the disk; what lies behind the synced length and did not is zero.
  const auto size = static_cast<int64_t>(file->bytes.size());
  const bool length_stays = kind != PowerCut::kNothing && Half();
  const int64_t unit = kind == PowerCut::kSomePages ? kPageBytes : kSectorBytes;
  std::map<int64_t, bool> stays;  // by unit
  const auto survives = [&](int64_t offset) {
    if (kind == PowerCut::kNothing) return false;
    const auto [entry, is_new] = stays.try_emplace(offset / unit);
    if (is_new) entry->second = Half();
    return entry->second;
  };
  const int64_t new_size = length_stays ? size : file->synced_size;
  file->bytes.resize(static_cast<size_t>(new_size));
  std::map<int64_t, const std::array<char, kSectorBytes>*> in_order;
  for (const auto& [sector, content] : file->before) in_order[sector] = &content;
  for (const auto& [sector, content] : in_order) {
    const int64_t offset = sector * kSectorBytes;
    if (offset >= new_size || survives(offset)) continue;
    std::memcpy(file->bytes.data() + offset, content->data(),
                static_cast<size_t>(std::min(kSectorBytes, new_size - offset)));
  }
  const int64_t first_new = (file->synced_size + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  for (int64_t offset = first_new; offset < new_size; offset += kSectorBytes) {
    if (survives(offset)) continue;
    std::memset(file->bytes.data() + offset, 0,
                static_cast<size_t>(std::min(kSectorBytes, new_size - offset)));
  }
  file->before.clear();
  file->synced_size = new_size;
}

void SimulatedDisk::CutPower(PowerCut kind) {
  Kill();
  std::map<std::string, FilePtr> left = durable_names_;
  if (kind != PowerCut::kNothing) {
    for (const auto& [name, file] : names_)
      if (Half()) left[name] = file;
    for (const auto& [name, file] : durable_names_)
      if (!names_.contains(name) && Half()) left.erase(name);
  }
  std::set<File*> seen;
  for (const auto& [name, file] : left)
    if (seen.insert(file.get()).second) Lose(file.get(), kind);
  names_ = left;
  durable_names_ = std::move(left);
}

}  // namespace optfleet::simulation
