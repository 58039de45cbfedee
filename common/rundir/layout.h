// Names in a run directory (docs/run-directory.md).
#pragma once

namespace optfleet::rundir {

inline constexpr const char* kJobFile = "job.json";
inline constexpr const char* kShimLock = "shim.lock";
inline constexpr const char* kTrainerLock = "trainer.lock";
inline constexpr const char* kStartedFile = "started.json";
inline constexpr const char* kTrainerLog = "trainer.log";
inline constexpr const char* kMetricsLog = "metrics.log";
inline constexpr const char* kCheckpoints = "checkpoints";
inline constexpr const char* kKeptFile = "kept.json";  // in checkpoints/
inline constexpr const char* kControlSocket = "control.sock";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kExitFile = "exit.json";
inline constexpr const char* kManifestFile = "manifest.json";

// Beside the run directories, in a worker's root: held while a worker uses it.
inline constexpr const char* kWorkerLock = "worker.lock";
// There too: kept/<name of a run directory>/step-N, of run directories that are gone.
inline constexpr const char* kKeptFolder = "kept";

// Exit codes by which shim and trainer refuse to begin.
inline constexpr int kExitUnknownVersion = 3;
inline constexpr int kExitFolderUnusable = 120;
inline constexpr int kExitExecFailed = 121;

// By which a trainer says that its device failed, not the run: try it elsewhere.
inline constexpr int kExitDeviceFault = 75;

}  // namespace optfleet::rundir
