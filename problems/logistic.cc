#include "problems/logistic.h"

#include <utility>

#include "problems/linear.h"

namespace wisp::problems {

template <class T>
std::unique_ptr<Objective<T>> make_logistic(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                            double l2) {
  return std::make_unique<LinearModel<T, LogisticLoss>>(std::move(rows),
                                                        linear_parameters(info, workers, l2));
}

template std::unique_ptr<Objective<float>> make_logistic(Rows<float>, const DataInfo&, std::uint32_t, double);
template std::unique_ptr<Objective<double>> make_logistic(Rows<double>, const DataInfo&, std::uint32_t,
                                                          double);

}  // namespace wisp::problems
