#include "cli/command_line.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/host_list.h"

namespace wisp::cli {
namespace {

constexpr const char* kAbout =
    "wisp: distributed optimization that sends only what matters.\n"
    "A job file says what to minimise, with which method, on which hosts.";
constexpr const char* kFirstSteps =
    "A job:       wisp plan job.yaml; wisp run job.yaml; wisp logs -f\n"
    "In the back: wisp run -d job.yaml; wisp ps; wisp wait; wisp down\n"
    "More of one: wisp help COMMAND";
constexpr const char* kEverywhere = "Options taken everywhere: see wisp help.";

std::chrono::milliseconds duration_of(const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration)
    throw CLI::ValidationError("--timeout", "'" + text + "' is no time such as 500ms, 10s, 5m or 2h");
  return *duration;
}

class Parser {
 public:
  Parser() : app_(kAbout, "wisp") {
    app_.set_help_flag("-h,--help", "print this help");
    app_.set_version_flag("--version", "");
    app_.get_option("--version")->description("as wisp version");
    app_.fallthrough();
    app_.require_subcommand(0, 1);
    app_.footer(kFirstSteps);
    app_.get_formatter()->column_width(32);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    add_global_options();
    add_job_commands();
    add_watching_commands();
    add_other_commands();
  }

  std::variant<Invocation, Help> parse(std::vector<std::string> arguments) {
    if (arguments.empty()) return Help{app_.help()};
    if (arguments.front() == "complete") {  // what follows is not a command line yet
      invocation_.command = "complete";
      invocation_.complete.words.assign(arguments.begin() + 1, arguments.end());
      return invocation_;
    }
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      return Help{app_.help()};
    } catch (const CLI::CallForVersion&) {
      invocation_.command = "version";
      return invocation_;
    } catch (const CLI::ExtrasError&) {
      throw Error(unexpected(), Fault::kUsage);
    } catch (const CLI::ParseError& error) {
      throw Error(in_command() + error.what() + see_help(), Fault::kUsage);
    }
    return result();
  }

  Grammar grammar() const {
    Grammar all;
    std::set<std::string> everywhere;
    for (const CLI::Option* each : app_.get_options()) {
      all.options.push_back(described(*each));
      everywhere.insert(all.options.back().names.begin(), all.options.back().names.end());
    }
    for (const CLI::App* each : app_.get_subcommands({})) {
      GrammarCommand& command = all.commands.emplace_back();
      command.name = each->get_name();
      command.description = each->get_description();
      for (const CLI::Option* option : each->get_options()) {
        if (option->get_group().empty()) continue;
        GrammarOption seen = described(*option);
        if (everywhere.contains(seen.names.back())) continue;
        (option->nonpositional() ? command.options : command.positionals).push_back(std::move(seen));
      }
    }
    return all;
  }

 private:
  GrammarOption described(const CLI::Option& option) const {
    GrammarOption seen;
    for (const std::string& each : option.get_snames()) seen.names.push_back("-" + each);
    for (const std::string& each : option.get_lnames()) seen.names.push_back("--" + each);
    if (!option.nonpositional()) seen.names = {option.get_name(true)};
    seen.description = option.get_description();
    if (option.get_items_expected_max() > 0)
      seen.value = option.nonpositional() ? option.get_type_name() : seen.names.front();
    seen.repeats = option.get_items_expected_max() > 1;
    const auto words = words_.find(&option);
    if (words != words_.end()) seen.words = words->second;
    return seen;
  }

