/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the files of the program move-libvirt: one call of it, and what its operations
 * have in common.
 */
#pragma once

#include <libvirt/libvirt.h>

typedef struct {
  virConnectPtr connection;
  const char *name; /* of the guest (its UUID) or node device */
  char **words;     /* KEY=VALUE… */
  int n_words;
} Call;

/* the sentence becomes the program's complaint, whatever libvirt said; returns -1 */
int call_fail (const char *sentence);

/* what libvirt objects to in this thread is of no interest now */
extern _Thread_local int call_is_aside;

/* NULL when it is not among the words */
const char *call_word (const Call *call, const char *key);
/* 0 when it is not */
unsigned int call_number (const Call *call, const char *key);

/* of a clock that only goes forward */
long long call_now_ms (void);

/* the guest of the call's UUID; NULL, after libvirt's complaint, when there is none */
virDomainPtr call_guest (const Call *call);

/* move-libvirt-migrate.c: the operation guest-migrate */
int call_migrate (const Call *call);
