/* A call to the host network service: hns.c makes it from JavaScript, hcn.c knows the functions of the DLLs. */
#ifndef AZURE_VNET_HNS_H
#define AZURE_VNET_HNS_H

#include "windows.h"

enum { HNS_MAX_TEXTS = 3, HNS_MAX_IDS = 2, HNS_NAME_BYTES = 48 };

/*
 * Everything that the thread of the call needs and makes, allocated as one. When the call does not return in time it
 * belongs to that thread for good.
 */
struct hns_call {
  void (*run)(struct hns_call *);
  /* set before it is started */
  const char *kind; /* Network, Endpoint or Namespace */
  wchar_t *texts[HNS_MAX_TEXTS];
  GUID ids[HNS_MAX_IDS];
  /* what came of it */
  char name[HNS_NAME_BYTES]; /* the function of the DLL that is called, or was called last */
  bool missing;              /* it is not on this machine */
  HRESULT result;
  wchar_t *answer, *error; /* CoTaskMemAlloc's */
};

/* The sequences of functions, for `run`. */
void hns_run_call(struct hns_call *call);            /* texts: method, path, request */
void hns_run_modify_system(struct hns_call *call);   /* texts: id of the container, request */
void hns_run_enumerate(struct hns_call *call);       /* texts: query */
void hns_run_query(struct hns_call *call);           /* texts: query; ids: the object */
void hns_run_create_network(struct hns_call *call);  /* texts: settings; ids: new */
void hns_run_create_endpoint(struct hns_call *call); /* texts: settings; ids: new, network */
void hns_run_modify(struct hns_call *call);          /* texts: settings; ids: the object */
void hns_run_delete(struct hns_call *call);          /* ids: the object */

/* Releases what a DLL has returned. */
void hns_free(wchar_t *text);

#endif
