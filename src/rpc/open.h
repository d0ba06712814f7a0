/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls with which a client begins, up to CONNECT_OPEN, which says what it
 * wants to talk to.  Source: libvirt src/remote/remote_protocol.x and, for their
 * order, src/remote/remote_driver.c, doRemoteOpen().
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

#define VAP_RPC_PROC_CONNECT_OPEN 1u
#define VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE 60u
#define VAP_RPC_PROC_AUTH_LIST 66u
#define VAP_RPC_PROC_AUTH_POLKIT 70u

/* VIR_DRV_FEATURE_PROGRAM_KEEPALIVE of src/libvirt_internal.h */
#define VAP_RPC_FEATURE_KEEPALIVE 10u

/* remote_auth_type */
#define VAP_RPC_AUTH_NONE 0u
#define VAP_RPC_AUTH_SASL 1u
#define VAP_RPC_AUTH_POLKIT 2u

/* VIR_CONNECT_RO of <libvirt/libvirt-host.h> */
#define VAP_RPC_OPEN_READ_ONLY 1u

typedef struct {
  char *uri; /* as the daemon shall open it; NULL or "" lets the daemon choose */
  guint flags;
} VapRpcOpen;

void vap_rpc_open_clear (VapRpcOpen *open);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapRpcOpen, vap_rpc_open_clear)

/* remote_connect_open_args; free with vap_rpc_open_clear(), also after FALSE */
gboolean vap_rpc_open_decode (const guint8 *payload, gsize length,
                              VapRpcOpen *open) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rpc_auth_list_decode:
 * @type: (out): the one that a client of libvirt takes, the first
 *   (remote_driver.c, remoteAuthenticate()); none when the list is empty
 */
gboolean vap_rpc_auth_list_decode (const guint8 *payload, gsize length,
                                   guint32 *type) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
