// The report of a sweep as a file.
#pragma once

#include <string>

#include "optctl/commands/client.h"

namespace optfleet::commands {

// Asks for everything that a report shows (series thinned to what a chart can draw) and writes the page: all
// of it or, on an error, nothing. `sweep` is sweeps/ID.
Status WriteReport(Client& client, const std::string& sweep, const std::string& path);

}  // namespace optfleet::commands
