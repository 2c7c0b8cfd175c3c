#include "interpreter/draw/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "interpreter/environment.h"

namespace cairn::draw {
namespace {

constexpr std::uint32_t nothing = 0xffffffff;

bool is_stage(const Node& node) {
  return node.node_class == NodeClass::group && node.kind == "stage";
}

// "test.sql[0].main" → "test.sql[*].main"
std::string collapsed(const std::string& path) {
  std::string out;
  bool inside = false;
  for (char c : path) {
    if (c == '[') out += "[*";
    if (!inside && c != '[') out += c;
    if (c == '[') inside = true;
    if (c == ']') {
      if (inside) out += c;
      inside = false;
    }
  }
  return out;
}

std::vector<std::string> keys_of(const std::string& path) {
  std::vector<std::string> keys;
  for (std::size_t at = path.find('['); at != std::string::npos; at = path.find('[', at + 1)) {
    const std::size_t end = path.find(']', at);
    if (end == std::string::npos) break;
    keys.push_back(path.substr(at + 1, end - at - 1));
  }
  return keys;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// {"0","1","2","3"} → "0..3"; {"eu","us"} → "eu, us"; many → "12 ×"
std::string key_summary(std::vector<std::string> keys) {
  if (std::all_of(keys.begin(), keys.end(), is_number)) {
    std::sort(keys.begin(), keys.end(),
              [](const auto& a, const auto& b) { return std::stol(a) < std::stol(b); });
    const long first = std::stol(keys.front()), last = std::stol(keys.back());
    if (last - first + 1 == static_cast<long>(keys.size())) return fmt::format("{}..{}", first, last);
  }
  if (keys.size() <= 3) return fmt::format("{}", fmt::join(keys, ", "));
  return fmt::format("{} of them", keys.size());
}

// The path within its stage, with `[*]` replaced by the keys that stand there.
std::string title_of(const std::string& id, const std::vector<std::string>& paths, const std::string& stage) {
  std::string title = !stage.empty() && id.starts_with(stage + ".") ? id.substr(stage.size() + 1) : id;
  if (paths.size() < 2)
    return !stage.empty() && paths.front().starts_with(stage + ".") ? paths.front().substr(stage.size() + 1)
                                                                    : paths.front();
  std::size_t place = 0;
  for (std::size_t at = title.find("[*]"); at != std::string::npos; at = title.find("[*]", at + 1), ++place) {
    std::vector<std::string> keys;
    for (const std::string& path : paths) {
      const std::vector<std::string> own = keys_of(path);
      if (place < own.size() && std::find(keys.begin(), keys.end(), own[place]) == keys.end())
        keys.push_back(own[place]);
    }
    title.replace(at + 1, 1, key_summary(keys));
  }
  return title;
}

class Maker {
 public:
  Maker(const Graph& graph, const Sources& sources, const Request& request)
      : graph_(graph), sources_(sources), request_(request) {}

  Picture make() {
    make_frames();
    name_lone_parts();
    make_boxes();
    make_arrows();
    drop_implied();
    mark_critical();
    return std::move(picture_);
  }

 private:
  void make_frames() {
    picture_.frames.push_back({});
    frame_of_.assign(graph_.nodes.size(), 0);
    if (request_.level == Level::step)
      return;  // teardown goes back and forth between stages: their ends are boxes
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (is_stage(graph_.nodes[n])) {
        frame_of_[n] = static_cast<std::uint32_t>(picture_.frames.size());
        picture_.frames.push_back({graph_.nodes[n].path, {}, {}});
      }
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (!is_stage(graph_.nodes[n]) && graph_.nodes[n].stage != no_node)
        frame_of_[n] = frame_of_[index(graph_.nodes[n].stage)];
    for (const Node& node : graph_.nodes)
      if (node.kind == "trigger") add_trigger(node);
  }

  void add_trigger(const Node& trigger) {
    for (const char* by : {"webhook", "schedule"}) {
      const std::string* when = trigger.value(by).as<std::string>();
      if (when == nullptr) continue;
      const Value& stages = trigger.value("stage");
      const List* list = stages.as<List>();
      for (const Value& one : list != nullptr ? *list : List{stages})
        if (const NodeRef* stage = one.as<NodeRef>())
          picture_.frames[frame_of_[index(stage->node)]].triggers.push_back(
              fmt::format("{}: {}", trigger.path, *when));
    }
  }

  // An instance of a kind that shows as one box is drawn under the name that the reader wrote: `pg`, not
  // `pg.main`.
  void name_lone_parts() {
    title_path_.resize(graph_.nodes.size());
    std::vector<std::uint32_t> boxes_in(graph_.nodes.size(), 0);
    const auto instance_around = [&](NodeId id) {
      const NodeId around = graph_.node(id).parent;
      const bool instance = around != no_node && graph_.node(around).node_class == NodeClass::group &&
                            graph_.node(around).kind != "for" && !is_stage(graph_.node(around));
      return instance ? around : no_node;
    };
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (shown(graph_.nodes[n]))
        for (NodeId at = instance_around(NodeId{static_cast<std::uint32_t>(n)}); at != no_node;
             at = instance_around(at))
          ++boxes_in[index(at)];
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      NodeId at{static_cast<std::uint32_t>(n)};
      for (NodeId around = instance_around(at); around != no_node && boxes_in[index(around)] == 1;
           around = instance_around(at))
        at = around;
      title_path_[n] = graph_.node(at).path;
    }
  }

  bool shown(const Node& node) const {
    if (request_.level == Level::stage) return is_stage(node);
    if (request_.level == Level::step) return !node.steps.empty();
    return node.node_class != NodeClass::group && node.node_class != NodeClass::endpoint;
  }

  // As a reader of the file would write it: blocks by their paths, what is known later as the file says it.
  std::string shown(const Value& value) const {
    if (value.secret) return show(value);
    if (const NodeRef* node = value.as<NodeRef>())
      return node->node == no_node ? "null" : graph_.node(node->node).path;
    if (const Late* late = value.as<Late>();
        late != nullptr && late->expression != nullptr && late->expression->expression != nullptr)
      return std::string(sources_.text(late->expression->expression->span));
    std::string text;
    auto item = [&](const std::string& name, const Value& one, const char* equals) {
      text += (text.empty() ? "" : ", ") + (name.empty() ? "" : name + equals) + shown(one);
    };
    if (const List* list = value.as<List>()) {
      for (const Value& one : *list) item("", one, "");
      return "[" + text + "]";
    }
    if (const Map* map = value.as<Map>()) {
      for (const auto& [key, one] : map->entries) item(fmt::format("\"{}\"", key), one, " = ");
      return "{ " + text + " }";
    }
    if (const Made* made = value.as<Made>()) {
      for (const auto& [name, one] : made->arguments.entries)
        if (!one.null()) item(made->arguments.entries.front().first == name ? "" : name, one, " = ");
      return made->function + "(" + text + ")";
    }
    return show(value);
  }

  void make_boxes() {
    box_of_step_.assign(graph_.steps.size(), nothing);
    std::map<std::string, std::uint32_t> known;
    std::vector<std::vector<std::string>> paths;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!shown(node)) continue;
      std::vector<StepId> steps = node.steps;
      const std::string base = request_.expand ? node.path : collapsed(node.path);
      auto box_for = [&](const std::string& id) {
        auto [found, fresh] = known.try_emplace(id, static_cast<std::uint32_t>(picture_.boxes.size()));
        if (fresh) {
          Box box;
          box.id = id;
          box.kind = node.kind;
          box.node_class = node.node_class;
          box.frame = request_.level == Level::stage ? 0 : frame_of_[n];
          box.place = node.span.known() ? sources_.show(node.span) : std::string();
          box.instances = 0;
          for (const Setting& setting : node.settings)
            if (setting.written) box.settings.emplace_back(setting.name, shown(setting.value));
          picture_.boxes.push_back(std::move(box));
          paths.emplace_back();
        }
        const std::uint32_t at = found->second;
        if (picture_.boxes[at].nodes.empty() ||
            picture_.boxes[at].nodes.back() != NodeId{static_cast<std::uint32_t>(n)}) {
          picture_.boxes[at].nodes.push_back(NodeId{static_cast<std::uint32_t>(n)});
          picture_.boxes[at].instances += 1;
          paths[at].push_back(title_path_[n]);
        }
        return at;
      };
      if (request_.level == Level::step) {
        for (StepId step : steps)
          box_of_step_[index(step)] =
              box_for(fmt::format("{}:{}", base, name_of(graph_.steps[index(step)].phase)));
      } else {
        const std::uint32_t at = box_for(base);
        for (StepId step : steps) box_of_step_[index(step)] = at;
      }
    }
    for (std::size_t b = 0; b < picture_.boxes.size(); ++b) {
      Box& box = picture_.boxes[b];
      const std::size_t colon = request_.level == Level::step ? box.id.rfind(':') : std::string::npos;
      const std::string base = request_.expand ? paths[b].front() : collapsed(paths[b].front());
      box.title = title_of(base, paths[b], picture_.frames[box.frame].title);
      if (colon != std::string::npos) box.title += box.id.substr(colon);
    }
  }

