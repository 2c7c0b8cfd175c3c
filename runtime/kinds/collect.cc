#include "runtime/kinds/collect.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "runtime/kinds/binding.h"
#include "runtime/report/kept_tests.h"
#include "runtime/report/read_report.h"

namespace cairn::kinds {
namespace {

struct Promised {
  std::vector<Made> reports;
  std::vector<std::string> artifacts;
  std::vector<std::string> outputs;
};

const std::vector<Field<Promised>>& promised_fields() {
  static const std::vector<Field<Promised>> all = {field<&Promised::reports>("reports"),
                                                   field<&Promised::artifacts>("artifacts"),
                                                   field<&Promised::outputs>("outputs")};
  return all;
}

class Collector {
 public:
  Collector(World& world, const execute::StepRequest& request, Workload& workload,
            execute::StepContext& context)
      : world_(world), request_(request), workload_(workload), context_(context) {}

  void reports(const std::vector<Made>& promised) {
    for (const Made& one : promised) {
      const std::optional<report::Format> format = report::format_named(one.function);
      const Value* where = one.arguments.find("path");
      if (!format) continue;
      if (where == nullptr || where->null()) {
        report_from_output(*format, one);
        continue;
      }
      const std::string pattern = As<std::string>::take(*where);
      Result<std::vector<Fetched>> found =
          workload_.fetch(pattern, world_.scratch(request_.node, "reports"), context_);
      if (!found) {
        problem(found.failure());
        continue;
      }
      if (found->empty()) {
        const Failure missing =
            report::missing_report(*format, pattern, request_.graph.node(request_.node).path);
        context_.say(
            progress::Report{std::string(report::name_of(*format)), pattern, {}, {}, missing.message});
        problem(missing);
      }
      for (const Fetched& file : *found) read(*format, file, one);
    }
    if (failed_ > 0)
      problem({.message = failed_ == 1 ? fmt::format("1 of {} tests failed: {}", tests_, first_failed_)
                                       : fmt::format("{} of {} tests failed, first {}", failed_, tests_,
                                                     first_failed_),
               .causes = first_message_.empty() ? std::vector<std::string>()
                                                : std::vector<std::string>{first_message_},
               .help = {}});
  }

  void artifacts(const std::vector<std::string>& promised) {
    Map taken;
    for (const std::string& name : promised) {
      Result<std::vector<Fetched>> found =
          workload_.fetch(name, world_.scratch(request_.node, "artifacts"), context_);
      if (!found) {
        problem(found.failure());
        continue;
      }
      if (found->empty()) {
        problem({.message = fmt::format("the artifact `{}` is not there", name),
                 .causes = {"the step promised it, and has not written it"},
                 .help = {}});
        continue;
      }
      const std::string& path = found->front().path;
      world_.artifacts.put({request_.node, name}, path);
      taken.set(name, Value{Path{path, {}}});
      std::error_code error;
      const std::uintmax_t bytes =
          std::filesystem::is_regular_file(path, error) ? std::filesystem::file_size(path, error) : 0;
      context_.say(progress::Artifact{name, path, error ? 0 : static_cast<std::uint64_t>(bytes)});
    }
    if (!promised.empty()) context_.publish("artifacts", Value{std::move(taken)});
  }

  void outputs(const std::vector<std::string>& promised) {
    if (promised.empty()) return;
    const Result<std::string> written = workload_.written_outputs(context_);
    if (!written) return problem(written.failure());
    Map outputs;
    std::size_t at = 0;
    while (at < written->size()) {
      std::size_t end = written->find('\n', at);
      if (end == std::string::npos) end = written->size();
      const std::string line = written->substr(at, end - at);
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) {
        const std::string value = line.substr(equals + 1);
        outputs.set(line.substr(0, equals), Value{value, world_.masker.finds_in(value)});
      }
      at = end + 1;
    }
    for (const std::string& name : promised)
      if (outputs.find(name) == nullptr)
        problem(
            {.message = fmt::format("the output `{}` is missing", name),
             .causes = {"the step has not written it"},
             .help = fmt::format("let it write a line `{}=…` into the file that $CAIRN_OUTPUT names", name)});
    context_.publish("outputs", Value{std::move(outputs)});
  }

