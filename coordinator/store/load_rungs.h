// What the engine knows of the rungs that jobs came to, read at a start.
#pragma once

#include <map>
#include <string>

#include "common/result.h"
#include "coordinator/engine/engine.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Adds it to the sweeps, by id, that are there already.
Status LoadRungs(Connection* connection, std::map<std::string, engine::SavedSweep>* sweeps);

}  // namespace optfleet::store