  // Edges between shown steps; a step that is not shown is looked through. At node level what only a node's
  // own phases and teardown say is left out.
  void make_arrows() {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Arrow> arrows;
    for (std::size_t s = 0; s < graph_.steps.size(); ++s) {
      if (box_of_step_[s] == nothing) continue;
      std::vector<std::pair<std::uint32_t, std::uint32_t>> todo;  // step, the edge whose reason counts
      std::unordered_set<std::uint32_t> seen;
      for (std::uint32_t e : graph_.edges_to[s])
        todo.emplace_back(static_cast<std::uint32_t>(index(graph_.edges[e].from)), e);
      while (!todo.empty()) {
        const auto [from, reason] = todo.back();
        todo.pop_back();
        const Edge& edge = graph_.edges[reason];
        if (request_.level != Level::step &&
            (edge.reason == EdgeReason::lifetime || is_finaliser(graph_.steps[s].phase)))
          continue;
        const std::uint32_t box = box_of_step_[from];
        if (box == nothing) {
          if (!seen.insert(from).second) continue;
          if (crosses_stage(from, s)) {
            add_frame_order(from, s);
            continue;
          }
          for (std::uint32_t e : graph_.edges_to[from]) {
            const Edge& before = graph_.edges[e];
            // Membership explains nothing: keep the reason that the file wrote.
            todo.emplace_back(static_cast<std::uint32_t>(index(before.from)),
                              edge.reason == EdgeReason::stage ? e : reason);
          }
          continue;
        }
        if (box == box_of_step_[s]) continue;
        Arrow& arrow = arrows[{box, box_of_step_[s]}];
        arrow.from = box;
        arrow.to = box_of_step_[s];
        arrow.follows = edge.kind == EdgeKind::follows;
        std::string because = edge.because.empty() ? std::string(name_of(edge.reason)) : edge.because;
        if (edge.span.known()) because += fmt::format("  ({})", sources_.show(edge.span));
        if (arrow.because.size() < 8 &&
            std::find(arrow.because.begin(), arrow.because.end(), because) == arrow.because.end())
          arrow.because.push_back(std::move(because));
      }
    }
    for (auto& [key, arrow] : arrows) picture_.arrows.push_back(std::move(arrow));
  }

