#pragma once
// Catalogs: everything that a job file can name beside actors: sparsifiers, problems, methods.
#include "optim/catalog.h"
#include "problems/catalog.h"
#include "sparse/sparsifier.h"

namespace wisp::actors {

// Made once by main(), filled by plugins, handed down; read-only once a job begins.
struct Catalogs {
  Catalogs() = default;  // with what wisp itself has
  Catalogs(const Catalogs&) = delete;
  Catalogs& operator=(const Catalogs&) = delete;

  sparse::Catalog sparsifiers;
  problems::Catalog problems;
  optim::Catalog methods{sparsifiers};
};

}  // namespace wisp::actors
