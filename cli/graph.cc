#include <fmt/format.h>

#include <cstdio>

#include "cli/program_file.h"
#include "interpreter/draw/drawings.h"

namespace cairn::cli {
namespace {

struct GraphOptions {
  std::string format = "ascii", level = "node";
  bool expand = false;
  std::vector<std::string> why;
};

std::string drawn(const draw::Picture& picture, const std::string& format) {
  if (format == "dot") return draw::dot(picture);
  if (format == "mermaid") return draw::mermaid(picture);
  if (format == "svg") return draw::svg(picture);
  if (format == "html") return draw::html(picture);
  if (format == "json") return draw::json(picture);
  return draw::ascii(picture);
}

void why(const Graph& graph, const draw::Picture& picture, NodeId first, NodeId then,
         Invocation& invocation) {
  const draw::Boxes from = draw::boxes_of(picture, graph, first), to = draw::boxes_of(picture, graph, then);
  const std::string &earlier = graph.node(first).path, &later = graph.node(then).path;
  const std::vector<std::uint32_t> found = draw::ways(picture, from, to);
  if (found.empty()) {
    const std::vector<std::string> stages = draw::stages_between(picture, from, to);
    if (!stages.empty()) {
      fmt::print("`{}` waits for `{}` by the order of their stages: {}\n", later, earlier,
                 fmt::join(stages, " → "));
      return;
    }
    const bool turned = !draw::ways(picture, to, from).empty();
    fmt::print("`{}` does not wait for `{}`{}\n", later, earlier,
               turned ? ": it is the other way round" : "");
    invocation.exit_code = step_failed;
    return;
  }
  for (std::uint32_t a : found) {
    const draw::Arrow& arrow = picture.arrows[a];
    fmt::print("{} waits for {}\n", picture.boxes[arrow.to].id, picture.boxes[arrow.from].id);
    for (const std::string& because : arrow.because) fmt::print("    {}\n", because);
  }
}

void graph(const GraphOptions& options, Invocation& invocation) {
  const std::unique_ptr<ProgramFile> program = load_graph(invocation);
  if (program == nullptr) return;
  draw::Request request;
  request.level = options.level == "stage"  ? draw::Level::stage
                  : options.level == "step" ? draw::Level::step
                                            : draw::Level::node;
  request.expand = options.expand;
  std::vector<NodeId> between;
  if (!nodes_named(*program, options.why, between, invocation)) return;
  // One of several equal iterations has no box of its own unless they are drawn one by one.
  for (const NodeId node : between)
    request.expand = request.expand || program->graph().node(node).path.find('[') != std::string::npos;
  const draw::Picture picture = draw::make_picture(program->graph(), program->sources, request);
  if (!between.empty()) return why(program->graph(), picture, between[0], between[1], invocation);
  fmt::print("{}", drawn(picture, options.format));
}

}  // namespace

void add_graph(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("graph", "draw what the file means; runs nothing");
  const auto options = std::make_shared<GraphOptions>();
  add_file_options(*command, invocation);
  add_file_argument(*command, invocation);
  command->add_option("--format", options->format, "the drawing's format")
      ->check(CLI::IsMember({"ascii", "dot", "mermaid", "svg", "html", "json"}))
      ->capture_default_str();
  command->add_option("--level", options->level, "what a box is")
      ->check(CLI::IsMember({"stage", "node", "step"}))
      ->capture_default_str();
  command->add_flag("--expand", options->expand, "one box for each iteration of a `for`");
  command->add_option("--why", options->why, "why B waits for A: --why A B")->expected(2);
  command->callback([options, &invocation] { graph(*options, invocation); });
}

}  // namespace cairn::cli
