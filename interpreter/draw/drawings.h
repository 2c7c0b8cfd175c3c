// A picture in each of its formats. All are deterministic; svg and html are self-contained (no network) and
// are readable in light and dark.
#pragma once

#include <string>

#include "interpreter/draw/picture.h"

namespace cairn::draw {

std::string dot(const Picture& picture);      // Graphviz
std::string mermaid(const Picture& picture);  // for Markdown
std::string ascii(const Picture& picture);    // for a terminal: frames, boxes, what each waits for
std::string json(const Picture& picture);     // {"boxes": […], "arrows": […], "frames": […]}
std::string svg(const Picture& picture);
std::string html(const Picture& picture);  // the svg with pan, zoom, search, hover and click

// For text between tags and in attributes, and for JSON strings (without the quotes).
std::string xml_escaped(std::string_view text);
std::string json_escaped(std::string_view text);

}  // namespace cairn::draw
