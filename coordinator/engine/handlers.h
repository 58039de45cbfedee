// One function per input. Each changes the state through transitions.h and returns what to answer.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

Answer OnCreateSweep(State* state, CreateSweep input);
Answer OnBeginSweep(State* state, const BeginSweep& input);
Answer OnAddPoints(State* state, AddPoints input);
Answer OnBeginExtension(State* state, const BeginExtension& input);
Answer OnFinishSweep(State* state, const FinishSweep& input);
Answer OnAbandonSweep(State* state, const AbandonSweep& input);
Answer OnCancelSweep(State* state, const CancelSweep& input);
Answer OnCancelJob(State* state, const CancelJob& input);
Answer OnCancelJobs(State* state, const CancelJobs& input);
Answer OnUpdateSweep(State* state, const UpdateSweep& input);
Answer OnPauseSweep(State* state, const PauseSweep& input);
Answer OnRetryJobs(State* state, const RetryJobs& input);
Answer OnExtendSweep(State* state, ExtendSweep input);
Answer OnRefuseStage(State* state, const RefuseStage& input);
Answer OnDrainWorker(State* state, const DrainWorker& input);
Answer OnPinCheckpoint(State* state, const PinCheckpoint& input);
Answer OnExplainJob(State* state, const ExplainJob& input);
void OnRecordsHeld(State* state, const RecordsHeld& input);
void OnTick(State* state);

// Before the first input after a start.
void FinishWhatCan(State* state);

// Takes in what a worker says. The answer comes later, from AnswerTo: it depends on the plan that follows.
Status OnSynchronize(State* state, const Synchronize& input);
SynchronizeAnswer AnswerTo(const State& state, const Synchronize& input);

}  // namespace optfleet::engine
