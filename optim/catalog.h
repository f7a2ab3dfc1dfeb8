#pragma once
// The methods by name: what each is called, takes and refuses, with which steps, and how its two halves are
// made.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "optim/rule.h"
#include "optim/spec.h"
#include "optim/step_size.h"
#include "problems/objective.h"
#include "problems/spec.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

template <class T>
struct Makers {
  std::unique_ptr<WorkerRule<T>> (*worker)(const WorkerPlace&);
  std::unique_ptr<MasterRule<T>> (*master)(const MasterPlace&);
};

// A row of the catalogue. A method is added by its own file pair and one row in catalog.cc.
struct Method {
  std::string_view name;
  std::string_view description;                   // one line for people
  std::string_view source;                        // which algorithm of which paper
  std::span<const std::string_view> sparsifiers;  // those it may be given; the first is its default
  std::string_view other_sparsifiers;             // why it refuses the others
  double (*theory_step)(const Constants&);        // null: the method has no step of that name
  double (*paper_step)(const Constants&);
  double (*rate)(double step, const Constants&);
  bool needs_interpolation;  // P2's A2: grad f_i(x*) = 0 for every i
  Makers<float> float32;
  Makers<double> float64;
};

std::span<const Method> methods();
// Null for a name that is not in the catalogue.
const Method* find_method(std::string_view name);

// The sparsifier that `spec` asks for, or the method's default: its first kind, with density 1/n and n
// blocks. `spec.kind` is a name of the catalogue.
sparse::SparsifierSpec sparsifier_of(const MethodSpec& spec);

// Why a job can't have this combination, as a sentence with the remedy; nothing if it can. Never throws.
std::optional<std::string> why_not(const MethodSpec& spec);
// What the user should know about a combination that is allowed; nothing if there is nothing to say.
std::optional<std::string> caution(const MethodSpec& spec, const problems::ProblemSpec& problem);

// The numbers of a job, for the master, for `wisp plan` and for the record of a run.
struct MethodNumbers {
  sparse::Density density;  // m, k, and tau = k/m
  Constants constants;
  double step = 0;  // the mean step that is used
  std::optional<double> theory_step;
  std::optional<double> paper_step;
  std::optional<double> rounds;  // predicted until the squared distance to the minimiser has fallen by 1e-6
};

// `smoothness`: the largest L_i of the workers' f_i, and a mu that f has at least. Throws Error (kConfig) for
// what why_not() refuses, and where a named step needs L > 0 and there is none.
MethodNumbers method_numbers(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                             problems::Smoothness smoothness);

// Both throw Error (kConfig) for what why_not() refuses. T is float or double.
template <class T>
std::unique_ptr<WorkerRule<T>> make_worker(std::uint64_t seed, std::uint32_t worker, std::uint32_t workers,
                                           std::uint32_t dim, const MethodSpec& spec);
template <class T>
std::unique_ptr<MasterRule<T>> make_master(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                                           problems::Smoothness smoothness);

extern template std::unique_ptr<WorkerRule<float>> make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                               std::uint32_t, const MethodSpec&);
extern template std::unique_ptr<WorkerRule<double>> make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                                std::uint32_t, const MethodSpec&);
extern template std::unique_ptr<MasterRule<float>> make_master(std::uint32_t, std::uint32_t,
                                                               const MethodSpec&, problems::Smoothness);
extern template std::unique_ptr<MasterRule<double>> make_master(std::uint32_t, std::uint32_t,
                                                                const MethodSpec&, problems::Smoothness);

}  // namespace wisp::optim