  Result<Done> result() const {
    if (problem_) return *problem_;
    return Done{};
  }

 private:
  void problem(Failure failure) {
    if (problem_)
      context_.note(failure.message);
    else
      problem_ = std::move(failure);
  }

  // `tap()`: what the step wrote to its standard output, masked as everything that is kept.
  void report_from_output(report::Format format, const Made& promise) {
    const Value said = context_.exported(request_.node, "stdout");
    const std::string* text = said.as<std::string>();
    const std::string path =
        world_.scratch(request_.node, "reports") + "/stdout." + std::string(report::name_of(format));
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!(file << world_.masker.masked(text == nullptr ? std::string() : *text) << '\n' << std::flush))
      return problem({.message = fmt::format("cannot write `{}`", path), .causes = {}, .help = {}});
    read(format, {"standard output", path}, promise);
  }

  void read(report::Format format, const Fetched& file, const Made& promise) {
    Result<report::TestReport> read = report::read_report_file(format, file.path);
    const std::string name(report::name_of(format));
    if (!read) {
      context_.say(progress::Report{name, file.path, {}, {}, read.failure().message});
      return problem(read.failure());
    }
    for (report::TestCase& one : read->cases) mask(one);
    const progress::TestTotals totals = report::totals_of(read->cases);
    tests_ += totals.all();
    failed_ += totals.failed + totals.errors;
    for (const report::TestCase& one : read->cases)
      if (first_failed_.empty() &&
          (one.outcome == report::TestOutcome::failed || one.outcome == report::TestOutcome::error)) {
        first_failed_ =
            fmt::format("`{}`", one.classname.empty() ? one.name : one.classname + "." + one.name);
        first_message_ = one.message;
      }
    std::optional<double> rate;
    if (read->coverage) rate = read->coverage->line_rate();
    context_.say(progress::Report{name, file.path, totals, rate, {}});
    const Value* minimum = promise.arguments.find("minimum");
    if (rate && minimum != nullptr && !minimum->null() && *rate * 100 < As<double>::take(*minimum) &&
        *rate < As<double>::take(*minimum))
      problem({.message = fmt::format("{:.1f} % of the lines are covered", *rate * 100),
               .causes = {fmt::format("at least {} are wanted", show(*minimum))},
               .help = {}});
    const report::KeptTests kept{file.path,
                                 {request_.graph.name(request_.step), request_.graph.node(request_.node).path,
                                  file.path, std::move(*read)}};
    world_.tests.put(kept.key, kept.tests);
    if (Result<Done> written = report::keep_tests(world_.place.folder, kept); !written)
      problem(written.failure());
  }

  // Tests like to quote what they were given.
  void mask(report::TestCase& one) const {
    for (std::string* text :
         {&one.suite, &one.name, &one.classname, &one.message, &one.details, &one.file, &one.out, &one.err})
      if (!text->empty()) *text = world_.masker.masked(*text);
  }

  World& world_;
  const execute::StepRequest& request_;
  Workload& workload_;
  execute::StepContext& context_;
  std::optional<Failure> problem_;
  std::uint64_t tests_ = 0, failed_ = 0;
  std::string first_failed_, first_message_;
};

}  // namespace

Result<Done> collect(World& world, const execute::StepRequest& request, const std::vector<Setting>& settings,
                     Workload& workload, execute::StepContext& context) {
  const Promised promised = bind(promised_fields(), settings);
  Collector collector(world, request, workload, context);
  collector.artifacts(promised.artifacts);
  collector.outputs(promised.outputs);
  collector.reports(promised.reports);
  return collector.result();
}

std::vector<std::string> promised_files(const std::vector<Setting>& settings) {
  const Promised promised = bind(promised_fields(), settings);
  std::vector<std::string> files = promised.artifacts;
  for (const Made& report : promised.reports)
    if (const Value* path = report.arguments.find("path"); path != nullptr && !path->null())
      files.push_back(As<std::string>::take(*path));
  return files;
}

}  // namespace cairn::kinds
