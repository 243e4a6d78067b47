# Fails unless an object of one instruction set defines its kernel table and nothing else that leaves it.
#
#   cmake -DNM=nm -DOBJECTS=a.o -DISA=avx2 -P check_symbols.cmake
#
# A weak symbol (an inline function or template of a shared header) is the danger: the linker keeps one copy of all, perhaps
# this one, and a processor without this instruction set stops there. So does one that runs an initialiser of this object as
# the program starts. What the object asks for may be C (memcpy), never C++: kernels do not allocate and do not throw.

set(name kernels_${ISA})
string(LENGTH ${name} length)
set(table _ZN9gatedcore${length}${name}E)  # gatedcore::kernels_<isa>

set(wrong "")
set(tables 0)
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} ${object} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${output}")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "([a-zA-Z]) ([^ ]+)$" _ "${line}")
    set(type ${CMAKE_MATCH_1})
    set(symbol ${CMAKE_MATCH_2})
    if(type MATCHES "^[RD]$" AND symbol STREQUAL table)
      math(EXPR tables "${tables} + 1")
    elseif(type MATCHES "^[Uw]$")
      if(symbol MATCHES "^(_Z|__cxa|__gxx)")
        string(APPEND wrong "  asks for ${symbol}\n")
      endif()
    elseif(symbol MATCHES "^_GLOBAL__(sub_I|I)_")
      string(APPEND wrong "  has an initialiser: ${symbol}\n")
    elseif(type MATCHES "^([A-Z]|u|v)$")
      string(APPEND wrong "  defines ${symbol} (${type})\n")
    endif()
  endforeach()
endforeach()
if(wrong)
  message(FATAL_ERROR "the object of ${ISA} is not alone with its kernel table (c++filt reads these names):\n${wrong}")
endif()
if(NOT tables EQUAL 1)
  message(FATAL_ERROR "the object of ${ISA} defines ${tables} kernel tables, expected gatedcore::kernels_${ISA} once")
endif()
