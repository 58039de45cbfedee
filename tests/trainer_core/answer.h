// What a command of opt-trainer says. OPTFLEET_TEST_TRAINER names the program.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace optfleet::trainer {

struct Answer {
  int code = -1;
  std::string text;  // both streams
};

// `arguments` as a shell reads them, in `folder`.
inline Answer AskTrainer(const std::string& folder, const std::string& arguments) {
  const std::string command =
      "cd '" + folder + "' && '" + std::getenv("OPTFLEET_TEST_TRAINER") + "' " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  Answer answer;
  char buffer[4096];
  while (const size_t bytes = fread(buffer, 1, sizeof buffer, pipe)) answer.text.append(buffer, bytes);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) answer.code = WEXITSTATUS(status);
  return answer;
}

}  // namespace optfleet::trainer
