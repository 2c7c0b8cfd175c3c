// The program `cairn __keeper`: the only part of cairn that forks. One thread, no libraries, no engine
// connections; the subreaper of everything below it, so that nothing which a step starts can get away while
// it lives.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/text.h"

namespace cairn::keeper {

// Gives each piece of a process's output back without its secrets; may hold some bytes back until `last`.
using Mask = std::function<std::string(std::string_view piece, bool last)>;
using MaskMaker = std::function<Mask(const std::vector<Text>& secrets)>;

// Where the brain's socket is when the program starts; everything else but 0, 1, 2 is closed.
inline constexpr int kBrainSocket = 3;
inline constexpr std::string_view kKeeperCommand = "__keeper";

// Environment markers of everything that a keeper starts.
inline constexpr std::string_view kProjectMarker = "CAIRN_PROJECT";
inline constexpr std::string_view kRunMarker = "CAIRN_RUN";
inline constexpr std::string_view kStepMarker = "CAIRN_STEP";
inline constexpr std::string_view kProcessMarker = "CAIRN_PROCESS";

// Returns when everything below it has ended: in scope `run` soon after the brain's socket closes (stop
// signal, grace, SIGKILL), in scope `up` when nothing runs any more and nobody is attached, or when told to
// end. The result is the exit code: 0, 1 if something could not be killed, 2 if it was not started by a
// brain.
int keeper_main(const MaskMaker& mask_maker);

}  // namespace cairn::keeper
