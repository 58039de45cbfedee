#include "optctl/commands/program.h"

int main(int argc, char** argv) {
  using namespace optfleet::commands;  // NOLINT: the list below is the program
  Program program;
  AddRun(program);
  AddValidate(program);
  AddPlan(program);
  AddExplain(program);
  AddSubmit(program);
  AddWatch(program);
  AddResults(program);
  AddReport(program);
  AddGet(program);
  AddDescribe(program);
  AddLogs(program);
  AddWhy(program);
  AddEvents(program);
  AddCancel(program);
  AddSteer(program);
  AddRetry(program);
  AddDiff(program);
  AddExtend(program);
  AddWorker(program);
  AddCheckpoint(program);
  AddBackup(program);
  AddDoctor(program);
  AddVersion(program);
  return program.Run(argc, argv);
}
