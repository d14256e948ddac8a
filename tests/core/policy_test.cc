#include "core/policy.h"

#include <doctest/doctest.h>

using namespace pg;

TEST_CASE("a project is found by name, by id, and by id in upper case") {
  const std::string id = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";
  auto project = std::make_shared<Project>();
  project->id = id;
  project->name = "default";
  Policy policy;
  policy.projects[id] = project;
  policy.projects["default"] = project;
  CHECK(policy.find_project("default") == project.get());
  CHECK(policy.find_project(id) == project.get());
  CHECK(policy.find_project("0F1E2D3C-4B5A-4968-8776-A5B4C3D2E1F0") == project.get());
  CHECK(policy.find_project("Default") == nullptr);
  CHECK(policy.find_project("") == nullptr);
}
