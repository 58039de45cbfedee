// Tasks as files of requests, for models that have a tokenizer: the text goes out, `python -m optfleet
// encode` turns it into tokens, the tokens come back. JSON lines; docs/evaluation.md is the contract. Pure
// but for their files.
#pragma once

#include <string>
#include <variant>

#include "common/result.h"
#include "trainer_core/eval/tasks/task.h"

namespace optfleet::trainer {

// INVALID_ARGUMENT for a document that is not UTF-8.
Result<std::string> RequestFileOf(const TextTask& task);

// What a file holds: text, or tokens. INVALID_ARGUMENT names file and line.
Result<std::variant<TextTask, TokenTask>> ReadRequestFile(const std::string& path);

}  // namespace optfleet::trainer
