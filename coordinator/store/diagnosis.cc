#include "coordinator/store/diagnosis.h"

#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "coordinator/domain/time_text.h"
#include "coordinator/store/folder.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {
namespace {

// By the index of open attempts.
constexpr const char* kOpen = R"sql(
SELECT attempts.sweep, attempts.job, attempts.number, attempts.state, attempts.worker, attempts.create_time,
  workers.last_seen
FROM workers JOIN attempts ON attempts.worker = workers.id AND attempts.state <> 'ended' ORDER BY attempts.create_time)sql";

constexpr size_t kMostStuck = 100;

std::string SystemName(int64_t type) {
  static constexpr std::array<std::pair<int64_t, const char*>, 8> kNames = {{{0xEF53, "ext4"},
                                                                             {0x58465342, "xfs"},
                                                                             {0x9123683E, "btrfs"},
                                                                             {0x2FC12FC1, "zfs"},
                                                                             {0x01021994, "tmpfs"},
                                                                             {0x794C7630, "overlayfs"},
                                                                             {0xF2F52010, "f2fs"},
                                                                             {0x6969, "nfs"}}};
  for (const auto& [known, name] : kNames)
    if (known == type) return name;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "type 0x%llx", static_cast<unsigned long long>(type));
  return text.data();
}

int64_t SizeOf(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<int64_t>(size);
}

// Why it is stuck; empty if it is not.
std::string WhyStuck(const Statement& row, Time now, Duration patience) {
  const std::string state = row.Text(3);
  const std::string worker = row.Text(4);
  const Duration unheard = now - TimeFromUnixMicros(row.Int(6));
  const Duration given = now - TimeFromUnixMicros(row.Int(5));
  if (unheard > patience)
    return "worker " + worker + " was last heard of " + domain::DurationText(unheard) + " ago";
  if (state == "assigned" && given > patience)
    return "worker " + worker + " has not begun it, given out " + domain::DurationText(given) + " ago";
  return "";
}

}  // namespace

Result<DiskFacts> ReadDisk(const std::string& folder) {
  const auto type = FileSystemType(folder);
  if (!type.has_value()) return Fail(type.error());
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) return Fail(ErrnoError(errno, folder));
  const auto block = static_cast<int64_t>(info.f_frsize);
  return DiskFacts{SystemName(*type), static_cast<int64_t>(info.f_bavail) * block,
                   static_cast<int64_t>(info.f_blocks) * block};
}

std::vector<DatabaseSize> ReadSizes(const std::string& folder) {
  std::vector<DatabaseSize> sizes;
  for (const char* name : {kStateFile, kMetricsFile}) {
    const std::string path = folder + "/" + name;
    sizes.push_back({name, SizeOf(path), SizeOf(path + "-wal")});
  }
  return sizes;
}

Result<OpenAttempts> ReadOpenAttempts(const std::string& folder, Time now, Duration patience) {
  auto connection = OpenForReading(folder + "/" + kStateFile, kStateSchema);
  if (!connection.has_value()) return Fail(std::move(connection).error());
  OpenAttempts open;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(&*connection, kOpen, [&](const Statement& row) -> Status {
    ++open.count;
    const std::string why = WhyStuck(row, now, patience);
    if (why.empty() || open.stuck.size() == kMostStuck) return {};
    const JobName job{row.Text(0), static_cast<int32_t>(row.Int(1))};
    open.stuck.push_back({{job, static_cast<int32_t>(row.Int(2))}, why});
    return {};
  }));
  return open;
}

}  // namespace optfleet::store
