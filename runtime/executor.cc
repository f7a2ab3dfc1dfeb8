#include "runtime/executor.h"

namespace wisp::runtime {

namespace {
thread_local constinit Executor* current_executor __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local constinit Node* node_of_thread __attribute__((tls_model("initial-exec"))) = nullptr;
}  // namespace

Node* current_node() { return node_of_thread; }
NodeScope::NodeScope(Node* node) : before_(node_of_thread) { node_of_thread = node; }
NodeScope::~NodeScope() { node_of_thread = before_; }

// Not inline: a coroutine may come back on another thread, so no compiler may keep the address of a
// thread_local.
Executor* Executor::current() { return current_executor; }

Executor::Turn::Turn(Executor* executor) : before_(current_executor) { current_executor = executor; }
Executor::Turn::~Turn() { current_executor = before_; }

}  // namespace wisp::runtime
