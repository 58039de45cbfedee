// The published files of evaluation tasks. Nothing is ever downloaded. Reads files; no state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "trainer_core/eval/tasks/task.h"

namespace optfleet::trainer {

struct TaskSource {
  std::string task;  // one of TaskNames
  std::string path;
  // piqa, where the lines of `path` have no label: one label a line. Empty: the file beside it that is called
  // NAME-labels.lst.
  std::string labels;
  // The first so many documents; of text, text8 and enwik8, whose file is one document, bytes. 0: all.
  int64_t limit = 0;
};

// wikitext2, text8, enwik8, lambada, piqa, text.
std::span<const std::string_view> TaskNames();

// wikitext2: the raw file, cut at its headings of the first level, or JSON lines with `page`. lambada: JSON
// lines with `text`. piqa: JSON lines with `goal`, `sol1`, `sol2` and perhaps `label`. text, text8, enwik8:
// the bytes of the file; of a text8 or enwik8 of 100,000,000 bytes the last 5,000,000, the customary test
// split. INVALID_ARGUMENT names file and line.
Result<TextTask> ReadTask(const TaskSource& source);

}  // namespace optfleet::trainer