  CLI::App* add(const std::string& name, const std::string& description) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->group("Commands");
    command->footer(kEverywhere);
    return command;
  }

  // The words stand in the option's own description.
  void take_one_of(const std::vector<std::string>& words, CLI::Option* option) {
    option->check(CLI::IsMember(words).description(""));
    words_[option] = words;
  }

  void add_global_options() {
    GlobalOptions& global = invocation_.global;
    app_.add_option("-j,--job", global.job,
                    "a name, an id, or the job file; default: the only running job, else the latest")
        ->type_name("JOB");
    app_.add_option("--set", global.sets, "a value of the job file, by its path")
        ->type_name("a.b=V")
        ->allow_extra_args(false);
    app_.add_option("--var", global.vars, "a variable of the job file")
        ->type_name("K=V")
        ->allow_extra_args(false);
    app_.add_flag("--json", global.json, "data as JSON");
    app_.add_flag("-q,--quiet", global.quiet, "warnings and errors only");
    take_one_of({"auto", "always", "never"},
                app_.add_option("--color", global.color, "auto, always or never")->type_name("WHEN"));
    app_.add_option("--state-dir", global.state_dir, "where job folders are; default: ~/.local/state/wisp")
        ->type_name("DIR");
  }

  static CLI::Option* add_files(CLI::App* command, std::vector<std::string>& files) {
    return command->add_option("FILE", files, "job files; later ones lie over earlier ones")
        ->required()
        ->type_name("");
  }

  void add_workers(CLI::App* command) {
    command
        ->add_option_function<std::uint32_t>(
            "--workers",
            [this](std::uint32_t count) {
              invocation_.global.sets.push_back("actors.worker.replicas=" + std::to_string(count));
            },
            "short for --set actors.worker.replicas=N")
        ->type_name("N");
  }

  void add_hosts(CLI::App* command) {
    const auto take = [this](const std::vector<std::string>& sets) {
      invocation_.global.sets.insert(invocation_.global.sets.end(), sets.begin(), sets.end());
    };
    CLI::Option* hosts =
        command
            ->add_option_function<std::string>(
                "--hosts", [take](const std::string& list) { take(sets_of_hosts(list)); },
                "the hosts of the job, with their slots, in place of those of FILE: h1:4,node[01-16]:2")
            ->type_name("LIST");
    command
        ->add_option_function<std::string>(
            "--hostfile", [take](const std::string& path) { take(sets_of_hostfile(path)); },
            "the same from a file, a host a line: h1 slots=4")
        ->type_name("FILE")
        ->excludes(hosts);
  }

  void add_job_commands() {
    CLI::App* run = add("run", "start a job, show it, and wait for its end");
    add_files(run, invocation_.run.files);
    run->add_flag("-d,--detach", invocation_.run.detach, "leave it running and print its id");
    run->add_flag("--resume", invocation_.run.resume,
                  "go on from the last checkpoint of the last job of this name");
    run->add_flag("--require-gap", invocation_.run.require_gap, "exit status 1 unless the gap is reached");
    run->add_flag("--submitted", invocation_.run.submitted)->group("");  // for the script that was submitted
    add_workers(run);
    add_hosts(run);

    CLI::App* config = add("config", "check a job file and print it resolved");
    CLI::Option* files = add_files(config, invocation_.config.files);
    const auto take_schema = [this, files] {
      invocation_.config.schema = true;
      files->required(false);
    };
    config->add_flag_callback("--schema", take_schema,
                              "print the JSON Schema of job files, with what the plugins of FILE bring");
    take_one_of(
        {"yaml", "json"},
        config->add_option("--format", invocation_.config.format, "yaml or json")->type_name("FORMAT"));
    add_workers(config);
    add_hosts(config);

    CLI::App* plan = add("plan", "what would run where, and the method's numbers; starts nothing");
    add_files(plan, invocation_.plan.files);
    add_workers(plan);
    add_hosts(plan);

    SimulateOptions& simulate = invocation_.simulate;
    CLI::App* simulated = add("simulate", "run a job in virtual time, on a network with all faults");
    add_files(simulated, simulate.files);
    simulated->add_option("--seeds", simulate.seeds, "how many runs, each with chances of its own")
        ->type_name("N");
    simulated->add_option("--seed", simulate.seed, "of the first run")->type_name("S");
    simulated->add_flag("--trace", simulate.trace, "print what happens, a line an event");
    add_workers(simulated);
  }

  void add_watching_commands() {
    CLI::App* ps = add("ps", "the actors of a job");
    ps->add_flag("-a,--all", invocation_.ps.all, "all jobs, also those that ended");
    ps->add_flag("-w,--watch", invocation_.ps.watch, "again every second, until the job ends");

    add("status", "a job on one screen: hosts, actors, round, loss, bytes, the last error")
        ->add_flag("-w,--watch", invocation_.status.watch, "again every second, until the job ends");

    add_logs();

    add("inspect", "all that is known of one actor: why it ended, where it ran, its settings, its logs")
        ->add_option("ACTOR", invocation_.inspect.actor, "its name, as in wisp ps")
        ->required()
        ->type_name("");
  }

  void add_logs() {
    LogsOptions& logs = invocation_.logs;
    CLI::App* command = add("logs", "what the actors of a job have written, in the order of time");
    command->add_option("ACTOR", logs.actors, "names or patterns such as 'worker-*'; default: all")
        ->type_name("");
    command->add_flag("-f,--follow", logs.follow, "wait for more until the job ends");
    command->add_option("-n,--lines", logs.last, "at most the last N lines of each actor to begin with")
        ->type_name("N");
    command->add_flag_callback(
        "--no-prefix", [&logs] { logs.prefix = false; }, "the text alone, without time and actor");
    command->add_option("--since", logs.since, "from then on: 10m ago, or 2026-03-01T02:13:00Z")
        ->type_name("TIME");
    command->add_option("--until", logs.until, "before then")->type_name("TIME");
    take_one_of(
        {"debug", "info", "warn", "error"},
        command
            ->add_option("--level", logs.level,
                         "debug, info, warn or error, and above; stdout counts as info, stderr as warn")
            ->type_name("LEVEL"));
    command->add_option("--grep", logs.grep, "lines whose text has this extended regular expression in it")
        ->type_name("RE");
    command->add_option("--host", logs.host, "lines of this host; a pattern such as 'node*'")
        ->type_name("HOST");
    CLI::Option* attempt =
        command->add_option("--attempt", logs.attempt, "only this attempt of each actor")->type_name("N");
    command->add_flag("--previous", logs.previous, "only the attempt before the newest of each actor")
        ->excludes(attempt);
  }

  void add_other_commands() {
    add("kill", "end actors of a running job: TERM, then KILL; the rules of the job say what follows")
        ->add_option("ACTOR", invocation_.kill.actors, "names, as in wisp ps")
        ->required()
        ->type_name("");

    CLI::App* down = add("down", "end a running job everywhere, and see to it that it has ended");
    down->add_flag("--force", invocation_.down.force, "don't wait for a graceful end");
    add_timeout(down, invocation_.down.timeout);
    add_timeout(add("wait", "wait for the end of a job; its exit status"), invocation_.wait.timeout);

    add("doctor", "whether this machine and the hosts of a job are fit for it, with a remedy for what is not")
        ->add_option("FILE", invocation_.doctor.files, "job files; default: this machine alone")
        ->type_name("");

    add_report();

    CLI::App* prune = add("prune", "remove what jobs that have ended left on this machine");
    prune->add_flag("-a,--all", invocation_.prune.all,
                    "the folders of all jobs that have ended, however new");
    prune->add_flag("--dry-run", invocation_.prune.dry_run, "only say what would be removed");

    CLI::App* list = add("list", "what job files can name");
    take_one_of(
        {"methods", "problems", "sparsifiers", "actors", "keys"},
        list->add_option("WHAT", invocation_.list.what, "methods, problems, sparsifiers, actors or keys")
            ->required()
            ->type_name(""));
    list->add_option("FILE", invocation_.list.files, "job files: what their plugins bring, too")
        ->type_name("");
    list->add_option("--plugin", invocation_.list.plugins, "what this plugin brings, too")
        ->type_name("LIB")
        ->allow_extra_args(false);
    list->add_flag("--markdown", invocation_.list.markdown, "a table in Markdown");
    take_one_of({"bash", "zsh", "fish"},
                add("completion", "a script by which a shell completes wisp's words; see the README")
                    ->add_option("SHELL", invocation_.completion.shell, "bash, zsh or fish")
                    ->required()
                    ->type_name(""));
    add("version", "which program this is, and what it was built from");
    add("help", "help of all, or of one command")
        ->add_option("COMMAND", help_of_, "one of the commands")
        ->type_name("");
  }

  void add_report() {
    ReportOptions& report = invocation_.report;
    CLI::App* command =
        add("report", "how jobs converged, over one another, as an HTML page that needs no network");
    command->add_option("JOB", report.jobs, "names, ids, sweeps, or folders of them; default: that of -j")
        ->type_name("");
    command->add_option("-o,--output", report.output, "the page")->required()->type_name("F.html");
    command->add_option("--trace", report.trace, "also a timeline, for Perfetto")->type_name("F.json");
  }

  static void add_timeout(CLI::App* command, std::optional<std::chrono::milliseconds>& timeout) {
    command
        ->add_option_function<std::string>(
            "--timeout", [&timeout](const std::string& text) { timeout = duration_of(text); },
            "give up after so long: exit status 124")
        ->type_name("TIME");
  }

  const CLI::App* chosen() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? nullptr : commands.front();
  }

  std::variant<Invocation, Help> result() {
    if (chosen() == nullptr) throw Error("which command?" + see_help(), Fault::kUsage);
    invocation_.command = chosen()->get_name();
    if (invocation_.command != "help") return invocation_;
    if (help_of_.empty()) return Help{whole_help()};
    for (const CLI::App* each : app_.get_subcommands({})) {
      if (each->get_name() == help_of_) return Help{each->help("wisp")};
    }
    throw Error(unknown_command(help_of_), Fault::kUsage);
  }

  // The application's own help(), which would be that of the chosen command.
  std::string whole_help() const {
    return app_.get_formatter()->make_help(&app_, "wisp", CLI::AppFormatMode::Normal);
  }

  std::string in_command() const { return chosen() == nullptr ? "" : chosen()->get_name() + ": "; }
  std::string see_help() const {
    return "; see 'wisp help" + (chosen() == nullptr ? "" : " " + chosen()->get_name()) + "'";
  }

  static std::string meant(const std::string& word, const std::vector<std::string>& candidates) {
    const auto near = nearest(word, candidates);
    return near ? "; did you mean '" + *near + "'?" : "";
  }

  std::string unknown_command(const std::string& word) const {
    std::vector<std::string> names;
    for (const CLI::App* each : app_.get_subcommands({})) names.push_back(each->get_name());
    return "unknown command '" + escape_text(word, 80) + "'" + meant(word, names) + " (" +
           join(names, " | ") + ")";
  }

  std::string unknown_option(const std::string& word) const {
    std::vector<std::string> names;
    for (const CLI::App* app : {chosen(), static_cast<const CLI::App*>(&app_)}) {
      if (app == nullptr) continue;
      for (const CLI::Option* each : app->get_options()) {
        for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
      }
    }
    return in_command() + "unknown option '" + escape_text(word, 80) + "'" +
           meant(word.substr(0, word.find('=')), names) + see_help();
  }

  // What is wrong with the first word that nothing takes.
  std::string unexpected() const {
    const std::vector<std::string> words = app_.remaining(true);
    const std::string word = words.empty() ? "" : words.front();
    const auto option =
        std::find_if(words.begin(), words.end(), [](const auto& each) { return each.starts_with('-'); });
    if (chosen() == nullptr && !word.starts_with('-')) return unknown_command(word);
    if (option != words.end()) return unknown_option(*option);
    return in_command() + "takes no '" + escape_text(word, 80) + "'" + see_help();
  }

  CLI::App app_;
  Invocation invocation_;
  std::string help_of_;
  std::map<const CLI::Option*, std::vector<std::string>> words_;  // of those that take a few words only
};

}  // namespace

std::variant<Invocation, Help> parse_command_line(std::vector<std::string> arguments) {
  return Parser().parse(std::move(arguments));
}

Grammar grammar() { return Parser().grammar(); }

}  // namespace wisp::cli
