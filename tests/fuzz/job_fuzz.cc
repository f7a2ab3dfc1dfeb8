// Job files: read, and the same when they are written out and read again; or refused, each mistake with its
// place.
#include "actors/catalogs.h"
#include "config/load.h"
#include "config/resolve.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

// Anything whose name is short is set, to text that a file might not like.
std::optional<std::string> lookup(const std::string& name) {
  if (name.size() > 2) return std::nullopt;
  return name == "A" ? "7" : "a: [ ${A} \"";
}

config::Request request_for(const ScratchFile& file) {
  static const actors::Catalogs catalogs;
  config::Request request;
  request.files = {file.path().filename().string()};
  request.folder = file.folder();
  request.environment = lookup;
  request.vocabulary.methods = catalogs.methods.names();
  request.vocabulary.problems = catalogs.problems.names();
  request.vocabulary.sparsifiers = catalogs.sparsifiers.names();
  request.vocabulary.classes = {{"my::Counter"}, {"my::Evaluator", true}};
  request.vocabulary.keys = {
      {"method", "gd", {Setting::of<double>("momentum", "kept", 0.9).from(0).up_to(1)}},
      {"actors.*.args",
       "my::Evaluator",
       {Setting::of<std::uint32_t>("every", ""),
        Setting::of<std::vector<double>>("weights", "", std::vector{0.5}),
        Setting::of<bool>("verbose", "", false), Setting::of<std::int8_t>("shift", "", std::int8_t{-1})}}};
  return request;
}

void check_mistake(const config::Mistake& mistake) {
  const auto one_line = [](const std::string& text) { return text.find('\n') == std::string::npos; };
  WISP_CHECK(!mistake.message.empty() && one_line(mistake.message) && one_line(mistake.hint),
             "a mistake is said in one line");
  const config::Place& place = mistake.place;
  if (place.source == nullptr || place.line == 0) return;
  const std::string& text = place.source->text();
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  WISP_CHECK(place.line <= lines, "a mistake is in a line of its file");
  WISP_CHECK(place.column >= 1 && place.column <= place.source->line(place.line).size() + 1,
             "a mistake is at a column of its line");
}

// What it is written out as; nothing for a job that is refused.
std::optional<std::string> load(ScratchFile& file, Data text) {
  file.write(text);
  try {
    const config::Experiment experiment = config::load(request_for(file));
    WISP_CHECK(!config::to_json(experiment).empty(), "a job has values");
    return config::to_yaml(experiment);
  } catch (const config::ConfigErrors& errors) {
    WISP_CHECK(!errors.mistakes().empty(), "what is refused has a mistake");
    for (const config::Mistake& each : errors.mistakes()) check_mistake(each);
    WISP_CHECK(!config::to_json(errors.mistakes()).empty(), "mistakes can be said to programs");
    return std::nullopt;
  }
}

// Without the words of where each value is from.
std::string values_of(const std::string& yaml) {
  std::string values;
  for (std::size_t at = 0; at < yaml.size();) {
    const std::size_t end = yaml.find('\n', at);
    const std::string line = yaml.substr(at, end - at);
    values += line.substr(0, line.rfind("  # ")) + "\n";
    at = end + 1;
  }
  return values;
}

}  // namespace

void fuzz_job(Data data) {
  static ScratchFile file("job.yaml");
  const auto written = load(file, data);
  if (!written) return;
  const auto again = load(file, data_of(*written));
  WISP_CHECK(again.has_value(), "what is written out is a job file");
  WISP_CHECK(values_of(*again) == values_of(*written), "what is written out is the same job");
}

}  // namespace wisp::fuzz
