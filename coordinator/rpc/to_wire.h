// From plain values to messages. Pure functions.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <vector>

#include "coordinator/engine/effects.h"
#include "coordinator/engine/inputs.h"
#include "coordinator/store/read_store.h"
#include "optfleet/v1/operator.pb.h"
#include "optfleet/v1/worker.pb.h"

namespace optfleet::rpc {

google::protobuf::Timestamp ToWire(Time time);
v1::Outcome ToWire(const std::optional<Outcome>& outcome);

v1::Resources ToWire(const domain::Resources& resources);
v1::Event ToWire(const domain::Event& event);

// `with_files` is false in lists, where the files would be most of the answer.
// `now`: until when what runs has cost something.
v1::Sweep ToWire(const store::SweepView& view, bool with_files, Time now);
v1::Job ToWire(const store::JobView& view);
v1::Attempt ToWire(const store::AttemptView& view);
v1::Worker ToWire(const store::WorkerView& view);
v1::Checkpoint ToWire(const store::CheckpointView& view);

// With `every_point` only `last` is sent: minimum and maximum would repeat it.
v1::Series ToWire(const store::SeriesColumn& column, bool every_point);

v1::SynchronizeResponse ToWire(const engine::SynchronizeAnswer& answer);
v1::ReportMetricsResponse ToWire(const std::vector<engine::RecordsHeld>& held);

// `stages` are all; those that have not begun on the wire become those of them.
void PutStages(const std::vector<domain::Stage>& stages, v1::Sweep* wire);

// What CreateSweep would answer, for validate_only; without its name.
v1::Sweep PreviewOf(const engine::CreateSweep& input, int32_t job_count, int32_t merged_points);

}  // namespace optfleet::rpc
