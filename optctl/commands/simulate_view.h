// What a simulated search spent and found, beside the whole grid: text and JSON. Pure.
#pragma once

#include <string>

#include "common/json.h"
#include "optctl/commands/simulation.h"

namespace optfleet::commands {

// `from` is the file of the recorded curves.
std::string SimulationText(const sweeps::Expansion& expansion, const Simulation& simulation,
                           const std::string& from);

// Times are in `unit`: "seconds" or "steps". What is a spread has median, least and most over the seeds.
Json SimulationJson(const sweeps::Expansion& expansion, const Simulation& simulation,
                    const std::string& from);

}  // namespace optfleet::commands
