/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes that use the host's crypto adapters now.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A process that has a device of zcrypt open. */
typedef struct {
  guint pid;
  char *program; /* comm, valid UTF-8 */
  char *device;  /* "/dev/z90crypt" */
} VapCryptoUser;

void vap_crypto_user_free (VapCryptoUser *user);

/**
 * vap_crypto_users:
 *
 * Looks through /proc below @root.  Who has /dev/z90crypt or one of /dev/zcrypt/ open may
 * use any of the host's queues (drivers/s390/crypto/zcrypt_api.c); of others' processes
 * an ordinary user sees none.
 *
 * Returns: (transfer full) (element-type VapCryptoUser): one for each process, by number
 */
GPtrArray *vap_crypto_users (const char *root);

G_END_DECLS
