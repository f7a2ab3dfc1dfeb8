// Large and move-only arguments.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "one_process.h"

using namespace std::chrono_literals;

using wisp::Buffer;
using wisp::Bytes;
using wisp::runtime::Actor;
using wisp::runtime::Options;
using wisp::runtime::Registry;

// The large part last: the wire then carries it as it lies in memory.
struct Image {
  Image() = default;
  Image(int image_number, Bytes image_pixels) : number(image_number), pixels(std::move(image_pixels)) {}
  int number = 0;
  Bytes pixels;
  template <class F>
  void fields(F& f) {
    f(number, pixels);
  }
};

class Store : public Actor {
 public:
  using Constructor = void();
  // By value: what the caller moves arrives without a copy.
  void keep(Image image) { image_ = std::move(image); }
  std::size_t size() const { return image_.pixels.size(); }
  Image image() const { return image_; }  // shares the pixels
  // Can't travel, so it is called within its process only.
  int open(std::unique_ptr<int> box) { return *box; }

 private:
  Image image_;
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Store>("store")
      .method<&Store::keep>("keep")
      .method<&Store::size>("size")
      .method<&Store::image>("image")
      .method<&Store::open>("open");
}

int main() {
  example::OneProcess process(&register_actors);
  auto store = process.system().spawn<Store>(Options("store")).get(10s);

  Buffer buffer(1 << 20);  // with room for an envelope in front
  std::ranges::fill(buffer.span(), std::byte{7});
  const Bytes pixels = std::move(buffer).freeze();
  store.call<&Store::keep>(Image(1, pixels)).get(10s);
  std::cout << store.call<&Store::size>().get(10s) << "\n";

  const Image back = store.call<&Store::image>().get(10s);
  std::cout << std::boolalpha << (back.pixels.data() == pixels.data()) << "\n";  // the same memory

  auto box = std::make_unique<int>(42);
  std::cout << store.call<&Store::open>(std::move(box)).get(10s) << "\n";
}
