#include "tests/sim/engine/images.h"

#include <fmt/format.h>

#include "tests/sim/engine/containers.h"

namespace cairn::sim {
namespace {

std::string with_tag(const std::string& reference) {
  const std::size_t slash = reference.rfind('/');
  const bool tagged = reference.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  return tagged || reference.find('@') != std::string::npos ? reference : reference + ":latest";
}

void take_tag(State& state, const std::string& tag) {
  for (auto& [id, image] : state.images) image->tags.erase(tag);
}

// Every program is one and the same, as with busybox.
std::shared_ptr<const FileTree> programs() {
  static const std::shared_ptr<const FileTree> files = [] {
    FileTree tree;
    tree.put("/bin/busybox", {FileNode::Is::file, std::string(200'000, '\x7f'), 0755});
    for (const std::string& name : program_names())
      tree.put("/bin/" + name, {FileNode::Is::link, "/bin/busybox", 0777});
    tree.put("/etc/passwd", {FileNode::Is::file, "root:x:0:0:root:/:/bin/sh\n", 0644});
    tree.put("/tmp", {FileNode::Is::folder, {}, 01777});
    tree.put("/data", {FileNode::Is::folder, {}, 0755});
    return std::make_shared<const FileTree>(std::move(tree));
  }();
  return files;
}

Reply told(std::vector<Json> lines) {
  Reply reply;
  reply.stream = std::make_shared<Pipe>();
  for (const Json& line : lines) reply.stream->write(line.dump() + "\r\n");
  reply.stream->end();
  return reply;
}

Json failed(const std::string& message) {
  return {{"errorDetail", {{"message", message}}}, {"error", message}};
}

bool nobody_listens(const std::string& reference) {
  return reference.starts_with("127.0.0.1:1/");
}

std::string no_connection(const std::string& reference) {
  return fmt::format("Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused ({})",
                     reference);
}

// The words of a line of a Dockerfile, quotes taken off: {"LABEL", "a=b"}.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else if (line[i] == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += line[i];
    }
  }
  return words;
}

void apply(Json& config, const std::string& change) {
  const std::vector<std::string> words = words_of(change);
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : words[i].substr(equals + 1);
    if (words[0] == "LABEL") config["Labels"][name] = value;
    if (words[0] == "ENV") {
      std::vector<std::string> env = strings_in(config, "Env");
      std::erase_if(env, [&](const std::string& each) { return each.starts_with(name + "="); });
      env.push_back(name + "=" + value);
      config["Env"] = env;
    }
  }
  for (const char* list : {"CMD", "ENTRYPOINT"})
    if (change.starts_with(std::string(list) + " ["))
      config[list == std::string("CMD") ? "Cmd" : "Entrypoint"] =
          Json::parse(change.substr(change.find('[')), nullptr, false);
}

}  // namespace

std::shared_ptr<Image> find_image(State& state, const std::string& reference) {
  if (const auto found = state.images.find(reference); found != state.images.end()) return found->second;
  const std::string tag = with_tag(reference);
  for (const auto& [id, image] : state.images)
    if (image->tags.contains(tag) || (reference.size() >= 12 && id.starts_with("sha256:" + reference)))
      return image;
  return nullptr;
}

void make_image(State& state, const std::string& tag, const Json& config) {
  auto image = std::make_shared<Image>();
  image->id = "sha256:" + state.new_id();
  image->tags = {with_tag(tag)};
  image->config = config;
  if (!image->config.contains("Env")) image->config["Env"] = {"PATH=/bin"};
  if (!image->config.contains("Cmd")) image->config["Cmd"] = {"/bin/sh"};
  image->files = programs();
  take_tag(state, with_tag(tag));
  state.images[image->id] = image;
}

