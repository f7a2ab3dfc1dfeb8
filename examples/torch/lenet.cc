// LeNet-5 (LeCun et al. 1998) in today's form: rectified units and max-pooling; 61,706 parameters.
#include "network.h"

namespace {

class LeNet5 : public torch_problem::Network {
 public:
  LeNet5() {
    first_ = register_module("first", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 6, 5).padding(2)));
    second_ = register_module("second", torch::nn::Conv2d(6, 16, 5));
    third_ = register_module("third", torch::nn::Linear(400, 120));
    fourth_ = register_module("fourth", torch::nn::Linear(120, 84));
    scores_ = register_module("scores", torch::nn::Linear(84, 10));
  }

  torch::Tensor forward(torch::Tensor rows) override {
    torch::Tensor x = torch::max_pool2d(torch::relu(first_(rows)), 2);
    x = torch::max_pool2d(torch::relu(second_(x)), 2).flatten(1);
    x = torch::relu(third_(x));
    x = torch::relu(fourth_(x));
    return scores_(x);
  }

 private:
  torch::nn::Conv2d first_{nullptr};
  torch::nn::Conv2d second_{nullptr};
  torch::nn::Linear third_{nullptr};
  torch::nn::Linear fourth_{nullptr};
  torch::nn::Linear scores_{nullptr};
};

std::shared_ptr<torch_problem::Network> make() { return std::make_shared<LeNet5>(); }

}  // namespace

WISP_PLUGIN(plugin) {
  plugin.problems.add(torch_problem::problem_of(
      {"lenet5", "LeNet-5 on images of 28 x 28 pixels, by libtorch; not convex", {1, 28, 28}, 10, make}));
}
