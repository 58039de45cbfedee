// The few things that the page needs to know about HTML.
#pragma once

#include <string>
#include <string_view>

#include "optctl/report/web_assets.h"

namespace optfleet::report {

// Text for element content and quoted attributes.
std::string EscapeHtml(std::string_view text);

// The source expression that lets a Content-Security-Policy allow exactly this inline text:
// 'sha256-<base64>'.
std::string CspHash(const WebAsset& asset);

}  // namespace optfleet::report
