// Checkpoints that outlived their jobs: what workers say they have, what people pinned, and which of them
// nobody needs any more.
//
// One is released (its worker is told to delete it, for good) if its job has ended and its sweep's policy
// does not choose it, unless it is pinned or the spec of a job that has not ended names it. Only a checkpoint
// on a worker that is there now counts among those that are chosen, so that the last one within reach never
// goes for the sake of one that may be lost.
#pragma once

#include <string>
#include <string_view>

#include "coordinator/engine/inputs.h"
#include "coordinator/engine/state.h"

namespace optfleet::engine {

// Takes the list of a worker in the place of the one before.
void TakeKept(State* state, LiveWorker* worker, const Synchronize& input);

// FAILED_PRECONDITION if a point starts from a checkpoint of which every copy that is in sight is being
// deleted.
Status CheckStarts(const State& state, const std::vector<Point>& points);

// Notes what the spec of a new job starts from; what was noted goes with the job.
void NoteStarts(State* state, const JobName& job, std::string_view spec_json);

// Releases what can go, of sweeps where something has changed since the last call.
void CollectKept(State* state);

// Everything that lies in kept/ of workers is to be looked at again.
void CollectAll(State* state);

}  // namespace optfleet::engine
