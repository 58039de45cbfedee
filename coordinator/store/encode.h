// Lists and maps as JSON text for columns. Non-finite numbers are the strings "NaN", "Infinity" and
// "-Infinity", as in result.json.
//
// Decoding text that these functions did not write yields the part that makes sense: the file was checked for
// damage, and a hand-edited cell must not stop the coordinator.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/domain/attempt.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/reuse.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"

namespace optfleet::store {

std::string EncodeFigures(const domain::Figures& figures);
std::string EncodeParameters(const std::vector<domain::Parameter>& parameters);
std::string EncodeFiles(const std::vector<domain::SourceFile>& files);
std::string EncodeTexts(const std::vector<std::string>& texts);
std::string EncodeTextMap(const std::map<std::string, std::string>& texts);
std::string EncodeInts(const std::vector<int64_t>& numbers);
std::string EncodeSlots(const std::vector<domain::Slot>& slots);
std::string EncodeResources(const domain::Resources& resources);  // the same text for equal values
std::string EncodeKeep(const domain::KeepPolicy& keep);           // "{}" where nothing is limited
std::string EncodeStages(const domain::Stages& stages);           // "{}" where there are none
std::string EncodeSearch(const domain::SearchPolicy& search);     // "{}" where there is none
std::string EncodeEnd(const domain::ReportedEnd& end);

domain::Figures DecodeFigures(const std::string& json);
std::vector<domain::Parameter> DecodeParameters(const std::string& json);
std::vector<domain::SourceFile> DecodeFiles(const std::string& json);
std::vector<std::string> DecodeTexts(const std::string& json);
std::map<std::string, std::string> DecodeTextMap(const std::string& json);
std::vector<int64_t> DecodeInts(const std::string& json);
std::vector<domain::Slot> DecodeSlots(const std::string& json);
domain::Resources DecodeResources(const std::string& json);
domain::KeepPolicy DecodeKeep(const std::string& json);
domain::Stages DecodeStages(const std::string& json);
domain::SearchPolicy DecodeSearch(const std::string& json);
domain::ReportedEnd DecodeEnd(const std::string& json);
domain::RunGround DecodeGround(const std::string& numerics_json);  // of ReportedEnd

}  // namespace optfleet::store
