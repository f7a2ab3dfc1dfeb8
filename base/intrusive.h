#pragma once
// Ref: a shared owner of an object that counts its owners itself. One pointer wide, and one allocation.
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace wisp {

// The base of such an object, T being the class that derives from it. Begins with one owner. The last Ref
// that goes calls `T::dispose(T*)` if there is such a static function, else `delete`; a class that is derived
// further needs a virtual destructor then.
template <class T>
class RefCounted {
 public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void add_ref() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void drop_ref() const noexcept {
    // Who sees a count of 1 is the only owner left, so nobody can add one.
    if (count_.load(std::memory_order_acquire) != 1 && count_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
      return;
    }
    T* object = const_cast<T*>(static_cast<const T*>(this));
    if constexpr (requires { T::dispose(object); }) {
      T::dispose(object);
    } else {
      delete object;
    }
  }
  // True if the caller is the only owner; what the others did with the object is then visible to it.
  bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

// May be null. The count is atomic, so that owners may be on several threads; one Ref is not thread-safe.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  // One owner more.
  static Ref share(T* object) {
    if (object != nullptr) object->add_ref();
    return Ref(object);
  }
  // Takes an owner over that is counted already: of a new object, or of release().
  static Ref adopt(T* object) { return Ref(object); }

  Ref(const Ref& other) : Ref(share(other.object_)) {}
  Ref(Ref&& other) noexcept : object_(other.release()) {}
  template <class U>
  requires(std::is_convertible_v<U*, T*> && !std::same_as<U, T>) Ref(Ref<U> other)
  noexcept : object_(other.release()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->drop_ref();
  }

  // Gives the owner up without dropping it; somebody has to adopt it.
  [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref&) const = default;

 private:
  explicit Ref(T* object) : object_(object) {}

  T* object_ = nullptr;
};

template <class T, class... Arguments>
Ref<T> make_ref(Arguments&&... arguments) {
  return Ref<T>::adopt(new T(std::forward<Arguments>(arguments)...));
}

}  // namespace wisp
