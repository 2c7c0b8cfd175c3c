// Diagnostics for other programs: JSON and SARIF.
#include <algorithm>

#include "grammar/json_text.h"
#include "grammar/render.h"

namespace cairn {

namespace {

const char* word(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string number(std::size_t value) {
  return std::to_string(value);
}

struct Region {
  Place begin;
  Place end;
};

Region region_of(const Sources& sources, Span span) {
  return {sources.place(span.file, span.begin), sources.place(span.file, std::max(span.begin, span.end))};
}

std::string json_place(const Sources& sources, Span span) {
  if (!span.known()) return "\"file\":null";
  const Region region = region_of(sources, span);
  return "\"file\":" + json_quote(sources.at(span.file).name) + ",\"line\":" + number(region.begin.line) +
         ",\"column\":" + number(region.begin.column) + ",\"end_line\":" + number(region.end.line) +
         ",\"end_column\":" + number(region.end.column) + ",\"begin\":" + number(span.begin) +
         ",\"end\":" + number(span.end);
}

std::string json_texts(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + json_quote(text);
  return out + "]";
}

std::string json_diagnostic(const Sources& sources, const Diagnostic& diagnostic) {
  std::string out = std::string("{\"severity\":\"") + word(diagnostic.severity) +
                    "\",\"code\":" + json_quote(diagnostic.code) +
                    ",\"message\":" + json_quote(diagnostic.message) + "," +
                    json_place(sources, diagnostic.primary.span) +
                    ",\"label\":" + json_quote(diagnostic.primary.text) + ",\"labels\":[";
  for (std::size_t i = 0; i < diagnostic.labels.size(); ++i) {
    const Label& label = diagnostic.labels[i];
    out += std::string(i > 0 ? "," : "") + "{" + json_place(sources, label.span) +
           ",\"text\":" + json_quote(label.text) + "}";
  }
  return out + "],\"notes\":" + json_texts(diagnostic.notes) + ",\"helps\":" + json_texts(diagnostic.helps) +
         "}";
}

// RFC 3986: what may not stand in a path is percent-encoded.
std::string uri_of(const Source& source) {
  constexpr std::string_view kept = "-._~/";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : source.name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string sarif_location(const Sources& sources, Span span, const std::string& text) {
  const Region region = region_of(sources, span);
  std::string out =
      "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":" + json_quote(uri_of(sources.at(span.file))) +
      "},\"region\":{\"startLine\":" + number(region.begin.line) +
      ",\"startColumn\":" + number(region.begin.column) + ",\"endLine\":" + number(region.end.line) +
      ",\"endColumn\":" + number(region.end.column) + ",\"byteOffset\":" + number(span.begin) +
      ",\"byteLength\":" + number(span.end > span.begin ? span.end - span.begin : 0) + "}}";
  if (!text.empty()) out += ",\"message\":{\"text\":" + json_quote(text) + "}";
  return out + "}";
}

std::string sarif_rule(const std::string& code, const std::vector<CodePage>& pages) {
  std::string out = "{\"id\":" + json_quote(code);
  for (const CodePage& page : pages) {
    if (page.code != code) continue;
    out += ",\"shortDescription\":{\"text\":" + json_quote(page.title) +
           "},\"fullDescription\":{\"text\":" + json_quote(page.explanation) + "}";
  }
  return out + "}";
}

// Labels without a place, notes and helps become sentences of the message: SARIF has no other home for them.
std::string sarif_message(const Diagnostic& diagnostic) {
  std::string out = diagnostic.message;
  if (!diagnostic.primary.text.empty()) out += " (" + diagnostic.primary.text + ")";
  for (const std::string& note : diagnostic.notes) out += "\nnote: " + note;
  for (const std::string& help : diagnostic.helps) out += "\nhelp: " + help;
  return out;
}

}  // namespace

std::string render_json(const Sources& sources, const Diagnostics& diagnostics) {
  const std::vector<Diagnostic> sorted = diagnostics.sorted();
  const auto errors = static_cast<std::size_t>(std::count_if(
      sorted.begin(), sorted.end(), [](const Diagnostic& each) { return each.severity == Severity::error; }));
  std::string out = "{\"errors\":" + number(errors) + ",\"warnings\":" + number(sorted.size() - errors) +
                    ",\"diagnostics\":[";
  for (std::size_t i = 0; i < sorted.size(); ++i)
    out += std::string(i > 0 ? "," : "") + "\n" + json_diagnostic(sources, sorted[i]);
  return out + (sorted.empty() ? "" : "\n") + "]}\n";
}

std::string render_sarif(const Sources& sources, const Diagnostics& diagnostics,
                         const std::vector<CodePage>& pages, const std::string& version) {
  const std::vector<Diagnostic> sorted = diagnostics.sorted();
  std::vector<std::string> codes;
  for (const Diagnostic& each : sorted) codes.push_back(each.code);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());

  std::string out =
      "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{";
  out += "\"tool\":{\"driver\":{\"name\":\"cairn\",\"version\":" + json_quote(version) + ",\"rules\":[";
  for (std::size_t i = 0; i < codes.size(); ++i)
    out += std::string(i > 0 ? "," : "") + "\n" + sarif_rule(codes[i], pages);
  out += "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[";
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Diagnostic& each = sorted[i];
    const auto index =
        static_cast<std::size_t>(std::lower_bound(codes.begin(), codes.end(), each.code) - codes.begin());
    out += std::string(i > 0 ? "," : "") + "\n{\"ruleId\":" + json_quote(each.code) +
           ",\"ruleIndex\":" + number(index) + ",\"level\":\"" + word(each.severity) +
           "\",\"message\":{\"text\":" + json_quote(sarif_message(each)) + "},\"locations\":[";
    if (each.primary.span.known()) out += sarif_location(sources, each.primary.span, {});
    out += "]";
    std::string related;
    for (const Label& label : each.labels) {
      if (label.span.known())
        related += (related.empty() ? "" : ",") + sarif_location(sources, label.span, label.text);
    }
    if (!related.empty()) out += ",\"relatedLocations\":[" + related + "]";
    out += "}";
  }
  return out + "\n]}]}\n";
}

}  // namespace cairn
