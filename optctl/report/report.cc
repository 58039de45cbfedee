#include "optctl/report/report.h"

#include <fmt/format.h>

#include "optctl/report/analysis.h"
#include "optctl/report/answer.h"
#include "optctl/report/html.h"
#include "optctl/report/payload.h"
#include "optctl/report/web_assets.h"

namespace optfleet::report {
namespace {

// Everything is inline and allowed by its hash; nothing may be loaded, submitted or framed.
std::string SecurityPolicy() {
  return fmt::format(
      "default-src 'none'; script-src {} {}; style-src {} {}; base-uri 'none'; form-action 'none'",
      CspHash(kChartScript), CspHash(kPageScript), CspHash(kChartStyle), CspHash(kPageStyle));
}

std::string Head(const std::string& title) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} - Optfleet report</title>\n<style>{}</style>\n<style>{}</style>\n</head>\n",
      SecurityPolicy(), EscapeHtml(title), kChartStyle.text, kPageStyle.text);
}

// The answer is readable before, and without, any script.
std::string Body(const std::string& title, const std::string& description, const Answer& answer) {
  std::string caveats;
  for (const std::string& caveat : answer.caveats) caveats += "<li>" + EscapeHtml(caveat) + "</li>";
  return fmt::format(
      "<body>\n<header>\n<h1>{}</h1>\n<p class=\"description\">{}</p>\n<p id=\"answer\">{}</p>\n"
      "<ul class=\"caveats\">{}</ul>\n</header>\n<main id=\"main\">\n"
      "<noscript><p>The tables and charts of this page need JavaScript; nothing is loaded from "
      "anywhere.</p></noscript>\n</main>\n",
      EscapeHtml(title), EscapeHtml(description), EscapeHtml(answer.headline), caveats);
}

}  // namespace

std::string RenderReport(const ReportData& data) {
  const Analysis analysis = Analyze(data);
  const std::string title = data.title.empty() ? data.sweep : data.title;
  std::string page = Head(title);
  page += Body(title, data.description, FindAnswer(data, analysis));
  page += "<script type=\"application/json\" id=\"data\">";
  page += EmbeddableText(MakePayload(data, analysis));
  page += "</script>\n<script>";
  page += kChartScript.text;
  page += "</script>\n<script>";
  page += kPageScript.text;
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace optfleet::report
