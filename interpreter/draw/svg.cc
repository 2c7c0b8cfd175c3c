#include <fmt/format.h>

#include "interpreter/draw/drawings.h"
#include "interpreter/draw/layout.h"

namespace cairn::draw {
namespace {

constexpr std::string_view style = R"(
  svg { --paper: #fbfbf9; --ink: #1f2328; --faint: #6b7280; --line: #9aa3ad; --frame: #f1f2ee; --edge: #d5d8d2; --card: #ffffff;
        --service: #2563a8; --task: #8a5a00; --thing: #2f7d4f; --hot: #c2410c; background: var(--paper);
        font-family: ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", sans-serif }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #14171a; --ink: #e8eaed; --faint: #9aa3ad; --line: #66707a; --frame: #1b1f24; --edge: #333a42; --card: #22272d;
          --service: #79b4f2; --task: #e3b260; --thing: #7fcf9f; --hot: #ff8a50 } }
  .frame rect { fill: var(--frame); stroke: var(--edge) }
  .frame text { fill: var(--faint); font-size: 13px; font-weight: 600; letter-spacing: .02em }
  .frame .trigger { font-weight: 400 }
  .box rect { fill: var(--card); stroke: var(--edge) }
  .box .mark { stroke: none }
  .box .title { fill: var(--ink); font-size: 13px }
  .box .kind { fill: var(--faint); font-size: 10px }
  .service .mark { fill: var(--service) } .task .mark { fill: var(--task) } .thing .mark { fill: var(--thing) } .group .mark { fill: var(--faint) }
  .box.critical rect.card { stroke: var(--hot); stroke-width: 1.5 }
  .arrow path { fill: none; stroke: var(--line); stroke-width: 1.3 }
  .arrow.follows path { stroke-dasharray: 4 3 }
  .arrow.critical path { stroke: var(--hot); stroke-width: 1.8 }
  .arrow polygon { fill: var(--line) } .arrow.critical polygon { fill: var(--hot) }
  .order path { fill: none; stroke: var(--edge); stroke-width: 5 }
  .order polygon { fill: var(--edge) }
)";

std::string_view class_name(NodeClass node_class) {
  switch (node_class) {
    case NodeClass::service:
      return "service";
    case NodeClass::task:
      return "task";
    case NodeClass::thing:
      return "thing";
    default:
      return "group";
  }
}

std::string curve(const std::vector<Point>& points, double shorten) {
  std::string path = fmt::format("M{:.1f} {:.1f}", points.front().x, points.front().y);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point from = points[i - 1];
    Point to = points[i];
    if (i + 1 == points.size()) to.x -= shorten;
    const double bend = std::max(18.0, (to.x - from.x) / 2);
    path += fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x + bend, from.y, to.x - bend,
                        to.y, to.x, to.y);
  }
  return path;
}

std::string head(Point tip, double size) {
  return fmt::format("<polygon points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\"/>", tip.x, tip.y,
                     tip.x - size, tip.y - size * .55, tip.x - size, tip.y + size * .55);
}

std::string started_by(const Frame& frame) {
  if (frame.triggers.empty()) return {};
  return fmt::format("<tspan class=\"trigger\" dx=\"10\">⚡ {}</tspan>",
                     xml_escaped(fmt::format("{}", fmt::join(frame.triggers, ", "))));
}

}  // namespace

std::string svg(const Picture& picture) {
  const Layout layout = lay_out(picture);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" role=\"img\">\n<style>{2}</style>\n<g id=\"world\">\n",
      layout.width, layout.height, style);
  for (std::size_t f = 0; f < picture.frames.size(); ++f)
    for (std::uint32_t before : picture.frames[f].after) {
      const Rectangle& a = layout.frames[before];
      const Rectangle& b = layout.frames[f];
      if (a.width == 0 || b.width == 0) continue;
      const double y1 = a.y + 16, y2 = b.y + 16;
      out += fmt::format("<g class=\"order\"><path d=\"{}\"/>{}</g>\n",
                         curve({{a.x + a.width, y1}, {b.x, y2}}, 9), head({b.x, y2}, 12));
    }
  for (std::size_t f = 0; f < picture.frames.size(); ++f) {
    const Rectangle& r = layout.frames[f];
    if (picture.frames[f].title.empty() || r.width == 0) continue;
    out += fmt::format(
        "<g class=\"frame\"><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "rx=\"12\"/><text x=\"{:.1f}\" y=\"{:.1f}\">{}{}</text></g>\n",
        r.x, r.y, r.width, r.height, r.x + 16, r.y + 22, xml_escaped(picture.frames[f].title),
        started_by(picture.frames[f]));
  }
  for (std::size_t a = 0; a < picture.arrows.size(); ++a) {
    const Arrow& arrow = picture.arrows[a];
    std::string because;
    for (const std::string& one : arrow.because) because += (because.empty() ? "" : "\n") + one;
    out += fmt::format(
        "<g class=\"arrow{}{}\" data-arrow=\"{}\"><title>{} waits for {}\n{}</title><path d=\"{}\"/>{}</g>\n",
        arrow.follows ? " follows" : "", arrow.critical ? " critical" : "", a,
        xml_escaped(picture.boxes[arrow.to].title), xml_escaped(picture.boxes[arrow.from].title),
        xml_escaped(because), curve(layout.arrows[a], 6), head(layout.arrows[a].back(), 8));
  }
  for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
    const Box& box = picture.boxes[b];
    const Rectangle& r = layout.boxes[b];
    out += fmt::format("<g class=\"box {}{}\" data-box=\"{}\" tabindex=\"0\"><title>{}</title>",
                       class_name(box.node_class), box.critical ? " critical" : "", b,
                       xml_escaped(box.kind + " " + box.id));
    if (box.instances > 1)
      out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"7\"/>",
                         r.x + 4, r.y + 4, r.width, r.height);
    out += fmt::format(
        "<rect class=\"card\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"7\"/>", r.x,
        r.y, r.width, r.height);
    out += fmt::format(
        "<rect class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"5\" height=\"{:.1f}\" rx=\"2.5\"/>", r.x + 7,
        r.y + 8, r.height - 16);
    out += fmt::format(
        "<text class=\"title\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text><text class=\"kind\" x=\"{:.1f}\" "
        "y=\"{:.1f}\">{}</text></g>\n",
        r.x + 20, r.y + 17, xml_escaped(shown_title(box.title)), r.x + 20, r.y + 30, xml_escaped(box.kind));
  }
  return out + "</g>\n</svg>\n";
}

}  // namespace cairn::draw
