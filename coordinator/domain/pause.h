// What a person has stopped for a while.
#pragma once

namespace optfleet::domain {

// Nothing new starts, and what runs is stopped with a checkpoint or goes on to its end.
enum class Pause { kNo = 0, kStopRunning = 1, kKeepRunning = 2 };

}  // namespace optfleet::domain
