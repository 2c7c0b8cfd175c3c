// What a drawing of the graph shows: boxes and arrows, before any format or coordinates. One picture, many
// formats (dot.h, mermaid.h, ascii.h, json.h, svg.h, html.h).
//
// The virtual steps of instances and loops are looked through; a stage is a frame around its boxes. Equal
// iterations of a `for` are one box (`sql[0..3]`) unless the request says `expand`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "grammar/source.h"
#include "interpreter/graph.h"

namespace cairn::draw {

enum class Level { stage, node, step };

struct Request {
  Level level = Level::node;
  bool expand = false;                  // one box for each iteration
  std::vector<double> seconds_of_step;  // by StepId, from earlier runs; empty: every real step counts as one
};

struct Box {
  std::string id;     // unique, stable: the path ("test.sql[*]"), with ":phase" at step level
  std::string title;  // "sql[0..3]"
  std::string kind;   // "service"
  NodeClass node_class = NodeClass::task;
  std::uint32_t frame = 0;                                    // index into Picture::frames
  std::size_t instances = 1;                                  // how many nodes it stands for
  bool critical = false;                                      // on the longest chain
  std::string place;                                          // "shop.stack:6:3"
  std::vector<std::pair<std::string, std::string>> settings;  // as written, shown without secrets
  std::vector<NodeId> nodes;
};

struct Arrow {
  std::uint32_t from = 0, to = 0;  // indexes into Picture::boxes; `to` waits for `from`
  bool follows = false;            // waits however it ended
  bool critical = false;
  std::vector<std::string> because;  // distinct reasons, with their places
};

// A stage, or the file around them (the first frame, which may be empty).
struct Frame {
  std::string title;                 // empty for the file
  std::vector<std::uint32_t> after;  // frames that the stage comes after
  // What starts it while `cairn serve` runs: "check: /check", "nightly: 0 2 * * *".
  std::vector<std::string> triggers;
};

struct Picture {
  std::string title;
  std::vector<Frame> frames;
  std::vector<Box> boxes;     // in the order of the file
  std::vector<Arrow> arrows;  // no arrow that a longer chain implies; sorted by (from, to)
};

Picture make_picture(const Graph& graph, const Sources& sources, const Request& request);

using Boxes = std::vector<std::uint32_t>;  // indexes into Picture::boxes

// Those that stand for the node, or, of a group, for what it holds.
Boxes boxes_of(const Picture& picture, const Graph& graph, NodeId node);

// The arrows on the ways from some boxes to others, for `graph --why A B`: indexes into Picture::arrows;
// empty when none of `to` waits for one of `from`.
std::vector<std::uint32_t> ways(const Picture& picture, const Boxes& from, const Boxes& to);

// The stages on the way from that of `from` to that of `to`, both included, when the later waits for the
// earlier by their order alone.
std::vector<std::string> stages_between(const Picture& picture, const Boxes& from, const Boxes& to);

}  // namespace cairn::draw