Reply inspect_image(State& state, const std::string& reference) {
  const std::shared_ptr<Image> image = find_image(state, reference);
  if (image == nullptr) return refused(404, "No such image: " + reference);
  return answered(200, {{"Id", image->id},
                        {"RepoTags", image->tags},
                        {"RepoDigests", image->digests},
                        {"Config", image->config},
                        {"Size", 200'000},
                        {"Os", "linux"},
                        {"Architecture", "amd64"}});
}

Reply pull_image(State& state, const Asked& asked) {
  const std::string reference = with_tag(asked.of("fromImage") + ":" + asked.of("tag"));
  if (nobody_listens(reference)) return refused(500, no_connection(reference));
  if (!state.options.pullable.contains(reference))
    return refused(404, fmt::format("pull access denied for {}, repository does not exist or may require "
                                    "'docker login': denied: requested access to the resource is denied",
                                    asked.of("fromImage")));
  if (find_image(state, reference) == nullptr) make_image(state, reference);
  return told({{{"status", "Pulling from " + asked.of("fromImage")}, {"id", asked.of("tag")}},
               {{"status", "Status: Downloaded newer image for " + reference}}});
}

Reply tag_image(State& state, const std::string& reference, const Asked& asked) {
  const std::shared_ptr<Image> image = find_image(state, reference);
  if (image == nullptr) return refused(404, "No such image: " + reference);
  const std::string tag =
      with_tag(asked.of("tag").empty() ? asked.of("repo") : asked.of("repo") + ":" + asked.of("tag"));
  take_tag(state, tag);
  image->tags.insert(tag);
  return {201, {}, {}, {}};
}

Reply push_image(State& state, const std::string& reference, const Asked& asked) {
  const std::string tag = with_tag(reference + ":" + asked.of("tag"));
  const std::shared_ptr<Image> image = find_image(state, tag);
  if (image == nullptr) return refused(404, "An image does not exist locally with the tag: " + reference);
  if (nobody_listens(tag))
    return told({{{"status", "The push refers to repository"}}, failed(no_connection(tag))});
  if (state.options.on_deed) state.options.on_deed("push " + tag);
  const std::string digest = "sha256:" + image->id.substr(7);
  return told({{{"status", "Pushed"}, {"id", "layer"}},
               {{"status", fmt::format("{}: digest: {} size: 1", asked.of("tag"), digest)}},
               {{"aux", {{"Tag", asked.of("tag")}, {"Digest", digest}, {"Size", 1}}}}});
}

Reply remove_image(State& state, const std::string& reference, const Asked& asked) {
  const std::shared_ptr<Image> image = find_image(state, reference);
  if (image == nullptr) return refused(404, "No such image: " + reference);
  const bool by_tag = image->tags.erase(with_tag(reference)) > 0;
  if (by_tag && !image->tags.empty()) return answered(200, Json::array({{{"Untagged", reference}}}));
  for (const auto& [id, container] : state.containers) {
    if (container->image != image->id || (asked.flag("force") && !container->running())) continue;
    if (by_tag) image->tags.insert(with_tag(reference));
    return refused(409, fmt::format("conflict: unable to remove repository reference \"{}\" (must force) - "
                                    "container {} is using its referenced image {}",
                                    reference, id.substr(0, 12), image->id.substr(7, 12)));
  }
  state.images.erase(image->id);
  return answered(200, Json::array({{{"Deleted", image->id}}}));
}

Reply commit(State& state, const Asked& asked) {
  Container* container = find_container(state, asked.of("container"));
  if (container == nullptr) return refused(404, "No such container: " + asked.of("container"));
  auto image = std::make_shared<Image>();
  image->id = "sha256:" + state.new_id();
  image->config = container->config;
  for (const std::string& change : asked.changes) apply(image->config, change);
  FileTree files;
  if (const std::shared_ptr<Image> below = find_image(state, container->image); below && below->files)
    files = *below->files;
  for (const std::string& path : container->files.below("/"))
    if (const FileNode* node = container->files.find("/" + path)) files.put("/" + path, *node);
  image->files = std::make_shared<const FileTree>(std::move(files));
  if (const std::string repo = asked.of("repo"); !repo.empty()) {
    const std::string tag = with_tag(asked.of("tag").empty() ? repo : repo + ":" + asked.of("tag"));
    take_tag(state, tag);
    image->tags.insert(tag);
  }
  state.images[image->id] = image;
  return answered(201, {{"Id", image->id}});
}

}  // namespace cairn::sim
