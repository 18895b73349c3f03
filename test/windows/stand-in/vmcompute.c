/* vmcompute.dll: HNS of the first version, and the one thing of HCS that it needs. */
#include <stdlib.h>
#include <wchar.h>
#include "shim.h"

#define EXPORT __declspec(dllexport)

EXPORT HRESULT WINAPI HNSCall(const wchar_t *method, const wchar_t *path, const wchar_t *request, wchar_t **answer) {
  const wchar_t *arguments[] = {method, path, request, NULL};
  return shim_call("HNSCall", arguments, answer, NULL);
}

EXPORT HRESULT WINAPI HcsOpenComputeSystem(const wchar_t *id, void **system, wchar_t **result) {
  const wchar_t *arguments[] = {id, NULL};
  *system = NULL;
  HRESULT status = shim_call("HcsOpenComputeSystem", arguments, NULL, result);
  if (SUCCEEDED(status)) *system = _wcsdup(id);
  return status;
}

EXPORT HRESULT WINAPI HcsModifyComputeSystem(void *system, const wchar_t *request, wchar_t **result) {
  const wchar_t *arguments[] = {system, request, NULL};
  return shim_call("HcsModifyComputeSystem", arguments, NULL, result);
}

EXPORT HRESULT WINAPI HcsCloseComputeSystem(void *system) {
  const wchar_t *arguments[] = {system, NULL};
  HRESULT status = shim_call("HcsCloseComputeSystem", arguments, NULL, NULL);
  free(system);
  return status;
}
