// XML from people one does not trust, by pugixml: no external entities, no DOCTYPE, places for messages.
#pragma once

#include <pugixml.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn::report {

enum class Doctype {
  refused,
  plain_allowed,  // one that only names a DTD, as Cobertura's own writer puts it; nothing is fetched
};

class XmlDocument {
 public:
  // `what` is the format for messages: "JUnit".
  static Result<XmlDocument> parse(std::string_view text, const std::string& name, std::string_view what,
                                   Doctype doctype);

  pugi::xml_node root() const { return document_->document_element(); }
  // The failure of this file at this element: "line 12: …".
  Failure wrong(pugi::xml_node at, std::string_view why) const;

 private:
  std::string text_;  // as it was parsed, for lines
  std::string name_;
  std::string what_;
  std::unique_ptr<pugi::xml_document> document_;
};

// "1.25", "1,234.5" (Surefire), "0.5s"; 0 for anything else and for what is negative.
double seconds_of(std::string_view text);
// Hours, minutes, seconds as in "00:01:02.5".
double seconds_of_clock(std::string_view text);
// All text below a node, CDATA included.
std::string text_of(pugi::xml_node node);
std::string first_line_of(std::string_view text);  // the first that is not blank, trimmed
// Where a trace or a message points at: "  File \"a/b.py\", line 12", "a/b.js:12:3", "b_test.go:12: …".
struct CodePlace {
  std::string file;
  std::uint32_t line = 0;
};
CodePlace place_in(std::string_view text);

}  // namespace cairn::report