  // A stage's begin or end: order between stages is drawn between frames, not between all their boxes.
  bool crosses_stage(std::uint32_t step, std::size_t) const {
    return request_.level == Level::node && is_stage(graph_.node_of(StepId{step}));
  }
  void add_frame_order(std::uint32_t from, std::size_t) {
    const Step& step = graph_.steps[from];
    if (step.phase != Phase::begin) return;
    std::vector<std::uint32_t>& after = picture_.frames[frame_of_[index(step.node)]].after;
    for (std::uint32_t e : graph_.edges_to[from]) {
      const NodeId other = graph_.steps[index(graph_.edges[e].from)].node;
      if (other == step.node || !is_stage(graph_.node(other))) continue;
      const std::uint32_t frame = frame_of_[index(other)];
      if (std::find(after.begin(), after.end(), frame) == after.end()) after.push_back(frame);
    }
  }

  std::vector<std::vector<std::uint32_t>> successors() const {
    std::vector<std::vector<std::uint32_t>> next(picture_.boxes.size());
    for (std::uint32_t a = 0; a < picture_.arrows.size(); ++a) next[picture_.arrows[a].from].push_back(a);
    return next;
  }

  std::vector<std::uint32_t> box_order() const {
    std::vector<std::size_t> waiting(picture_.boxes.size(), 0);
    for (const Arrow& arrow : picture_.arrows) ++waiting[arrow.to];
    const auto next = successors();
    std::set<std::uint32_t> ready;
    for (std::uint32_t b = 0; b < waiting.size(); ++b)
      if (waiting[b] == 0) ready.insert(b);
    std::vector<std::uint32_t> order;
    while (!ready.empty()) {
      const std::uint32_t box = *ready.begin();
      ready.erase(ready.begin());
      order.push_back(box);
      for (std::uint32_t a : next[box])
        if (--waiting[picture_.arrows[a].to] == 0) ready.insert(picture_.arrows[a].to);
    }
    return order;
  }

