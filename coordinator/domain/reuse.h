// Whether the outcome of one job may stand for another with an equal spec, and which of its figures. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "coordinator/domain/job.h"

namespace optfleet::domain {

// What a run's numbers rest on beside its spec, as its result says (docs/run-directory.md, `numerics`).
struct RunGround {
  int numerics_version = 0;                  // 0: the trainer does not say
  bool resumed_from_other_version = false;   // a part of it was computed by another version
  std::map<std::string, std::string> files;  // ContentStamp of what it read, by key of the spec
  std::string device_model;                  // empty: unknown, or there were several
};

// The same of a job that has not run.
struct WantedGround {
  int numerics_version = 0;
  // By key: the stamp of each file that its spec names, where whoever submits it could read it.
  std::map<std::string, std::optional<std::string>> files;
  bool ends_by_time = false;      // how many steps it takes depends on the device
  std::set<std::string> devices;  // models that it may run on
};

bool SameDevice(const RunGround& ran, const WantedGround& wanted);

// Nothing if the outcome may be taken over; else why not, to follow "it is not taken over: ".
std::optional<std::string> WhyNotTakenOver(const RunGround& ran, const WantedGround& wanted);

// The figures that stand for the other run, too: those of times, speed and memory only on the same device.
Figures FiguresTakenOver(Figures final, bool same_device);

}  // namespace optfleet::domain
