// The answer in words. Plain text, never HTML.
#pragma once

#include <string>
#include <vector>

#include "optctl/report/analysis.h"

namespace optfleet::report {

struct Answer {
  std::string headline;              // "best: adamw batch 16 lr=3e-3: val loss 1.874, 2.70 bits/byte"
  std::vector<std::string> caveats;  // "sgd's best lr (1.0) is at the edge of its range"; at most three
};
Answer FindAnswer(const ReportData& data, const Analysis& analysis);

// The same in one sentence: "best: adamw lr=3e-3 batch 16: val loss 1.874, 2.70 bits/byte; sgd's best lr
// (1.0) is at the edge of its range", or what there is to say before any job has ended or when none
// succeeded.
std::string AnswerSentence(const ReportData& data, const Analysis& analysis);

// The values of a job on the axes that vary, named like its line, then where on it: "adamw batch 16 lr=3e-3".
std::string DescribeJob(const ReportData& data, const Analysis& analysis, size_t job);

// The usual short word for a key: "lr" for optimizer.learning_rate, "optimizer" for optimizer.name, "output
// lr" for that of a group, else its last part with spaces.
std::string ShortName(const std::string& key);

// A word for how a value is called beside others: "adamw", but "batch 16" where the bare number would say
// nothing, and "output adamw" for a group; empty where a group does as the others.
std::string DescribeValue(const std::string& key, const std::string& text);

}  // namespace optfleet::report
