# Finds every library that Sluice uses, as Debian 12 ships it. Packages
# without a CMake file of their own get imported targets here.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Catch2 2.13 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CURL REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)

# The C++ Actor Framework: Debian's package has neither CMake nor .pc files.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
foreach(component core io openssl)
  find_library(CAF_${component}_LIBRARY caf_${component} REQUIRED)
  add_library(caf::${component} UNKNOWN IMPORTED)
  set_target_properties(caf::${component} PROPERTIES
    IMPORTED_LOCATION "${CAF_${component}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
endforeach()
target_link_libraries(caf::core INTERFACE Threads::Threads)
target_link_libraries(caf::io INTERFACE caf::core)
target_link_libraries(caf::openssl INTERFACE caf::io OpenSSL::SSL OpenSSL::Crypto)

# cpp-httplib: Debian 12's own package lacks the fixes of some twenty
# advisories, so tools/setup unpacks a newer one below build/.
set(SLUICE_HTTPLIB_MINIMUM 0.38.0)
find_path(HTTPLIB_INCLUDE_DIR httplib.h
  PATHS ${CMAKE_SOURCE_DIR}/build/deps/cpp-httplib NO_DEFAULT_PATH)
if(NOT HTTPLIB_INCLUDE_DIR)
  message(FATAL_ERROR
    "cpp-httplib is missing: run tools/setup, which puts it below build/deps")
endif()
file(STRINGS ${HTTPLIB_INCLUDE_DIR}/httplib.h httplib_version_line
  REGEX "#define CPPHTTPLIB_VERSION \"[0-9.]+\"")
string(REGEX MATCH "[0-9]+[.][0-9]+[.][0-9]+" HTTPLIB_VERSION
  "${httplib_version_line}")
if(HTTPLIB_VERSION VERSION_LESS SLUICE_HTTPLIB_MINIMUM)
  message(FATAL_ERROR
    "cpp-httplib '${HTTPLIB_VERSION}' in ${HTTPLIB_INCLUDE_DIR} is too old: "
    "at least ${SLUICE_HTTPLIB_MINIMUM} is needed; run tools/setup")
endif()
if(NOT EXISTS ${HTTPLIB_INCLUDE_DIR}/httplib.cc)
  message(FATAL_ERROR "cpp-httplib's httplib.cc is missing: run tools/setup")
endif()
# Defined here, linked and flagged like the rest in sluice_targets.
add_library(httplib STATIC ${HTTPLIB_INCLUDE_DIR}/httplib.cc)
target_include_directories(httplib SYSTEM PUBLIC ${HTTPLIB_INCLUDE_DIR})
target_compile_options(httplib PRIVATE -w)
target_link_libraries(httplib PUBLIC Threads::Threads)
message(STATUS "cpp-httplib ${HTTPLIB_VERSION}")
