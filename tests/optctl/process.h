// Runs a program to its end and keeps what it wrote.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace optfleet::commands {

struct Ended {
  int code = -1;  // 128 + signal if it was killed
  std::string out;
  std::string err;
};

struct Command {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // the whole of it
  std::string folder;                              // working folder; empty: this process's
  std::string input;
};

// A program that runs; its output goes to files in a folder of its own.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  std::string ErrSoFar() const;
  // Waits until standard error contains the text or the program ended or 30 s are over; whether it is there.
  bool WaitForErr(const std::string& text) const;
  void Signal(int signal) const;
  Ended Wait();

 private:
  std::string folder_;
  pid_t pid_ = -1;
};

Ended RunToEnd(const Command& command);

// A new empty folder, removed with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace optfleet::commands
