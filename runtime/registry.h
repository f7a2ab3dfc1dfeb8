#pragma once
// Registry: which classes can be spawned and which of their methods can be called, by name.
#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/pack.h"
#include "base/settings.h"
#include "runtime/call.h"

namespace wisp::runtime {

struct ClassEntry {
  std::string name;
  std::function<std::unique_ptr<Actor>(const Bytes& arguments)> construct;
  // What job files call the constructor's parameters, in order; without, it can't be started from one.
  std::optional<std::vector<Setting>> parameters = std::nullopt;
  std::function<Bytes(const Settings& named)> pack_arguments = nullptr;  // of values for all of `parameters`
  std::set<std::string, std::less<>> commands = {};                      // its methods that take nothing
};

// A parameter of a constructor, as job files name it: its name, and its value where none is given.
class Parameter {
 public:
  Parameter(const char* name) : name_(name) {}  // NOLINT(google-explicit-constructor): a list of names
  template <class T>
  Parameter(const char* name, const T& fallback) : name_(name) {
    if constexpr (std::is_convertible_v<T, std::string>) {
      fallback_ = Settings::texts_of(std::string(fallback));
    } else {
      fallback_ = Settings::texts_of(fallback);
    }
  }
  template <class T>
  Setting as() const {
    Setting setting = Setting::of<T>(name_, "");
    setting.fallback = fallback_;
    if (fallback_) {  // is what the constructor takes, or an error
      Settings values;
      values.set_texts(name_, *fallback_);
      static_cast<void>(values.get<T>(name_));
    }
    return setting;
  }

 private:
  std::string name_;
  std::optional<std::vector<std::string>> fallback_;
};

// Filled once, by main() or a plugin's function, before a node starts; read-only afterwards, from any thread.
class Registry {
 public:
  // Knows the methods that every actor has (runtime/builtin.h).
  Registry();

  template <class A>
  class ClassBuilder {
   public:
    ClassBuilder(Registry& registry, std::string name) : registry_(registry), name_(std::move(name)) {}
    // An overloaded method can't be named by &A::m without a cast: give it a name of its own. A method whose
    // arguments or result can't travel is called on its own node only.
    template <auto M>
    ClassBuilder& method(std::string_view name) {
      registry_.add_method<M>(name_ + "." + std::string(name));
      using Arguments = typename call_detail::MethodTraits<decltype(M)>::Arguments;
      if (std::tuple_size_v<Arguments> == 0) registry_.class_at(name_).commands.emplace(name);
      return *this;
    }
    // Names the parameters of the Constructor, in order, so that a job file can start the class: bools,
    // numbers, std::string, and vectors of them.
    ClassBuilder& parameters(std::initializer_list<Parameter> named) {
      registry_.template name_parameters<
          typename call_detail::ConstructorTraits<typename A::Constructor>::Arguments>(name_, named);
      return *this;
    }

   private:
    Registry& registry_;
    std::string name_;
  };

  // `name` is what a job file, a log and the wire call the class. Copies of `bound` (of a reference:
  // std::ref) follow the Constructor's arguments wherever an actor of the class is made: what a node has for
  // it. Throws Error (kConfig) for a name that is taken.
  template <std::derived_from<Actor> A, class... Bound>
  ClassBuilder<A> actor(std::string name, Bound... bound) {
    using Arguments = typename call_detail::ConstructorTraits<typename A::Constructor>::Arguments;
    add_class(
        class_key<A>(),
        ClassEntry{name, [bound...](const Bytes& packed) -> std::unique_ptr<Actor> {
                     if constexpr (call_detail::kTupleTravels<Arguments>) {
                       return std::apply(
                           [&](auto&&... each) { return std::make_unique<A>(std::move(each)..., bound...); },
                           call_detail::unpack_arguments<Arguments>(packed));
                     } else {
                       throw Error("an actor of this class is made on its own node only");
                     }
                   }});
    if constexpr (std::tuple_size_v<Arguments> == 0) name_parameters<Arguments>(name, {});
    return ClassBuilder<A>(*this, std::move(name));
  }

  const ClassEntry* find_class(std::string_view name) const;
  const MethodEntry* find_method(MethodId id) const;
  std::vector<std::string> class_names() const;

  // The registered name and id of a type or method; aborts if it was never registered.
  template <class A>
  const std::string& name_of() const {
    return class_name(class_key<A>());
  }
  template <auto M, class C = call_detail::ClassOf<M>>
  MethodId id_of() const {
    const MethodId known = call_detail::MethodSlot<M>::id.load(std::memory_order_relaxed);
    return known != 0 && known != call_detail::kAmbiguous ? known : method_id(&call_detail::kMethodKey<M>);
  }
  // The last part of a method's name, for messages to people: "step"; "a method" if it was never registered.
  std::string method_word(const void* key) const;

 private:
  template <class A>
  static const void* class_key() {
    static const char key = 0;
    return &key;
  }
  template <auto M, class Class = call_detail::ClassOf<M>>
  void add_method(std::string name) {
    using Traits = call_detail::MethodTraits<decltype(M)>;
    static_assert(Traits::kByValue || !call_detail::Unwrapped<typename Traits::Return>::kTask,
                  "a method that returns a Task takes its arguments by value: references would outlive them");
    const MethodId id = add_method_entry(&call_detail::kMethodKey<M>,
                                         MethodEntry{std::move(name), &call_detail::invoke_packed<M, Class>});
    MethodId none = 0;
    auto& slot = call_detail::MethodSlot<M>::id;
    if (!slot.compare_exchange_strong(none, id) && none != id) slot.store(call_detail::kAmbiguous);
  }
  template <class Arguments>
  void name_parameters(const std::string& name, std::initializer_list<Parameter> named) {
    ClassEntry& entry = class_at(name);
    WISP_CHECK(named.size() == std::tuple_size_v<Arguments>,
               "as many names as the Constructor has parameters");
    entry.parameters.emplace();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (entry.parameters->push_back(named.begin()[I].template as<std::tuple_element_t<I, Arguments>>()), ...);
      entry.pack_arguments = [names = *entry.parameters](const Settings& values) {
        return call_detail::packed_arguments<Arguments>(
            values.get<std::tuple_element_t<I, Arguments>>(names[I].name)...);
      };
    }
    (std::make_index_sequence<std::tuple_size_v<Arguments>>{});
  }
  ClassEntry& class_at(const std::string& name) { return classes_.find(name)->second; }
  void add_class(const void* key, ClassEntry entry);
  MethodId add_method_entry(const void* key, MethodEntry entry);
  const std::string& class_name(const void* key) const;
  MethodId method_id(const void* key) const;

  std::map<std::string, ClassEntry, std::less<>> classes_;
  std::unordered_map<const void*, std::string> class_names_;
  std::unordered_map<MethodId, MethodEntry> methods_;
  std::unordered_map<const void*, MethodId> method_ids_;
};

}  // namespace wisp::runtime
