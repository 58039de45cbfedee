// Bounds on what one message may hold. A larger one is refused as INVALID_ARGUMENT (or by gRPC as
// RESOURCE_EXHAUSTED where the whole message is too large); nothing is cut silently.
#pragma once

#include <cstddef>

namespace optfleet::rpc {

inline constexpr int kMaxRequestBytes = 32 << 20;   // gRPC
inline constexpr int kMaxResponseBytes = 64 << 20;  // gRPC; QueryMetrics is the largest, see kMaxQueryPoints
inline constexpr size_t kMaxJsonRequestBytes = 32 << 20;

inline constexpr int kMaxSourceFiles = 64;
inline constexpr size_t kMaxSourceBytes = 16 << 20;  // all files of a sweep together
inline constexpr int kMaxOverrides = 1024;
inline constexpr int kMaxFileStamps = 4096;
inline constexpr int kMaxEqualJobs = 10'000;           // listed by PlanSweep
inline constexpr size_t kMaxOverrideBytes = 64 << 10;  // each
inline constexpr size_t kMaxTextBytes = 4 << 10;       // reasons, display names, host names, paths
inline constexpr size_t kMaxRequestIdBytes = 128;

inline constexpr int kMaxSlots = 1024;            // of one worker
inline constexpr int kMaxLabels = 256;            // of one worker
inline constexpr int kMaxNamedJobs = 100'000;     // in one request
inline constexpr int kMaxAttemptStatuses = 8192;  // of one worker
inline constexpr int kMaxKept = 10'000;           // checkpoints of one worker in one list
inline constexpr int kMaxFigures = 256;           // of one attempt
inline constexpr size_t kMaxLogTailBytes = 64 << 10;
inline constexpr size_t kMaxJsonBytes = 64 << 10;  // numerics stamp

inline constexpr int kMaxReportAttempts = 1024;
inline constexpr int kMaxReportRecords = 1 << 16;  // of one attempt in one call
inline constexpr int kMaxReportPoints = 1 << 20;   // of one attempt in one call
inline constexpr int kMaxReportKeys = 1 << 16;     // as many as a metrics log can name

inline constexpr int kMaxQueryKeys = 256;
inline constexpr int kMaxQueryBuckets = 10000;       // per key
inline constexpr int64_t kMaxQueryPoints = 1 << 20;  // of one answer

}  // namespace optfleet::rpc
