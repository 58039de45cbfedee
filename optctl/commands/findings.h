// What optctl doctor makes of the facts: one finding per thing that was looked at. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/time.h"
#include "optfleet/v1/maintenance.pb.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

enum class Verdict { kOk, kWarning, kProblem };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string subject;  // "disk", one word
  std::string text;     // what was found, and for what is not well the remedy
};

struct DoctorFacts {
  v1::GetInfoResponse info;
  v1::Diagnosis diagnosis;
  std::vector<v1::Worker> workers;
  std::string own_version;
  Time asked;  // by this machine's clock, before and after the coordinator noted its own
  Time answered;
};

std::vector<Finding> FindingsOf(const DoctorFacts& facts);

}  // namespace optfleet::commands
