#include <fmt/format.h>

#include <algorithm>

#include "interpreter/draw/drawings.h"

namespace cairn::draw {
namespace {

// In dot and mermaid a quote is the only character that can end a label.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string out;
  for (char c : text) {
    if (c == '"')
      out += quote;
    else if (c == '\n')
      out += ' ';
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out;
}

std::string_view dot_shape(NodeClass node_class) {
  switch (node_class) {
    case NodeClass::service:
      return "box";
    case NodeClass::thing:
      return "cylinder";
    case NodeClass::task:
      return "box";
    default:
      return "folder";
  }
}

std::vector<std::vector<std::uint32_t>> boxes_by_frame(const Picture& picture) {
  std::vector<std::vector<std::uint32_t>> by(picture.frames.size());
  for (std::uint32_t b = 0; b < picture.boxes.size(); ++b) by[picture.boxes[b].frame].push_back(b);
  return by;
}

}  // namespace

std::string dot(const Picture& picture) {
  std::string out =
      "digraph stack {\n  rankdir = LR\n  compound = true\n  node [fontname = \"sans-serif\", fontsize = "
      "11]\n";
  const auto by_frame = boxes_by_frame(picture);
  for (std::size_t f = 0; f < by_frame.size(); ++f) {
    const bool titled = !picture.frames[f].title.empty();
    if (titled)
      out += fmt::format("  subgraph cluster_{} {{\n    label = \"{}\"\n", f,
                         quoted(picture.frames[f].title, "\\\""));
    for (std::uint32_t b : by_frame[f]) {
      const Box& box = picture.boxes[b];
      out += fmt::format("  {}b{} [label = \"{}\\n{}\", shape = {}{}{}]\n", titled ? "  " : "", b,
                         quoted(box.title, "\\\""), box.kind, dot_shape(box.node_class),
                         box.node_class == NodeClass::service ? ", style = rounded" : "",
                         box.critical ? ", penwidth = 2" : "");
    }
    if (titled) out += "  }\n";
  }
  for (const Arrow& arrow : picture.arrows)
    out += fmt::format("  b{} -> b{} [tooltip = \"{}\"{}{}]\n", arrow.from, arrow.to,
                       quoted(fmt::format("{}", fmt::join(arrow.because, "; ")), "\\\""),
                       arrow.follows ? ", style = dashed" : "", arrow.critical ? ", penwidth = 2" : "");
  for (std::size_t f = 0; f < picture.frames.size(); ++f)
    for (std::uint32_t before : picture.frames[f].after)
      if (!by_frame[before].empty() && !by_frame[f].empty())
        out += fmt::format("  b{} -> b{} [ltail = cluster_{}, lhead = cluster_{}, style = bold]\n",
                           by_frame[before].back(), by_frame[f].front(), before, f);
  return out + "}\n";
}

std::string mermaid(const Picture& picture) {
  std::string out = "flowchart LR\n";
  const auto by_frame = boxes_by_frame(picture);
  for (std::size_t f = 0; f < by_frame.size(); ++f) {
    const bool titled = !picture.frames[f].title.empty();
    if (titled) out += fmt::format("  subgraph f{}[\"{}\"]\n", f, quoted(picture.frames[f].title, "#quot;"));
    for (std::uint32_t b : by_frame[f]) {
      const Box& box = picture.boxes[b];
      const std::string label =
          fmt::format("\"{}<br/><small>{}</small>\"", quoted(box.title, "#quot;"), box.kind);
      const char* open = box.node_class == NodeClass::thing     ? "[("
                         : box.node_class == NodeClass::service ? "("
                                                                : "[";
      const char* close = box.node_class == NodeClass::thing     ? ")]"
                          : box.node_class == NodeClass::service ? ")"
                                                                 : "]";
      out += fmt::format("  {}b{}{}{}{}\n", titled ? "  " : "", b, open, label, close);
    }
    if (titled) out += "  end\n";
  }
  for (const Arrow& arrow : picture.arrows)
    out += fmt::format("  b{} {} b{}\n", arrow.from,
                       arrow.critical  ? "==>"
                       : arrow.follows ? "-.->"
                                       : "-->",
                       arrow.to);
  for (std::size_t f = 0; f < picture.frames.size(); ++f)
    for (std::uint32_t before : picture.frames[f].after) out += fmt::format("  f{} ==> f{}\n", before, f);
  return out;
}

std::string ascii(const Picture& picture) {
  std::string out;
  const auto by_frame = boxes_by_frame(picture);
  std::size_t kind_width = 0, title_width = 0;
  for (const Box& box : picture.boxes) {
    kind_width = std::max(kind_width, box.kind.size());
    title_width = std::max(title_width, box.title.size());
  }
  title_width = std::min<std::size_t>(title_width, 40);
  std::vector<std::vector<std::uint32_t>> before(picture.boxes.size());
  for (const Arrow& arrow : picture.arrows) before[arrow.to].push_back(arrow.from);
  for (std::size_t f = 0; f < by_frame.size(); ++f) {
    if (by_frame[f].empty()) continue;
    if (!picture.frames[f].title.empty()) {
      std::vector<std::string> after;
      for (std::uint32_t other : picture.frames[f].after) after.push_back(picture.frames[other].title);
      const std::vector<std::string>& triggers = picture.frames[f].triggers;
      out += fmt::format("{}stage {}{}{}\n", out.empty() ? "" : "\n", picture.frames[f].title,
                         after.empty() ? "" : fmt::format("  <- {}", fmt::join(after, ", ")),
                         triggers.empty() ? "" : fmt::format("  (trigger {})", fmt::join(triggers, ", ")));
    }
    for (std::uint32_t b : by_frame[f]) {
      const Box& box = picture.boxes[b];
      std::vector<std::string> names;
      for (std::uint32_t other : before[b])
        names.push_back(picture.boxes[other].frame == box.frame ||
                                picture.frames[picture.boxes[other].frame].title.empty()
                            ? picture.boxes[other].title
                            : fmt::format("{}.{}", picture.frames[picture.boxes[other].frame].title,
                                          picture.boxes[other].title));
      std::string line = fmt::format("  {} {:<{}}  {:<{}}", box.critical ? "*" : " ", box.kind, kind_width,
                                     box.title, title_width);
      if (!names.empty()) line += fmt::format("  <- {}", fmt::join(names, ", "));
      while (line.ends_with(' ')) line.pop_back();
      out += line + "\n";
    }
  }
  if (std::any_of(picture.boxes.begin(), picture.boxes.end(), [](const Box& box) { return box.critical; }))
    out += "\n  * on the longest chain\n";
  return out;
}

std::string json(const Picture& picture) {
  auto text = [](std::string_view value) { return fmt::format("\"{}\"", json_escaped(value)); };
  std::string out = "{\n  \"version\": 1,\n  \"frames\": [";
  for (std::size_t f = 0; f < picture.frames.size(); ++f) {
    std::string triggers;
    for (const std::string& one : picture.frames[f].triggers)
      triggers += fmt::format("{}{}", triggers.empty() ? "" : ", ", text(one));
    out += fmt::format("{}\n    {{\"title\": {}, \"after\": [{}], \"triggers\": [{}]}}", f == 0 ? "" : ",",
                       text(picture.frames[f].title), fmt::join(picture.frames[f].after, ", "), triggers);
  }
  out += "\n  ],\n  \"boxes\": [";
  for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
    const Box& box = picture.boxes[b];
    std::string settings;
    for (const auto& [name, value] : box.settings)
      settings += fmt::format("{}{}: {}", settings.empty() ? "" : ", ", text(name), text(value));
    out += fmt::format(
        "{}\n    {{\"id\": {}, \"title\": {}, \"kind\": {}, \"frame\": {}, \"instances\": {}, \"critical\": "
        "{}, \"place\": {}, \"settings\": {{{}}}}}",
        b == 0 ? "" : ",", text(box.id), text(box.title), text(box.kind), box.frame, box.instances,
        box.critical, text(box.place), settings);
  }
  out += "\n  ],\n  \"arrows\": [";
  for (std::size_t a = 0; a < picture.arrows.size(); ++a) {
    const Arrow& arrow = picture.arrows[a];
    std::string because;
    for (const std::string& one : arrow.because)
      because += fmt::format("{}{}", because.empty() ? "" : ", ", text(one));
    out += fmt::format(
        "{}\n    {{\"from\": {}, \"to\": {}, \"follows\": {}, \"critical\": {}, \"because\": [{}]}}",
        a == 0 ? "" : ",", arrow.from, arrow.to, arrow.follows, arrow.critical, because);
  }
  return out + "\n  ]\n}\n";
}

}  // namespace cairn::draw
