// CMake makes a precompiled header where a source is compiled with it; this is that source.
