cmake_minimum_required(VERSION 3.20)
project(shop LANGUAGES CXX)

# Adds a test by its name.
function(add_shop_test name)
  if(NOT name)
    message(FATAL_ERROR "endfunction()")
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()

macro(twice text)
  message("${text}")
endmacro()

add_library(till STATIC
  till.cpp
  item.cpp)
