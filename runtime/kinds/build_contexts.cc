#include "runtime/kinds/build_contexts.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <filesystem>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/build.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

bool begins_stage(std::string_view line) {
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  return line.size() > 5 && strncasecmp(line.data(), "FROM", 4) == 0 && (line[4] == ' ' || line[4] == '\t');
}

// Where the first FROM begins.
std::size_t first_stage(const std::string& dockerfile) {
  std::size_t line = 0;
  while (line < dockerfile.size()) {
    std::size_t end = dockerfile.find('\n', line);
    if (end == std::string::npos) end = dockerfile.size();
    if (begins_stage(std::string_view(dockerfile).substr(line, end - line))) break;
    line = end + 1;
  }
  return std::min(line, dockerfile.size());
}

}  // namespace

ContextImages::~ContextImages() {
  for (const auto& [name, tag] : by_name_) (void)docker::remove_image(engine_, tag, false, {});
}

Result<Done> ContextImages::add(const std::string& name, const Value& source, execute::StepContext& context) {
  const std::string tag = world_.containers->object_name(node_, "context-" + name) + ":build";
  std::string lower = tag;  // repositories are written in lower case
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // A tag has no labels: the journal is what `clean` finds it by.
  if (const Result<execute::Announced> allowed = context.announce(making(
          EffectClass::found, "tag", engine_.endpoint().shown, std::string(build_context_noun), lower));
      !allowed)
    return allowed.failure();
  if (const NodeRef* image = source.as<NodeRef>()) {
    const Value id = context.exported(image->node, "id");
    if (id.as<std::string>() == nullptr)
      return Failure{.message = fmt::format("the context `{}` was not made", name), .causes = {}, .help = {}};
    if (Result<> tagged = docker::tag_image(engine_, *id.as<std::string>(), lower, context.stop()); !tagged)
      return tagged;
  } else {
    docker::BuildSpec spec;
    spec.context = absolute_path(As<Path>::take(source));
    std::error_code error;
    if (!fs::is_directory(spec.context, error))
      return Failure{.message = fmt::format("the context `{}` is no folder: `{}`", name, spec.context),
                     .causes = {},
                     .help = {}};
    spec.dockerfile_text = "FROM scratch\nCOPY . /\n";
    spec.tags = {lower};
    const Result<std::string> id = docker::build_image(
        engine_, spec,
        [&](const std::string& line) { context.note(fmt::format("context {}: {}", name, line)); },
        context.stop());
    if (!id) return id.failure();
  }
  by_name_.emplace_back(name, lower);
  return Done{};
}

std::string with_context_stages(const std::string& dockerfile,
                                const std::vector<std::pair<std::string, std::string>>& image_by_name) {
  std::string stages;
  for (const auto& [name, image] : image_by_name) stages += fmt::format("FROM {} AS {}\n", image, name);
  const std::size_t at = first_stage(dockerfile);
  return dockerfile.substr(0, at) + stages + dockerfile.substr(at);
}

int lines_before_stages(const std::string& dockerfile) {
  const auto end = dockerfile.begin() + static_cast<std::ptrdiff_t>(first_stage(dockerfile));
  return static_cast<int>(std::count(dockerfile.begin(), end, '\n'));
}

}  // namespace cairn::kinds
