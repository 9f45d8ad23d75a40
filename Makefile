# Every target is a script of the same name in Scripts/: read that to see what it does.
.DEFAULT_GOAL := build
.PHONY: build run test lint bench fuzz sanitize image soak

build run test lint bench fuzz sanitize image soak:
	@Scripts/$@
