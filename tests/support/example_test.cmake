# Runs the tour in a fresh directory and holds what it prints against EXPECTED.
set(directory ${CMAKE_CURRENT_BINARY_DIR}/tour-data)
file(REMOVE_RECURSE ${directory})
execute_process(COMMAND ${TOUR} ${directory} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
file(REMOVE_RECURSE ${directory})
file(READ ${EXPECTED} expected)
if(NOT status EQUAL 0 OR NOT printed STREQUAL expected)
  message(FATAL_ERROR "the tour ended with ${status} and printed\n${printed}instead of\n${expected}")
endif()
