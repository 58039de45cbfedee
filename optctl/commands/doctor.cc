// optctl doctor: what is wrong with a coordinator, and what to do about it.
#include <memory>

#include "common/version.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/findings.h"
#include "optctl/commands/program.h"
#include "optctl/output/table.h"

namespace optfleet::commands {
namespace {

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kProblem:
      return "problem";
  }
  return "";
}

Result<DoctorFacts> Ask(const Context& context, bool check_databases) {
  DoctorFacts facts;
  facts.own_version = kVersion;
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto info = client->GetInfo();
  if (!info) return Fail(std::move(info).error());
  facts.info = *std::move(info);
  auto workers = client->ListWorkers();
  if (!workers) return Fail(std::move(workers).error());
  facts.workers = *std::move(workers);
  facts.asked = Now();
  auto diagnosis = client->Diagnose(check_databases);
  facts.answered = Now();
  if (!diagnosis) return Fail(std::move(diagnosis).error());
  facts.diagnosis = *std::move(diagnosis);
  return facts;
}

void Show(const Context& context, const std::vector<Finding>& findings) {
  if (context.json()) {
    Json json;
    json["findings"] = Json::array();
    for (const Finding& finding : findings) {
      json["findings"].push_back(
          {{"verdict", NameOf(finding.verdict)}, {"subject", finding.subject}, {"text", finding.text}});
    }
    context.console.PrintJson(json);
    return;
  }
  output::Table table({{"VERDICT"}, {"SUBJECT"}, {"FOUND"}});
  for (const Finding& finding : findings) table.Add({NameOf(finding.verdict), finding.subject, finding.text});
  context.console.Print(table.Render(context.console.out().width, context.console.out().unicode));
}

Result<int> Doctor(Context& context, bool check_databases) {
  const auto facts = Ask(context, check_databases);
  if (!facts) return Fail(facts.error());
  const std::vector<Finding> findings = FindingsOf(*facts);
  Show(context, findings);
  for (const Finding& finding : findings)
    if (finding.verdict == Verdict::kProblem) return kExitFailure;
  return kExitOk;
}

}  // namespace

void AddDoctor(Program& program) {
  CLI::App& command = program.Command("doctor", "Show what is wrong with a coordinator",
                                      "  optctl doctor\n"
                                      "  optctl doctor --quick -o json");
  auto quick = std::make_shared<bool>(false);
  command.add_flag("--quick", *quick, "Do not read the databases through");
  command.footer("Exit code 1 if there is a problem; warnings do not count.");
  program.Formats(command, {"table", "json"});
  program.On(command, [quick](Context& context) { return Doctor(context, !*quick); });
}

}  // namespace optfleet::commands
