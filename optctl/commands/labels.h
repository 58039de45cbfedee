// Short words for jobs and their figures, as tables and progress lines show them. Pure.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <string>
#include <vector>

#include "optctl/report/data.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

using Figures = google::protobuf::RepeatedPtrField<v1::Figure>;

// "adamw lr=3e-3 batch 16": what tells a job from its siblings; empty if there are no axes.
std::string PointLabel(const std::vector<report::Parameter>& parameters);
std::string PointLabel(const v1::Job& job);

// "LR" for optimizer.learning_rate, "SEQUENCE" for data.sequence_length: a word without blanks.
std::string ColumnHeader(const std::string& key);

// "of the 3 best jobs, 1 best and 1 last of each".
std::string KeepText(const v1::KeepCheckpoints& keep);

std::optional<double> FigureIn(const Figures& figures, const std::string& key);
// The figure of the result, or the newest recorded one while there is no result.
std::optional<double> FigureOf(const v1::Job& job, const std::string& key);

// Four significant digits for a loss or a ratio ("1.874"), counts and bytes by their key ("24,000", "100
// MiB"); "-" if absent, "nan" and "inf" as words.
std::string FigureText(const std::string& key, const std::optional<double>& value);

// "120/200", or "-" before the first step.
std::string StepText(int64_t step, int64_t total_steps);

}  // namespace optfleet::commands