  void drop_implied() {
    constexpr std::size_t worth_it = 3000;
    const std::size_t count = picture_.boxes.size();
    const std::vector<std::uint32_t> order = box_order();
    if (count > worth_it || order.size() < count) return;  // collapsing may tie a knot: then all arrows stay
    const auto next = successors();
    std::vector<std::vector<bool>> reach(count, std::vector<bool>(count, false));
    std::vector<std::size_t> position(count);
    for (std::size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
    std::vector<bool> keep(picture_.arrows.size(), true);
    for (auto box = order.rbegin(); box != order.rend(); ++box) {
      std::vector<std::uint32_t> out = next[*box];
      std::sort(out.begin(), out.end(), [&](auto a, auto b) {
        return position[picture_.arrows[a].to] < position[picture_.arrows[b].to];
      });
      for (std::uint32_t a : out) {
        const std::uint32_t to = picture_.arrows[a].to;
        if (reach[*box][to]) {
          keep[a] = false;
          continue;
        }
        reach[*box][to] = true;
        for (std::size_t i = 0; i < count; ++i)
          if (reach[to][i]) reach[*box][i] = true;
      }
    }
    std::vector<Arrow> kept;
    for (std::size_t a = 0; a < keep.size(); ++a)
      if (keep[a]) kept.push_back(std::move(picture_.arrows[a]));
    picture_.arrows = std::move(kept);
  }

  double weight(const Box& box) const {
    if (request_.level == Level::step && box.node_class == NodeClass::group) return 0;
    if (request_.seconds_of_step.empty()) return 1;
    double longest = 0;
    for (NodeId node : box.nodes) {
      double sum = 0;
      for (StepId step : graph_.node(node).steps)
        if (box_of_step_[index(step)] == &box - picture_.boxes.data())
          sum += request_.seconds_of_step[index(step)];
      longest = std::max(longest, sum);
    }
    return longest;
  }

  // The longest chain of boxes; a stage waits for all boxes of the stages that it comes after.
  void mark_critical() {
    const std::size_t boxes = picture_.boxes.size(), frames = picture_.frames.size();
    struct Way {
      std::uint32_t to = 0, arrow = nothing;
    };
    // Vertices: the boxes, then the beginning and the end of each frame.
    std::vector<std::vector<Way>> next(boxes + 2 * frames);
    const auto begin_of = [&](std::size_t frame) { return static_cast<std::uint32_t>(boxes + 2 * frame); };
    for (std::uint32_t a = 0; a < picture_.arrows.size(); ++a)
      next[picture_.arrows[a].from].push_back({picture_.arrows[a].to, a});
    for (std::uint32_t b = 0; b < boxes; ++b) {
      next[begin_of(picture_.boxes[b].frame)].push_back({b, nothing});
      next[b].push_back({begin_of(picture_.boxes[b].frame) + 1, nothing});
    }
    for (std::size_t f = 0; f < frames; ++f)
      for (const std::uint32_t before : picture_.frames[f].after)
        next[begin_of(before) + 1].push_back({begin_of(f), nothing});
    std::vector<std::size_t> waiting(next.size(), 0);
    for (const auto& ways : next)
      for (const Way& way : ways) ++waiting[way.to];
    std::set<std::uint32_t> ready;
    for (std::uint32_t v = 0; v < next.size(); ++v)
      if (waiting[v] == 0) ready.insert(v);
    std::vector<double> end(next.size(), 0);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> by(
        next.size(), {nothing, nothing});  // the vertex before, the arrow
    std::size_t passed = 0;
    while (!ready.empty()) {
      const std::uint32_t vertex = *ready.begin();
      ready.erase(ready.begin());
      ++passed;
      if (vertex < boxes) end[vertex] += weight(picture_.boxes[vertex]);
      for (const Way& way : next[vertex]) {
        if (end[vertex] > end[way.to]) {
          end[way.to] = end[vertex];
          by[way.to] = {vertex, way.arrow};
        }
        if (--waiting[way.to] == 0) ready.insert(way.to);
      }
    }
    if (passed < next.size() || boxes == 0) return;  // collapsing may tie a knot: then nothing is marked
    std::uint32_t at = static_cast<std::uint32_t>(
        std::max_element(end.begin(), end.begin() + static_cast<std::ptrdiff_t>(boxes)) - end.begin());
    while (at != nothing) {
      if (at < boxes) picture_.boxes[at].critical = true;
      if (by[at].second != nothing) picture_.arrows[by[at].second].critical = true;
      at = by[at].first;
    }
  }

  const Graph& graph_;
  const Sources& sources_;
  const Request& request_;
  Picture picture_;
  std::vector<std::uint32_t> frame_of_;     // by node
  std::vector<std::string> title_path_;     // by node: its path, or that of the instance it stands for
  std::vector<std::uint32_t> box_of_step_;  // `nothing` for what is looked through
};

void add_with_members(const Graph& graph, NodeId node, std::vector<NodeId>& all) {
  all.push_back(node);
  for (const NodeId member : graph.node(node).members) add_with_members(graph, member, all);
}

// Which boxes can be reached from some, along the arrows or against them.
std::vector<bool> reachable(const Picture& picture, const Boxes& from, bool forwards) {
  std::vector<std::vector<std::uint32_t>> next(picture.boxes.size());
  for (const Arrow& arrow : picture.arrows)
    next[forwards ? arrow.from : arrow.to].push_back(forwards ? arrow.to : arrow.from);
  std::vector<bool> seen(picture.boxes.size(), false);
  std::vector<std::uint32_t> todo = from;
  for (const std::uint32_t box : from) seen[box] = true;
  while (!todo.empty()) {
    const std::uint32_t box = todo.back();
    todo.pop_back();
    for (std::uint32_t other : next[box])
      if (!seen[other]) {
        seen[other] = true;
        todo.push_back(other);
      }
  }
  return seen;
}

}  // namespace

