# Flags and helpers that every target of the project shares.

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE
  ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wswitch-enum
  -Wnon-virtual-dtor -fstack-protector-strong
  # What several files in one unit would raise falsely: a local name may hide
  # one of another file, and the file is not the one that the compiler named.
  $<IF:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>,-Wno-subobject-linkage,-Wshadow>
  $<$<BOOL:${SLUICE_WERROR}>:-Werror>
  # GCC 12 raises these falsely on std::string (GCC PR 105329, 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=array-bounds>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=restrict>
  # And this on a vector of tl::expected, and on std::regex with sanitizers.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>)
target_compile_definitions(sluice_flags INTERFACE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
# libpqxx 6.4 leaves std::optional parameters to those who ask for them.
target_compile_definitions(sluice_flags INTERFACE PQXX_HAVE_OPTIONAL)
target_link_options(sluice_flags INTERFACE -Wl,-z,relro,-z,now)
add_library(sluice_sanitizers INTERFACE)
if(SLUICE_SANITIZE)
  # CAF's headers bind null references; the check for them is left out.
  target_compile_options(sluice_sanitizers INTERFACE
    -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer)
  if(SLUICE_SANITIZE MATCHES "undefined")
    target_compile_options(sluice_sanitizers INTERFACE
      -fno-sanitize=null -fno-sanitize-recover=all)
  endif()
  target_link_options(sluice_sanitizers INTERFACE
    -fsanitize=${SLUICE_SANITIZE})
endif()
target_link_libraries(sluice_flags INTERFACE sluice_sanitizers)
target_link_libraries(httplib PRIVATE sluice_sanitizers)

file(WRITE ${CMAKE_BINARY_DIR}/generated/sluice_version.hpp.new
  "#pragma once\n\nnamespace sluice {\n\ninline constexpr char version[] = \"${PROJECT_VERSION}\";\n\n} // namespace sluice\n")
file(COPY_FILE ${CMAKE_BINARY_DIR}/generated/sluice_version.hpp.new
  ${CMAKE_BINARY_DIR}/generated/sluice_version.hpp ONLY_IF_DIFFERENT)

# sluice_library(NAME LIBRARIES...): all .cpp files below the current folder
# become one static library of that name.
function(sluice_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    message(STATUS "${name}: no sources yet")
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC sluice_flags)
  target_link_libraries(${name} ${ARGN})
endfunction()
