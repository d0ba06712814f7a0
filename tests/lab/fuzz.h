/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the model's fuzzer share: fuzz-model.c turns bytes into operations,
 * fuzz-check.c knows what must hold after each, fuzz-drive.c feeds it random bytes
 * where there is no libFuzzer.
 */
#pragma once

#include "tools/virt-ap-lab/model-private.h"

G_BEGIN_DECLS

/* A host under test. */
typedef struct {
  LabModel *model;
  /* Queues that ever had a driver_override: what they belong to is then between the
   * override and whoever binds and unbinds them, see fuzz_check_state(). */
  VapMask overridden[LAB_N_ADAPTERS];
} FuzzHost;

/* ends the program with a message when something does not hold */
void fuzz_check_state (const FuzzHost *host);
void fuzz_check_tree (const FuzzHost *host);
/* a LabEventFunc; @user_data is a FuzzHost */
void fuzz_check_event (const char *const *properties, gpointer user_data);

/* all operations that this process has done */
extern guint64 fuzz_operations;

int LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length);

G_END_DECLS