Picture make_picture(const Graph& graph, const Sources& sources, const Request& request) {
  return Maker(graph, sources, request).make();
}

Boxes boxes_of(const Picture& picture, const Graph& graph, NodeId node) {
  std::vector<NodeId> meant;
  add_with_members(graph, node, meant);
  std::sort(meant.begin(), meant.end());
  Boxes found;
  for (std::uint32_t b = 0; b < picture.boxes.size(); ++b)
    if (std::any_of(picture.boxes[b].nodes.begin(), picture.boxes[b].nodes.end(),
                    [&](NodeId its) { return std::binary_search(meant.begin(), meant.end(), its); }))
      found.push_back(b);
  return found;
}

std::vector<std::uint32_t> ways(const Picture& picture, const Boxes& from, const Boxes& to) {
  const std::vector<bool> after = reachable(picture, from, true), before = reachable(picture, to, false);
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < picture.arrows.size(); ++i) {
    const Arrow& arrow = picture.arrows[i];
    if (after[arrow.from] && before[arrow.from] && after[arrow.to] && before[arrow.to]) found.push_back(i);
  }
  return found;
}

std::vector<std::string> stages_between(const Picture& picture, const Boxes& from, const Boxes& to) {
  if (from.empty() || to.empty()) return {};
  const std::uint32_t first = picture.boxes[from.front()].frame, last = picture.boxes[to.front()].frame;
  if (first == last) return {};
  // Breadth first from the later stage: the shortest way back.
  std::vector<std::uint32_t> later(picture.frames.size(), nothing), todo{last};
  for (std::size_t i = 0; i < todo.size(); ++i)
    for (const std::uint32_t before : picture.frames[todo[i]].after)
      if (before != last && later[before] == nothing) {
        later[before] = todo[i];
        todo.push_back(before);
      }
  if (later[first] == nothing) return {};
  std::vector<std::string> titles;
  for (std::uint32_t frame = first; frame != nothing; frame = later[frame])
    titles.push_back(picture.frames[frame].title);
  return titles;
}

}  // namespace cairn::draw
