# The one dependency rule (docs/architecture.md): arrows point downward only.
# `optfleet_check_layer(TARGET DEPENDENCY)` stops the configuration where a link points upward or sideways between
# programs. The include side of the same rule is checked by tests/layers.

# Folder -> folders it may link. A folder may always link itself.
set(OPTFLEET_MAY_USE_common "")
set(OPTFLEET_MAY_USE_spec common)
set(OPTFLEET_MAY_USE_sweeps spec common)
set(OPTFLEET_MAY_USE_proto "")
set(OPTFLEET_MAY_USE_coordinator/domain sweeps spec common)
set(OPTFLEET_MAY_USE_coordinator/scheduler coordinator/domain sweeps spec common)
set(OPTFLEET_MAY_USE_coordinator/engine coordinator/scheduler coordinator/domain sweeps spec common)
set(OPTFLEET_MAY_USE_coordinator/store coordinator/engine coordinator/domain sweeps spec common)
set(OPTFLEET_MAY_USE_coordinator/rpc coordinator/store coordinator/engine coordinator/scheduler coordinator/domain
  sweeps spec common proto)
set(OPTFLEET_MAY_USE_coordinator/http coordinator/store coordinator/engine coordinator/scheduler coordinator/domain
  sweeps spec common)
set(OPTFLEET_MAY_USE_coordinator/app coordinator/rpc coordinator/http ${OPTFLEET_MAY_USE_coordinator/rpc})
set(OPTFLEET_MAY_USE_worker/engine spec common)
set(OPTFLEET_MAY_USE_worker/devices worker/engine spec common)
set(OPTFLEET_MAY_USE_worker/process worker/engine spec common)
set(OPTFLEET_MAY_USE_worker/rpc worker/engine spec common proto)
set(OPTFLEET_MAY_USE_worker/app worker/rpc worker/process worker/devices worker/engine spec common proto)
set(OPTFLEET_MAY_USE_worker/shim common)
set(OPTFLEET_MAY_USE_optctl/output common)
set(OPTFLEET_MAY_USE_optctl/report common spec)
set(OPTFLEET_MAY_USE_optctl/commands optctl/report optctl/output sweeps spec common proto)
set(OPTFLEET_MAY_USE_trainer_core spec common)

function(optfleet_check_layer target dependency)
  get_target_property(from ${target} OPTFLEET_LAYER)
  if(NOT TARGET ${dependency})
    return()
  endif()
  get_target_property(to ${dependency} OPTFLEET_LAYER)
  if(NOT from OR NOT to OR from STREQUAL to OR from MATCHES "^tests")
    return()
  endif()
  if(NOT DEFINED OPTFLEET_MAY_USE_${from})
    message(FATAL_ERROR "${target}: its folder ${from} is not in cmake/layers.cmake")
  endif()
  if(NOT to IN_LIST OPTFLEET_MAY_USE_${from})
    message(FATAL_ERROR "${target} (${from}) may not link ${dependency} (${to}): the arrow points upward. "
      "See docs/architecture.md, \"The one dependency rule\".")
  endif()
endfunction()
