# How the project's Makefile builds this board.
PORT := cortexm
