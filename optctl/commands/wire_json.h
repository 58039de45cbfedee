// Answers of the coordinator as JSON for programs: snake_case keys that never change their meaning, times in
// ISO 8601 UTC, durations in seconds. Non-finite numbers are the strings "NaN", "Infinity" and "-Infinity",
// as in result.json. Pure.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/timestamp.pb.h>

#include "common/json.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

Json ToJson(const v1::Sweep& sweep);
Json ToJson(const v1::Job& job);
Json ToJson(const v1::Attempt& attempt);
Json ToJson(const v1::Worker& worker);
Json ToJson(const v1::Checkpoint& checkpoint);
Json ToJson(const v1::Event& event);

// {"val_loss": 1.87, ...}
Json FiguresJson(const google::protobuf::RepeatedPtrField<v1::Figure>& figures);
// {"optimizer.learning_rate": 0.001, ...}: values as ScalarJson.
Json ParametersJson(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters);
Json NumberJson(double value);
// The text of a YAML scalar: what reads as a number or a truth value is one.
Json ScalarJson(const std::string& text);

// "2026-01-31T10:14:03.412Z"; null if absent.
Json TimeJson(bool present, const google::protobuf::Timestamp& time);

}  // namespace optfleet::commands
